package requirement

import (
	"fmt"
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
)

// routed is the answer of an ordinary route to the caller.
func routed(c caller) Want {
	w := letIn(c)
	w.Handler = false // It is the app's own.
	return w
}

// routeRows are S54: the app's ordinary routes, and other kinds of credentials.
func routeRows() []Row {
	const clause = "RFC 6750 §3"
	untouched := func(authorization string) Want {
		w := routed(caller{Authorization: authorization})
		w.Verifier, w.Silent = false, true
		return w
	}
	scoped, nested := place{MetadataURL, "c"}, place{MetadataURL, "a"}
	get := func(path string, r Request) Request {
		r.Method, r.Path = http.MethodGet, path
		return r
	}
	after := func(w Want) Want {
		w.Outer = 1
		return w
	}
	rows := []Row{
		{
			ID: "S54/untouched", Clause: clause, About: "A public route of the app is called as ever, with the Authorization that is its own.",
			Steps: []Step{
				{Request: get(publicRoute, Request{}), Want: untouched("withheld")},
				{Request: get(publicRoute, Request{Token: good("a", "b")}), Want: untouched("1 seen")},
				{Request: get(publicRoute, Request{Authorization: []string{"Basic eDp5", "Bearer x"}}), Want: untouched("2 seen")},
				{Request: get(publicRoute, Request{Header: http.Header{"Origin": {"https://evil.example"}}}), Want: noCORS(untouched("withheld"))},
				{Request: Request{Path: publicRoute, Body: "x"}, Want: untouched("withheld")},
			},
		},
		{
			ID: "S54/scopes", Clause: clause, About: "An ordinary route needs its own scopes, not those of the endpoint; its denials are OAuth JSON, whatever the body is.",
			Steps: []Step{
				{Request: get(scopedRoute, Request{}), Want: scoped.bare()},
				{Request: get(scopedRoute, Request{Token: good("c")}), Want: routed(alice("c"))},
				{Request: get(scopedRoute, Request{Token: good("a", "b")}), Want: scoped.lacking("")},
				{Request: Request{Path: scopedRoute, Token: good("a", "b")}, Want: scoped.lacking("")},
				{Request: get(scopedRoute, keyed("garbage-garbage")), Want: scoped.invalid("not_a_jwt")},
				{Request: get(scopedRoute, Request{Authorization: []string{"Bearer x y"}}), Want: scoped.malformed("malformed_credentials")},
			},
		},
		{
			ID: "S54/any-token", Clause: clause, About: "A route that needs no scopes needs a good token.",
			Steps: []Step{
				{Request: get(anyRoute, Request{}), Want: place{MetadataURL, ""}.bare()},
				{Request: get(anyRoute, Request{Token: good()}), Want: routed(alice())},
				{Request: get(anyRoute, keyed("garbage-garbage")), Want: place{MetadataURL, ""}.invalid("not_a_jwt")},
			},
		},
		{
			ID: "S54/nested", Clause: clause, About: "A route within a group that needs scopes needs both, and the token is verified once.",
			Steps: []Step{
				{Request: get(nestedRoute, Request{}), Want: nested.bare()},
				{Request: get(nestedRoute, Request{Token: good("c")}), Want: nested.lacking("")},
				{Request: get(nestedRoute, Request{Token: good("a")}), Want: after(scoped.lacking(""))},
				{Request: get(nestedRoute, Request{Token: good("a", "c")}), Want: after(routed(alice("a", "c")))},
			},
		},
		{
			ID: "S54/no-origin-check", Clause: clause, About: "The Origin of a request to an ordinary route is the app's business.",
			Steps: []Step{
				{Request: get(scopedRoute, Request{Token: good("c"), Header: http.Header{"Origin": {"https://evil.example"}}}), Want: noCORS(routed(alice("c")))},
				{Request: get(scopedRoute, Request{Header: http.Header{"Origin": {"https://evil.example"}}}), Want: noCORS(scoped.bare())},
			},
		},
		{
			ID: "S54/hierarchy", Clause: clause, About: "The hierarchy of scopes holds for ordinary routes.",
			Config: func(_ *World, c *core.Config) { c.Implies = map[string][]string{"admin": {"c"}} },
			Steps:  []Step{{Request: get(scopedRoute, Request{Token: good("admin")}), Want: routed(alice("admin"))}},
		},
		{
			ID: "S54/prefix", Clause: clause, About: "The challenge of an ordinary route spells scopes as clients must.",
			Config: func(_ *World, c *core.Config) { c.Issuers[0].ScopePrefix = "api://x/" },
			Steps: []Step{
				{Request: get(scopedRoute, Request{}), Want: place{MetadataURL, "api://x/c"}.bare()},
				{Request: get(scopedRoute, Request{Token: good("api://x/c")}), Want: routed(alice("c"))},
				{Request: get(scopedRoute, Request{Token: good("c")}), Want: routed(alice("c"))},
			},
		},
	}
	return append(rows, chainRows()...)
}

// chainRows are API keys beside tokens, and in place of them.
func chainRows() []Row {
	const clause = "RFC 6750 §3.1"
	keys := answering(func(token string) (core.Principal, error) {
		switch token {
		case apiKey:
			return robot(), nil
		case "key-revoked-revoked":
			return core.Principal{}, fmt.Errorf("revoked: %w", core.ErrInvalid)
		}
		return core.Principal{}, core.ErrNotMine
	})
	panicking := answering(func(string) (core.Principal, error) { panic("asked after an answer") })
	return []Row{
		{
			ID: "S54/keys-beside-tokens", Clause: clause, About: "A verifier may leave a token to the next, and to the issuers at last; the first answer counts.",
			Config: keys,
			Steps: []Step{
				{Request: keyed(apiKey), Want: letIn(robotCaller())},
				{Request: keyed("key-revoked-revoked"), Want: endpoint().invalid("refused_by_verifier")},
				{Request: keyed("key-of-nobody-at-all"), Want: endpoint().invalid("not_a_jwt")},
				{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
				{Request: Request{Token: good("c"), Path: scopedRoute}, Want: routed(alice("c"))},
			},
		},
		{
			ID: "S54/first-answer", Clause: clause, About: "Nobody is asked after an answer.",
			Config: func(w *World, c *core.Config) {
				keys(w, c)
				panicking(w, c)
			},
			Steps: []Step{
				{Request: keyed(apiKey), Want: letIn(robotCaller())},
				{Request: keyed("key-revoked-revoked"), Want: endpoint().invalid("refused_by_verifier")},
			},
		},
		{
			ID: "S54/keys-alone", Clause: clause, About: "Without issuers, a token that no verifier claims is invalid.",
			Fetches: []string{},
			Config: func(w *World, c *core.Config) {
				c.AuthorizationServers, c.Issuers = nil, nil
				keys(w, c)
			},
			Steps: []Step{
				{Request: keyed(apiKey), Want: letIn(robotCaller())},
				{Request: keyed("key-of-nobody-at-all"), Want: endpoint().invalid("no_verifier")},
				{Request: Request{Token: good("a", "b")}, Want: endpoint().invalid("no_verifier")},
			},
		},
		{
			ID: "S54/scopes-of-keys", Clause: clause, About: "The scopes of a verifier's principal are checked as those of a token.",
			Config: answering(func(string) (core.Principal, error) {
				p := robot()
				p.Scopes = []string{"a"}
				return p, nil
			}),
			Steps: []Step{{Request: keyed(apiKey), Want: endpoint().lacking("7")}},
		},
	}
}
