package requirement

import (
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
)

// scopeRows are S8 and S9: what a token lacks, and what its scopes imply.
func scopeRows() []Row {
	const clause = "RFC 6750 §3.1; MCP 2026-07-28 authorization, scope challenge handling"
	rows := []Row{
		one("S8/lacking-one", clause, "A token that lacks a scope is told all the scopes that are needed, in an answer to the very JSON-RPC request.",
			Request{Token: good("a")}, endpoint().lacking("7")),
		one("S8/lacking-other", clause, "The order of the scopes in the challenge is that of the configuration.",
			Request{Token: good("b")}, endpoint().lacking("7")),
		one("S8/lacking-all", clause, "A token without scopes is good, and lacks all.",
			Request{Token: good()}, endpoint().lacking("7")),
		one("S8/get", clause, "GET is denied with the same challenge; it has no JSON-RPC id.",
			Request{Method: http.MethodGet, Token: good("a")}, endpoint().lacking("")),
		one("S8/delete", clause, "DELETE is denied with the same challenge; it has no JSON-RPC id.",
			Request{Method: http.MethodDelete, Token: good("a")}, endpoint().lacking("")),
		one("S8/put", clause, "A method outside the transport is denied for its scopes first.",
			Request{Method: http.MethodPut, Token: good("a")}, endpoint().lacking("")),
		one("S8/more", clause, "Scopes beyond those needed don't harm.",
			Request{Token: good("z", "b", "a")}, letIn(alice("z", "b", "a"))),
		one("S8/case", clause, "Scopes are compared with regard to case.",
			Request{Token: good("A", "B")}, endpoint().lacking("7")),
		{
			ID: "S8/none-needed", Clause: clause, About: "An endpoint that needs no scopes lets in every good token.",
			Config: func(_ *World, c *core.Config) { c.Scopes = nil },
			Steps:  []Step{{Request: Request{Token: good()}, Want: letIn(alice())}},
		},
	}
	return append(rows, hierarchyRows()...)
}

func hierarchyRows() []Row {
	const clause = "RFC 6749 §3.3"
	implies := func(_ *World, c *core.Config) {
		c.Implies = map[string][]string{"admin": {"a", "editor"}, "editor": {"b", "c"}, "c": {"editor"}}
	}
	rows := []Row{
		{
			ID: "S9/implied", Clause: clause, About: "A scope has the scopes that it implies, and theirs; the principal keeps the scopes of the token.",
			Config: implies,
			Steps: []Step{
				{Request: Request{Token: good("admin")}, Want: letIn(alice("admin"))},
				{Request: Request{Token: good("a", "c")}, Want: letIn(alice("a", "c"))},
				{Request: Request{Token: good("editor")}, Want: endpoint().lacking("7")},
			},
		},
		{
			ID: "S9/not-upwards", Clause: clause, About: "All that a scope implies doesn't make that scope.",
			Config: func(w *World, c *core.Config) {
				implies(w, c)
				c.Scopes = []string{"admin"}
			},
			Steps: []Step{
				{Request: Request{Token: good("a", "b", "c", "editor")}, Want: place{MetadataURL, "admin"}.lacking("7")},
				{Request: Request{Token: good("admin")}, Want: letIn(alice("admin"))},
			},
		},
	}
	for name, scopes := range map[string][]string{
		"colon": {"a:read", "b:read"}, "colon-before": {"read:a", "read:b"}, "dot": {"a.x", "b.x"}, "slash": {"a/x", "b/x"},
		"star": {"*"}, "star-after": {"a*", "b*"}, "url": {"https://mcp.example/a", "https://mcp.example/b"}, "unconfigured-admin": {"admin"},
	} {
		rows = append(rows, one("S9/spelling-"+name, clause, "Nothing is inferred from how a scope is spelled.",
			Request{Token: good(scopes...)}, endpoint().lacking("7")))
	}
	return rows
}

// scopeClaimRows are the part of S23 that is configured.
func scopeClaimRows() []Row {
	return []Row{{
		ID: "S23/by-config", Clause: "RFC 9068 §2.2.3.1", About: "The claims that hold scopes can be configured.",
		Config: func(_ *World, c *core.Config) { c.Issuers[0].ScopeClaims = []string{"permissions", "roles"} },
		Steps: []Step{
			{Request: Request{Token: claiming(map[string]any{"permissions": []string{"a", "b"}})}, Want: letIn(alice("a", "b"))},
			{Request: Request{Token: claiming(map[string]any{"permissions": []string{}, "roles": "a b"})}, Want: letIn(alice("a", "b"))},
			{Request: Request{Token: good("a", "b")}, Want: endpoint().lacking("7")},
		},
	}}
}
