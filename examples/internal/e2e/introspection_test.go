package e2e

import (
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// asking are the settings of an example that asks its authorization server what
// tokens are worth.
func asking(issuer, id, secret string) []string {
	return []string{"ISSUER=" + issuer, "INTROSPECTION_URL=" + issuer + "/introspect", "INTROSPECTION_CLIENT_ID=" + id, "INTROSPECTION_CLIENT_SECRET=" + secret}
}

// With opaque tokens an example serves as with JWTs, and tells a bad token from a
// server that is down (S33).
func TestOpaqueTokens(t *testing.T) {
	eachProgram(t, func(t *testing.T, program string) {
		as := authtest.NewServer(t, func(c *devissuer.Config) { c.Opaque = true })
		s := setup{scopes: []string{"mcp:read"}}
		w := newWorld(t, start(t, program, asking(as.Issuer(), authtest.ClientID, authtest.ClientSecret)...), s, authority{issuer: as.Issuer()})
		w.checkReady(t)
		checkOffer(t, connectWith(t, w.address+w.endpoint, as.Token(w.resource, "mcp:read"), newest), "alice", everything())
		w.check(t, w.calling("S33: garbage", "garbage", http.StatusUnauthorized))
		w.check(t, w.calling("S16: a token for another resource", as.Token("https://other.example/mcp", "mcp:read"), http.StatusUnauthorized))

		later := as.Token(w.resource, "mcp:read")
		as.Down()
		w.check(t, w.calling("S33: nobody can tell", later, http.StatusServiceUnavailable))
		as.Up()
		w.check(t, w.calling("S33: they can again", later, http.StatusOK))
	})
}

// calling is a row about one token at the endpoint.
func (w *world) calling(name, token string, status int) row {
	r := row{name: name, method: http.MethodPost, path: w.endpoint, token: token, header: post(), body: listCall, status: status}
	switch status {
	case http.StatusUnauthorized:
		r.challenge, r.code = w.invalidChallenge(), "invalid_token"
	case http.StatusServiceUnavailable:
		r.code, r.headers = "temporarily_unavailable", map[string]string{"Retry-After": "5"}
	}
	return r
}
