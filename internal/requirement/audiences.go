package requirement

import (
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// audienceConfigRows are audiences that the configuration names.
func audienceConfigRows() []Row {
	const clause = "RFC 9068 §4"
	named := func(audience ...string) Want {
		c := alice("a", "b")
		c.Audience = audience
		return letIn(c)
	}
	return []Row{
		{
			ID: "S16/by-config", Clause: clause, About: "Audiences named in the configuration are good in place of the resource identifier.",
			Config: func(_ *World, c *core.Config) { c.Issuers[0].Audiences = []string{"api://mcp", "mcp-guid"} },
			Steps: []Step{
				{Request: Request{Token: claiming(map[string]any{"aud": "mcp-guid"})}, Want: named("mcp-guid")},
				{Request: Request{Token: good("a", "b")}, Want: endpoint().invalid("wrong_audience")},
			},
		},
		{
			ID: "S16/claim-by-config", Clause: clause, About: "Another claim can be named to hold the audience; then aud says nothing.",
			Config: func(_ *World, c *core.Config) {
				c.Issuers[0].AudienceClaim, c.Issuers[0].Audiences = "client_id", []string{"test-client"}
			},
			Steps: []Step{
				{Request: Request{Token: claiming(map[string]any{"aud": authtest.Absent})}, Want: named("test-client")},
				{Request: Request{Token: claiming(map[string]any{"client_id": "other"})}, Want: endpoint().invalid("wrong_audience")},
				{Request: Request{Token: claiming(map[string]any{"client_id": authtest.Absent})}, Want: endpoint().invalid("wrong_audience")},
			},
		},
		{
			ID: "S16/verifier", Clause: clause, About: "The audience of a verifier's principal is checked too.",
			Config: answering(func(token string) (core.Principal, error) {
				p := robot()
				p.Audience = map[string][]string{"key-for-another": {"https://other.example"}, "key-for-nobody": nil, apiKey: {"x", Resource}}[token]
				return p, nil
			}),
			Steps: []Step{
				{Request: keyed("key-for-another"), Want: endpoint().invalid("wrong_audience")},
				{Request: keyed("key-for-nobody"), Want: endpoint().invalid("wrong_audience")},
				{Request: keyed(apiKey), Want: func() Want {
					c := robotCaller()
					c.Audience = []string{"x", Resource}
					return letIn(c)
				}()},
			},
		},
	}
}

// slashRows are S17: the slash that stands for an empty path, and others.
func slashRows() []Row {
	const clause = "RFC 3986 §6.2.3; MCP 2026-07-28 authorization, canonical server URI"
	const root = "https://mcp.example/.well-known/oauth-protected-resource"
	at := func(id, about, resource, path, metadata, audience string, equal bool) Row {
		want := place{metadata, "a b"}.invalid("wrong_audience")
		if equal {
			c := alice("a", "b")
			c.Audience = []string{audience}
			want = letIn(c)
		}
		token := good("a", "b")
		token.Audience = audience
		return Row{
			ID: id, Clause: clause, About: about,
			Config: func(_ *World, c *core.Config) { c.Resource = resource },
			Steps:  []Step{{Request: Request{Token: token, Path: path}, Want: want}},
		}
	}
	const host = "https://mcp.example"
	return []Row{
		at("S17/root-without-slash", "A resource without a path equals an audience with the root slash.", host, "/", root, host+"/", true),
		at("S17/root-with-slash", "A resource with the root slash equals an audience without a path.", host+"/", "/", root, host, true),
		at("S17/root-as-it-is", "A resource without a path equals itself.", host, "/", root, host, true),
		at("S17/root-not-any-path", "A resource without a path isn't any path.", host, "/", root, Resource, false),
		at("S17/root-two-slashes", "Two slashes are not the root slash.", host, "/", root, host+"//", false),
		at("S17/path-with-slash", "A trailing slash of a path is a part of it.", Resource+"/", "/mcp/", MetadataURL+"/", Resource, false),
		at("S17/path-with-slash-equal", "A path with a trailing slash equals itself.", Resource+"/", "/mcp/", MetadataURL+"/", Resource+"/", true),
	}
}
