package core

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Policy says what each operation of the endpoint needs beside Config.Scopes.
// The zero Policy needs nothing more for any of them.
//
// Where a table is set, what it doesn't name falls under Unlisted. Where it
// isn't, Config.Scopes suffice for all operations of its kind.
type Policy struct {
	_ struct{}

	// Tools are the needs of tools/call, by tool name.
	Tools map[string]Requirement
	// Prompts are the needs of prompts/get, and of completing a prompt's
	// arguments, by prompt name.
	Prompts map[string]Requirement
	// Resources are the needs of reading, subscribing to and completing
	// resources, by URI or URI template (RFC 6570, {name} and {+name}). URIs
	// are compared byte for byte. A URI that is listed itself falls under no
	// template; one that several templates match needs what all of them need.
	Resources map[string]Requirement
	// Methods are the needs of JSON-RPC methods, such as "tools/list". They
	// come on top of what the tables above say, and can't be made with Decide. With
	// Tools set, the methods of tasks ("tasks/get" and so on) fall under Unlisted
	// unless they are listed here: they hand out what tools have returned.
	Methods map[string]Requirement
	// Unlisted is the need of tools, prompts and resources that a set table
	// doesn't name: Never by default. Scopes() lets Config.Scopes suffice.
	Unlisted Requirement
	// FilterLists leaves out of lists what the caller may not use. Operations
	// whose need depends on their arguments are always listed, and for an
	// anonymous caller only Never leaves out. By default all is listed, since a
	// client can't step up to a tool that it has never seen.
	FilterLists bool
	// DenyWithToolResult answers a tools/call that lacks a scope with HTTP 200
	// and a tool result that is an error and carries the challenge in
	// _meta["mcp/www_authenticate"], for clients that act on nothing else
	// (ChatGPT). By default the answer is HTTP 403 (MCP authorization).
	DenyWithToolResult bool
}

// isZero reports whether the policy says nothing at all.
func (p *Policy) isZero() bool {
	return p.Tools == nil && p.Prompts == nil && p.Resources == nil && p.Methods == nil && !p.FilterLists && !p.DenyWithToolResult
}

// copied returns a policy that shares nothing the caller could change later.
func (p Policy) copied() Policy {
	p.Tools = maps.Clone(p.Tools)
	p.Prompts = maps.Clone(p.Prompts)
	p.Resources = maps.Clone(p.Resources)
	p.Methods = maps.Clone(p.Methods)
	return p
}

// scopes returns every scope that the policy names, sorted.
func (p *Policy) scopes() []string {
	var all []string
	for _, table := range []map[string]Requirement{p.Tools, p.Prompts, p.Resources, p.Methods, {"": p.Unlisted}} {
		for _, r := range table {
			all = append(all, r.scopes()...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// allowsAnonymous reports whether any operation can do without a token.
func (p *Policy) allowsAnonymous() bool {
	for _, table := range []map[string]Requirement{p.Tools, p.Prompts, p.Resources, p.Methods, {"": p.Unlisted}} {
		for _, r := range table {
			if r.kind == anonymous {
				return true
			}
		}
	}
	return false
}

// need is what one operation requires of one caller, decided.
type need struct {
	never     bool
	anonymous bool
	// all are the requirements beside Config.Scopes, each a list of alternatives.
	// They are kept apart: there are exponentially many ways to meet many.
	all [][][]string
}

// combine joins requirements that must all be met, none of them a callback any
// more.
func combine(all []Requirement) need {
	n := need{anonymous: len(all) > 0}
	for _, r := range all {
		switch r.kind {
		case anonymous:
			continue
		case scoped:
			n.anonymous = false
			n.all = append(n.all, r.alternatives)
		default:
			return need{never: true}
		}
	}
	return n
}

// metBy reports whether the granted scopes meet the need, and base as well.
func (n *need) metBy(v *vocabulary, granted, base []string) bool {
	if n.never || n.anonymous {
		return n.anonymous
	}
	covered := func(scopes []string) bool { return len(v.missing(granted, scopes)) == 0 }
	return covered(base) && !slices.ContainsFunc(n.all, func(alternatives [][]string) bool {
		return !slices.ContainsFunc(alternatives, covered)
	})
}

// scopes returns the scopes to name in a challenge: base and, of each
// requirement, the alternative that adds the fewest.
func (n *need) scopes(base []string) []string {
	sum := slices.Clone(base)
	for _, alternatives := range n.all {
		sum = union(sum, slices.MinFunc(alternatives, func(a, b []string) int {
			return cmp.Compare(len(union(sum, a)), len(union(sum, b)))
		}))
	}
	return sum
}

// union returns a, and what b has beside.
func union(a, b []string) []string {
	sum := slices.Clone(a)
	for _, scope := range b {
		if !slices.Contains(sum, scope) {
			sum = append(sum, scope)
		}
	}
	return sum
}

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
