package requirement

import (
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
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

// scopeClaimRows are S15 and S23: where scopes stand in a token, and how they
// are read.
func scopeClaimRows() []Row {
	var rows []Row
	malformed, lacking := endpoint().invalid("malformed_token"), endpoint().lacking("7")
	for _, c := range []struct {
		id, about string
		claims    map[string]any
		want      Want
	}{
		{"S15/duplicates", "A scope listed twice is one scope.", map[string]any{"scope": "a a"}, lacking},
		{"S15/empty", "An empty scope string grants nothing.", map[string]any{"scope": ""}, lacking},
		{"S15/spaces", "Scopes are split at spaces, however many.", map[string]any{"scope": "  a   b "}, letIn(alice("a", "b"))},
		{"S15/only-spaces", "Spaces alone grant nothing.", map[string]any{"scope": "   "}, lacking},
		{"S15/space-in-list", "An entry of a list is one scope, whatever is in it.", map[string]any{"scope": []string{"a b"}}, lacking},
		{"S15/empty-entries", "Empty entries of a list grant nothing.", map[string]any{"scope": []string{"", "a", ""}}, lacking},
		{"S15/empty-list", "An empty list grants nothing.", map[string]any{"scope": []string{}}, lacking},
		{"S15/comma", "A comma doesn't separate scopes.", map[string]any{"scope": "a,b"}, lacking},
		{"S15/tab", "A tab doesn't separate scopes.", map[string]any{"scope": "a\tb"}, lacking},
		{"S15/line-feed", "A line feed doesn't separate scopes.", map[string]any{"scope": "a\nb"}, lacking},
		{"S15/no-break-space", "A no-break space doesn't separate scopes.", map[string]any{"scope": "a\u00a0b"}, lacking},
		{"S15/em-space", "No other space separates scopes.", map[string]any{"scope": "a\u2003b"}, lacking},
		{"S15/number-in-list", "A list with anything but strings makes the token invalid.", map[string]any{"scope": []any{"a", "b", 1}}, malformed},
		{"S15/nested-list", "A list within the list makes the token invalid.", map[string]any{"scope": []any{"a", []string{"b"}}}, malformed},
		{"S15/object", "An object makes the token invalid.", map[string]any{"scope": map[string]any{"a": true, "b": true}}, malformed},
		{"S15/number", "A number makes the token invalid.", map[string]any{"scope": 1}, malformed},
		{"S15/true", "A boolean makes the token invalid.", map[string]any{"scope": true}, malformed},
		{"S15/null", "Null makes the token invalid.", map[string]any{"scope": nil}, malformed},
		{"S23/scope-list", "scope may be a list.", map[string]any{"scope": []string{"a", "b"}}, letIn(alice("a", "b"))},
		{"S23/scp-string", "scp may hold the scopes.", map[string]any{"scope": authtest.Absent, "scp": "a b"}, letIn(alice("a", "b"))},
		{"S23/scp-list", "scp may be a list.", map[string]any{"scope": authtest.Absent, "scp": []string{"a", "b"}}, letIn(alice("a", "b"))},
		{"S23/first-wins", "The first claim that isn't empty counts alone.", map[string]any{"scope": "a", "scp": "a b"}, lacking},
		{"S23/empty-passes", "An empty claim is passed over.", map[string]any{"scope": "", "scp": []string{"a", "b"}}, letIn(alice("a", "b"))},
		{"S23/other-claims", "Claims that aren't configured hold no scopes.", map[string]any{
			"scope": authtest.Absent, "permissions": []string{"a", "b"}, "roles": []string{"a", "b"}, "scopes": "a b",
		}, lacking},
	} {
		rows = append(rows, one(c.id, "RFC 6749 §3.3; RFC 9068 §2.2.3", c.about, Request{Token: claiming(c.claims)}, c.want))
	}
	return append(rows, Row{
		ID: "S23/by-config", Clause: "RFC 9068 §2.2.3.1", About: "The claims that hold scopes can be configured.",
		Config: func(_ *World, c *core.Config) { c.Issuers[0].ScopeClaims = []string{"permissions", "roles"} },
		Steps: []Step{
			{Request: Request{Token: claiming(map[string]any{"permissions": []string{"a", "b"}})}, Want: letIn(alice("a", "b"))},
			{Request: Request{Token: claiming(map[string]any{"permissions": []string{}, "roles": "a b"})}, Want: letIn(alice("a", "b"))},
			{Request: Request{Token: good("a", "b")}, Want: lacking},
		},
	})
}
