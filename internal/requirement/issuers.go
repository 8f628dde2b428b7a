package requirement

import (
	"net/http"
	"net/http/httptest"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// issuerRows are the part of S19 that takes other issuers: the issuer is compared
// byte for byte, and a stranger's causes no request to anybody.
func issuerRows() []Row { return []Row{unaskedRow(), upperCaseRow(), twoIssuersRow()} }

// unaskedRow is an issuer that exists, with keys of its own.
func unaskedRow() Row {
	return Row{
		ID: "S19/never-asked", Clause: "RFC 8725 §3.8", About: "The issuer that a token names is never asked for its keys.",
		Run: func(w *World) []string {
			var asked record[string]
			stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked.add(r.URL.Path) }))
			defer stranger.Close()
			differences := w.compare(Step{
				Request: Request{Token: &authtest.Token{Audience: Resource, Issuer: stranger.URL, Scopes: []string{"a", "b"}}},
				Want:    endpoint().invalid("unknown_issuer"),
			})
			d := &checks{}
			d.check("requests to the stranger", 0, len(asked.all()))
			return append(differences, d.list...)
		},
	}
}

// upperCaseRow trusts an issuer with letters in it.
func upperCaseRow() Row {
	return Row{
		ID: "S19/case", Clause: "RFC 3986 §6.2.2.1; RFC 8414 §3.3", About: "An issuer is compared with regard to case.",
		Config: func(w *World, c *core.Config) {
			c.Issuers[0] = core.Issuer{URL: w.Server.Issuer() + "/Tenant", JWKSURL: w.Server.Issuer() + keySetPath}
		},
		Fetches: []string{keySetPath},
		Steps: []Step{
			{Request: Request{Token: tenant("/tenant")}, Want: endpoint().invalid("unknown_issuer")},
			{Request: Request{Token: tenant("/Tenant")}, Want: letIn(tenantCaller("/Tenant"))},
		},
	}
}

// tenant is a good token of an issuer with the given path at the authorization
// server.
func tenant(path string) *authtest.Token {
	t := good("a", "b")
	t.Issuer = "{issuer}" + path
	return t
}

func tenantCaller(path string) caller {
	c := alice("a", "b")
	c.Issuer += path
	return c
}

// twoIssuersRow trusts two issuers, the second with a key of its own alone.
func twoIssuersRow() Row {
	const keys = "/second/keys"
	second := func(issuer string) func(w *World) string {
		return func(w *World) string {
			t := good("a", "b")
			t.Issuer, t.Key, t.Algorithm, t.KeyID = issuer, w.bench.key, "ES256", "second"
			return w.mint(*t)
		}
	}
	caller := alice("a", "b")
	caller.Issuer = "{issuer}/second"
	return Row{
		ID: "S19/two-issuers", Clause: "RFC 8725 §3.8", About: "Each issuer's tokens are verified by its own keys alone.",
		Before: func(w *World) { w.answer(keys, keySet(w.Server.JWK(w.bench.key.Public(), "second"))) },
		Config: func(w *World, c *core.Config) {
			c.Issuers = append(c.Issuers, core.Issuer{URL: w.Server.Issuer() + "/second", JWKSURL: w.Server.Issuer() + keys})
		},
		Unready: true, // The order in which two workers fetch is open.
		Steps: []Step{
			{Before: ready, Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
			{Request: Request{Mint: second("{issuer}/second")}, Want: letIn(caller)},
			{Request: Request{Token: tenant("/second")}, Want: endpoint().invalid("unknown_key").fetching(1)},
			{Request: Request{Mint: second("{issuer}")}, Want: endpoint().invalid("unknown_key").fetching(1)},
		},
	}
}

// ready waits until the keys are there.
func ready(w *World) {
	if w.app.Servers != nil {
		_ = w.ready() // If not, the step tells.
	}
}
