package e2e

import (
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// An example starts while the authorization server is down, says so where it is
// asked, and heals by itself (S12, S27).
func TestAuthorizationServerIsDownAtStart(t *testing.T) {
	eachProgram(t, func(t *testing.T, program string) {
		as := authtest.NewServer(t)
		as.Down()
		s := setup{scopes: []string{"mcp:read"}}
		w := newWorld(t, start(t, program, "ISSUER="+as.Issuer()), s, authority{issuer: as.Issuer()})
		token := as.Token(w.resource, "mcp:read")
		unavailable := row{
			name: "S12: a token that nobody can check", method: http.MethodPost, path: w.endpoint, token: token,
			header: post(), body: listCall,
			status: http.StatusServiceUnavailable, code: "temporarily_unavailable", headers: map[string]string{"Retry-After": "5"},
		}
		onRoute := unavailable
		onRoute.method, onRoute.path = http.MethodGet, "/api/me"
		for _, r := range []row{
			{name: "not ready", path: "/readyz", status: http.StatusServiceUnavailable},
			{name: "alive", path: "/healthz", status: http.StatusOK},
			{name: "S35: metadata", path: wellKnown + w.endpoint, status: http.StatusOK, json: w.metadata()},
			{
				name: "S27: no token", method: http.MethodPost, path: w.endpoint, header: post(), body: listCall,
				status: http.StatusUnauthorized, challenge: w.bareChallenge(), code: "unauthorized",
			},
			unavailable, onRoute,
		} {
			w.check(t, r)
		}
		as.Up()
		w.checkReady(t)
		checkOffer(t, connectWith(t, w.address+w.endpoint, token, newest), "alice", everything())
	})
}
