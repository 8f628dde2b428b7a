package core

import (
	"cmp"
	"maps"
	"slices"
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
	// unless they are listed here: they hand out what tools have returned. To hear of
	// tasks by subscriptions/listen needs what "tasks/get" needs.
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
