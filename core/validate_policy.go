package core

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// policy checks every requirement of every table.
func (m *mistakes) policy(p *Policy) {
	if p.Unlisted.kind != never && p.Tools == nil && p.Prompts == nil && p.Resources == nil {
		m.add("Policy.Unlisted", "a requirement", "no table is set that could leave anything unlisted, so it would hold for nothing",
			"set Tools, Prompts or Resources, an empty map if need be; or put the scopes into Config.Scopes")
	}
	for _, table := range []struct {
		field string
		rules map[string]Requirement
	}{
		{"Policy.Tools", p.Tools},
		{"Policy.Prompts", p.Prompts},
		{"Policy.Resources", p.Resources},
		{"Policy.Methods", p.Methods},
	} {
		for _, name := range slices.Sorted(maps.Keys(table.rules)) {
			rule := table.rules[name]
			field := fmt.Sprintf("%s[%q]", table.field, name)
			m.requirement(field, rule)
			if rule.kind == decided && table.field == "Policy.Methods" {
				m.add(field, "Decide(…)", "a method has no arguments of its own to decide by", "put the callback into Tools, Prompts or Resources")
			}
			if meant := methodMeant(name); meant != "" && table.field == "Policy.Methods" {
				m.add(field, name, "methods are told apart by case, and MCP has none that is spelled so", fmt.Sprintf("write %q", meant))
			}
		}
	}
	m.requirement("Policy.Unlisted", p.Unlisted)
	for _, text := range slices.Sorted(maps.Keys(p.Resources)) {
		if _, err := templateOf(text); err != nil {
			m.add(fmt.Sprintf("Policy.Resources[%q]", text), text, "it is no URI template: "+err.Error(), "write it as RFC 6570 says, or list the URI itself")
		}
	}
}

// requirement checks that a requirement says what its maker meant.
func (m *mistakes) requirement(field string, r Requirement) {
	for _, alternative := range r.alternatives {
		m.scopes(field, alternative)
	}
	switch r.kind {
	case callbackless:
		m.add(field, "Decide(nil)", "there is no callback to decide", "give it one, or write Never()")
	case alternativeless:
		m.add(field, "AnyOf(…)", "its alternatives are not all made with Scopes, or there are none", "give it requirements made with Scopes, and one at least")
	}
}

// methodMeant returns the method of MCP that the name differs from in case alone, or
// "". A rule for such a name would hold for nothing.
func methodMeant(name string) string {
	known := []string{
		"initialize", "ping", "server/discover", "tools/list", "tools/call", "prompts/list", "prompts/get",
		"resources/list", "resources/templates/list", "resources/read", "resources/subscribe", "resources/unsubscribe",
		"completion/complete", "logging/setLevel", "subscriptions/listen",
		"tasks/get", "tasks/update", "tasks/result", "tasks/list", "tasks/cancel",
	}
	for _, method := range known {
		if name != method && strings.EqualFold(name, method) {
			return method
		}
	}
	return ""
}
