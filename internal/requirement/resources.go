package requirement

import (
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// The second resource of resourceRows: its own path, issuer, scopes and keys.
const (
	otherResource = "https://other.example/other/mcp"
	otherPath     = "/other/mcp"
	otherKeys     = "/other/keys"
	otherMetadata = "/.well-known/oauth-protected-resource/other/mcp"
)

func other(w *World, c *core.Config) {
	c.Resource, c.Scopes = otherResource, []string{"c"}
	c.AuthorizationServers = nil
	c.Issuers = []core.Issuer{{URL: w.Server.Issuer() + "/other", JWKSURL: w.Server.Issuer() + otherKeys}}
	c.AllowedOrigins = []string{"https://app.example"}
	c.Implies = map[string][]string{"a": {"c"}}
}

func otherPlace() place { return place{"https://other.example" + otherMetadata, "c"} }

// otherToken is a token that the second resource's issuer signs.
func otherToken(change func(*authtest.Token)) func(*World) string {
	return func(w *World) string {
		t := authtest.Token{
			Issuer: "{issuer}/other", Audience: otherResource, Scopes: []string{"c"},
			Algorithm: "ES256", Key: w.bench.key, KeyID: "other",
		}
		change(&t)
		return w.mint(t)
	}
}

// resourceRows are S39: several resources in one app.
func resourceRows() []Row {
	publish := func(w *World) { w.answer(otherKeys, keySet(w.Server.JWK(w.bench.key.Public(), "other"))) }
	asItIs := otherToken(func(*authtest.Token) {})
	in := caller{
		Issuer: "{issuer}/other", Subject: "alice", Client: authtest.ClientID, Audience: []string{otherResource},
		Scopes: []string{"c"}, Authorization: "withheld",
	}
	implied := in
	implied.Scopes = []string{"a"}
	at := func(mint func(*World) string) Request { return Request{Path: otherPath, Mint: mint} }
	const clause = "RFC 9728 §1.2; RFC 8707 §2"
	row := func(id, about string, steps ...Step) Row {
		return Row{ID: id, Clause: clause, About: about, Before: publish, More: []func(*World, *core.Config){other}, Steps: steps}
	}
	origin := http.Header{"Origin": {"https://app.example"}}
	metadata := strings.NewReplacer(Resource, otherResource, `"a","b"`, `"c"`, "{issuer}", "{issuer}/other").Replace(document)
	down := row("S39/one-down", "An outage of one resource's keys leaves the other alone.",
		Step{
			Before: func(w *World) {
				if w.app.Servers != nil {
					w.eventually(func() bool { return w.Clock.Waiting() == 2 })
				}
			},
			Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b")),
		},
		Step{Request: at(asItIs), Want: unavailable("keys_unavailable")},
		Step{Request: Request{Path: otherPath}, Want: otherPlace().bare()})
	down.Before = func(w *World) { w.answer(otherKeys, http.NotFoundHandler()) }
	down.Unready = true
	return []Row{
		row("S39/challenges", "Each resource has its own challenge.",
			Step{Want: endpoint().bare()}, Step{Request: Request{Path: otherPath}, Want: otherPlace().bare()}),
		row("S39/metadata", "Each resource has its own metadata.",
			Step{Request: metadataRequest(http.MethodGet), Want: published(document)},
			Step{Request: Request{Method: http.MethodGet, Path: otherMetadata}, Want: published(metadata)}),
		row("S39/good", "Each resource lets in its own tokens.",
			Step{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
			Step{Request: at(asItIs), Want: letIn(in)}),
		row("S39/swapped", "Neither resource lets in the other's tokens.",
			Step{Request: Request{Path: otherPath, Token: good("a", "b", "c")}, Want: otherPlace().invalid("unknown_issuer")},
			Step{Request: Request{Mint: asItIs}, Want: endpoint().invalid("unknown_issuer")}),
		row("S39/audience", "A token of the right issuer for the other resource is refused.",
			Step{Request: at(otherToken(func(t *authtest.Token) { t.Audience = Resource })), Want: otherPlace().invalid("wrong_audience")}),
		row("S39/scopes", "Each resource has its own scopes and hierarchy.",
			Step{Request: Request{Token: good("c")}, Want: endpoint().lacking("7")},
			Step{Request: at(otherToken(func(t *authtest.Token) { t.Scopes = []string{"b"} })), Want: otherPlace().lacking("7")},
			Step{Request: at(otherToken(func(t *authtest.Token) { t.Scopes = []string{"a"} })), Want: letIn(implied)}),
		row("S39/origins", "Each resource has its own allowed origins.",
			Step{Request: Request{Header: origin}, Want: foreign()},
			Step{Request: Request{Path: otherPath, Header: origin}, Want: cors("https://app.example", otherPlace().bare())}),
		row("S39/ordinary-routes", "An ordinary route belongs to one of the resources.",
			Step{Request: Request{Path: anyRoute, Token: good()}, Want: routed(alice())},
			Step{Request: Request{Path: anyRoute, Mint: asItIs}, Want: place{MetadataURL, ""}.invalid("unknown_issuer")}),
		down,
	}
}
