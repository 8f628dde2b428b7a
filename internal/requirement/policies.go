package requirement

import (
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// audiencePolicyRows are S18: the rule about audiences is the issuer's own.
func audiencePolicyRows() []Row {
	const clause = "RFC 9068 §4; MCP 2026-07-28 authorization, access token privilege restriction"
	named := func(audience ...string) Want {
		c := alice("a", "b")
		c.Audience = audience
		return letIn(c)
	}
	observed := func(w Want) Want {
		w.Observed = "wrong_audience"
		return w
	}
	aud := func(value any) Request { return Request{Token: claiming(map[string]any{"aud": value})} }
	return []Row{
		{
			ID: "S18/any", Clause: clause, About: "A field whose name says dangerous takes tokens for anybody, and for nobody.",
			Config: func(_ *World, c *core.Config) { c.Issuers[0].DangerouslyAnyAudience = true },
			Steps: []Step{
				{Request: aud("https://other.example"), Want: named("https://other.example")},
				{Request: aud(authtest.Absent), Want: named()},
				{Request: aud(1), Want: endpoint().invalid("malformed_token")},
			},
		},
		{
			ID: "S18/observed", Clause: clause, About: "Before a rule about audiences is enforced it can be observed: what it would refuse is let in and told.",
			Config: func(_ *World, c *core.Config) { c.Issuers[0].ObserveAudience = true },
			Steps: []Step{
				{Request: aud("https://other.example"), Want: observed(named("https://other.example"))},
				{Request: aud("https://other.example"), Want: observed(named("https://other.example"))},
				{Request: aud(authtest.Absent), Want: observed(named())},
				{Request: aud(Resource), Want: named(Resource)},
				{Request: Request{Token: &authtest.Token{Audience: "https://other.example", Flaw: authtest.TamperedSignature}}, Want: endpoint().invalid("bad_signature")},
			},
		},
		{
			ID: "S18/of-each-issuer", Clause: clause, About: "Each issuer has its own rule: one issuer's audience is no other's.",
			Config: func(w *World, c *core.Config) {
				c.Issuers[0].Audiences = []string{"guid"}
				c.Issuers = append(c.Issuers, core.Issuer{
					URL: w.Server.Issuer() + "/second", JWKSURL: w.Server.Issuer() + keySetPath,
					AudienceClaim: "client_id", Audiences: []string{authtest.ClientID},
				})
			},
			Unready: true,
			Steps: []Step{
				{Before: ready, Request: aud("guid"), Want: named("guid")},
				{Request: aud(authtest.ClientID), Want: endpoint().invalid("wrong_audience")},
				{Request: Request{Token: tenant("/second")}, Want: func() Want {
					c := tenantCaller("/second")
					c.Audience = []string{authtest.ClientID}
					return letIn(c)
				}()},
				{Request: Request{Token: func() *authtest.Token {
					t := tenant("/second")
					t.Audience, t.ClientID = "guid", "guid"
					return t
				}()}, Want: endpoint().invalid("wrong_audience")},
			},
		},
		{
			ID: "S18/config-claim", Clause: clause, About: "A claim that would have to hold the resource identifier, and never does, is a mistake.",
			Config:  func(_ *World, c *core.Config) { c.Issuers[0].AudienceClaim = "client_id" },
			Refused: []string{"Issuers[0].Audiences"},
		},
		{
			ID: "S18/config-two-rules", Clause: clause, About: "An issuer has one rule about audiences.",
			Config: func(_ *World, c *core.Config) {
				c.Issuers[0].DangerouslyAnyAudience, c.Issuers[0].Audiences = true, []string{"x"}
			},
			Refused: []string{"Issuers[0].DangerouslyAnyAudience"},
		},
		requiredClaimRow(), requiredConfigRow(),
	}
}

// requiredClaimRow is a claim that tells this issuer's access tokens from others
// of its tokens.
func requiredClaimRow() Row {
	bad := endpoint().invalid("claim_not_allowed")
	with := func(claims map[string]any) Request { return Request{Token: claiming(claims)} }
	return Row{
		ID: "S20/required-claim", Clause: "RFC 8725 §3.11", About: "A claim that the config requires must have one of the values listed, as a string or in a list.",
		Config: func(_ *World, c *core.Config) {
			c.Issuers[0].Require = map[string][]string{"tid": {"one", "two"}, "ver": {"2.0"}}
		},
		Steps: []Step{
			{Request: with(map[string]any{"tid": "two", "ver": "2.0"}), Want: letIn(alice("a", "b"))},
			{Request: with(map[string]any{"tid": []string{"x", "one"}, "ver": "2.0"}), Want: letIn(alice("a", "b"))},
			{Request: with(map[string]any{"tid": "three", "ver": "2.0"}), Want: bad},
			{Request: with(map[string]any{"tid": "one"}), Want: bad},
			{Request: with(map[string]any{"tid": "", "ver": "2.0"}), Want: bad},
			{Request: with(map[string]any{"tid": []string{}, "ver": "2.0"}), Want: bad},
			{Request: with(map[string]any{"tid": "one", "ver": 2.0}), Want: endpoint().invalid("malformed_token")},
		},
	}
}

func requiredConfigRow() Row {
	return Row{
		ID: "S20/config-required-claim", Clause: "RFC 8725 §3.11", About: "A claim for which no value would do is a mistake.",
		Config:  func(_ *World, c *core.Config) { c.Issuers[0].Require = map[string][]string{"tid": nil} },
		Refused: []string{`Issuers[0].Require["tid"]`},
	}
}

// tenantRows are the rest of S19: templates, and issuers that aren't advertised.
func tenantRows() []Row {
	const clause = "RFC 8725 §3.8; OpenID Connect Discovery §4.3"
	template := func(url string, tenants ...string) func(*World, *core.Config) {
		return func(w *World, c *core.Config) {
			c.Issuers[0] = core.Issuer{URL: w.Server.Issuer() + url, JWKSURL: w.Server.Issuer() + "/keys/{tenantid}", Tenants: tenants}
		}
	}
	keysOfTenants := func(w *World) {
		for _, path := range []string{"/keys/one", "/keys/two"} {
			w.answer(path, keySet(w.besideKey()))
		}
	}
	by := func(path string) Request {
		return Request{Mint: func(w *World) string {
			t := tenant(path)
			t.Key, t.Algorithm, t.KeyID = w.bench.beside, "ES384", "beside"
			return w.mint(*t)
		}}
	}
	return []Row{
		{
			ID: "S19/tenants", Clause: clause, About: "A template trusts the tenants that are listed, and no other.",
			Before: keysOfTenants, Config: template("/{tenantid}/v2.0", "one", "two"), Unready: true,
			Steps: []Step{
				{Before: ready, Request: by("/one/v2.0"), Want: letIn(tenantCaller("/one/v2.0"))},
				{Request: by("/two/v2.0"), Want: letIn(tenantCaller("/two/v2.0"))},
				{Request: by("/three/v2.0"), Want: endpoint().invalid("unknown_issuer")},
				{Request: by("/{tenantid}/v2.0"), Want: endpoint().invalid("unknown_issuer")},
				{Request: by("/one/v2.0/"), Want: endpoint().invalid("unknown_issuer")},
				{Request: by("/ONE/v2.0"), Want: endpoint().invalid("unknown_issuer")},
				{Request: by("/common/v2.0"), Want: endpoint().invalid("unknown_issuer")},
			},
		},
		{
			ID: "S19/tenants-advertised", Clause: clause, About: "Each tenant is an authorization server that is advertised.",
			Config: func(w *World, c *core.Config) {
				template("/{tenantid}", "one", "two")(w, c)
				c.AuthorizationServers = nil
			},
			Before: keysOfTenants, Unready: true,
			Steps: []Step{{Request: metadataRequest(http.MethodGet), Want: published(strings.Replace(
				document, `"{issuer}"`, `"{issuer}/one","{issuer}/two"`, 1)).fetching(-1)}},
		},
		{
			ID: "S19/config-template", Clause: clause, About: "A template without tenants would be any tenant's, and is a mistake.",
			Config: func(w *World, c *core.Config) { c.Issuers[0].URL = w.Server.Issuer() + "/{tenantid}" }, Refused: []string{"Issuers[0].Tenants"},
		},
		{
			ID: "S19/config-tenants", Clause: clause, About: "Tenants without a template, and ones that change the URL, are mistakes.",
			Config: func(_ *World, c *core.Config) {
				c.Issuers[0].Tenants = []string{"one", "a/b", "..", "", "one"}
			},
			Refused: []string{"Issuers[0].URL", "Issuers[0].Tenants[1]", "Issuers[0].Tenants[2]", "Issuers[0].Tenants[3]", "Issuers[0].Tenants[4]"},
		},
		{
			ID: "S19/trusted-apart", Clause: "RFC 9728 §2", About: "The issuer whose tokens are trusted may be another than the authorization server that is advertised.",
			Config: func(w *World, c *core.Config) {
				c.AuthorizationServers = []string{w.Server.Issuer() + "/resources/1"}
			},
			Steps: []Step{
				{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
				{Request: Request{Token: tenant("/resources/1")}, Want: endpoint().invalid("unknown_issuer")},
				{Request: metadataRequest(http.MethodGet), Want: published(strings.Replace(document, "{issuer}", "{issuer}/resources/1", 1))},
			},
		},
	}
}

// scopeSpellingRows are S25: scopes that clients spell otherwise than tokens.
func scopeSpellingRows() []Row {
	const clause = "RFC 6749 §3.3; MCP 2026-07-28 authorization, scope selection"
	const prefix = "api://id/"
	long := place{MetadataURL, prefix + "a " + prefix + "b"}
	spelled := func(id, about string, request Request, want Want) Row {
		return Row{
			ID: id, Clause: clause, About: about,
			Config: func(_ *World, c *core.Config) { c.Issuers[0].ScopePrefix = prefix },
			Steps:  []Step{{Request: request, Want: want}},
		}
	}
	return []Row{
		spelled("S25/short", "A token may have the scopes without their prefix.", Request{Token: good("a", "b")}, letIn(alice("a", "b"))),
		spelled("S25/long", "A token may have the scopes with their prefix; handlers see them without.",
			Request{Token: good(prefix+"a", prefix+"b")}, letIn(alice("a", "b"))),
		spelled("S25/challenged", "A challenge spells scopes as clients must ask for them.", Request{}, long.bare()),
		spelled("S25/lacking", "So does one that asks for more.", Request{Token: good("a")}, long.lacking("7")),
		spelled("S25/other-prefix", "Another resource's scope is another scope.", Request{Token: good("api://other/a", "b")}, long.lacking("7")),
		spelled("S25/prefix-once", "The prefix is taken away once.", Request{Token: good(prefix+prefix+"a", "b")}, long.lacking("7")),
		spelled("S25/metadata", "The metadata spell scopes as challenges do.", metadataRequest(http.MethodGet),
			published(strings.Replace(document, `"a","b"`, `"`+prefix+`a","`+prefix+`b"`, 1))),
	}
}
