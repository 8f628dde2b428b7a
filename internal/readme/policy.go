package main

import "github.com/mcpbearer/mcpbearer/core"

func policy() core.Policy {
	return core.Policy{Tools: map[string]core.Requirement{
		"whoami": core.Scopes(), // no more than Config.Scopes
		"purge":  core.Scopes("notes:write"),
		"export": core.AnyOf(core.Scopes("export"), core.Scopes("notes:read", "notes:write")),
	}}
}
