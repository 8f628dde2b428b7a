package client_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/client"
)

// moveTokens gives the authorization server another token endpoint, on another
// host, which takes any refresh token.
func (w *world) moveTokens() *authtest.Server {
	w.Helper()
	next := authtest.NewServer(w.T)
	next.Answer("/token", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		token(map[string]any{"access_token": w.as.Token(w.resource, "mcp:read"), "refresh_token": "next", "expires_in": 600}).ServeHTTP(rw, r)
	}))
	w.wire.roles[next.Issuer()] = "next"
	w.as.EditMetadata(func(m map[string]any) { m["token_endpoint"] = next.Issuer() + "/token" })
	return next
}

// C10, C11: a token endpoint that has moved is found by the metadata of the same
// issuer, with no user and no token lost, and is the one to ask from then on.
func TestC10TokenEndpointMoves(t *testing.T) {
	for name, old := range map[string]http.Handler{
		"gone":        nil, // the network
		"not found":   status(404),
		"in trouble":  status(503),
		"redirects":   http.RedirectHandler("http://localhost:1/evil", http.StatusPermanentRedirect),
		"parked page": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }),
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			storage := client.MemoryStorage()
			keep := func(c *client.Config) { c.Storage = storage }
			transport := w.transport(keep)
			w.mustCall(transport, "read")
			spent := w.stored(storage).RefreshToken
			w.moveTokens()
			w.as.Answer("/token", old)
			if old == nil {
				w.wire.failBy(func(r *http.Request) error {
					if "http://"+r.URL.Host == w.as.Issuer() && r.URL.Path == "/token" {
						return errors.New("no route to host")
					}
					return nil
				})
			}
			w.clock.Advance(time.Hour)
			w.wire.forget()
			if got, err := w.call(transport, "read"); err != nil || got.status != http.StatusOK {
				t.Fatalf("status %d, error %v\n%s", got.status, err, w.wire)
			}
			w.wantCount("next POST /token 200", 1)
			if form := w.wire.find("next POST /token")[0].form; form.Get("refresh_token") != spent || form.Get("resource") != w.resource {
				t.Errorf("the refresh is for %q", form.Get("resource"))
			}
			if n := len(w.asked()); n != 1 {
				t.Errorf("%d authorizations, want 1\n%s", n, w.wire)
			}
			w.clock.Advance(time.Hour)
			w.wire.forget()
			if got, err := w.call(w.transport(keep), "read"); err != nil || got.status != http.StatusOK { // another process
				t.Fatalf("status %d, error %v\n%s", got.status, err, w.wire)
			}
			w.wantLog("next POST /token 200", "R POST /mcp 200")
		})
	}
}

// C10: so is one that has moved while a token is in use that doesn't expire, and
// that the resource refuses.
func TestC10TokenEndpointMovesBeforeA401(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.moveTokens()
	w.as.Answer("/token", status(503))
	w.refuse(w.wire.find("R POST /mcp 200")[0].authorization)
	w.wire.forget()
	if got, err := w.call(transport, "read"); err != nil || got.status != http.StatusOK {
		t.Errorf("status %d, error %v", got.status, err)
	}
	w.wantLog(
		"R POST /mcp 401", "R GET "+wellKnown+"/mcp 200", "AS POST /token 503", "AS GET "+asWellKnown+" 200",
		"next POST /token 200", "R POST /mcp 200",
	)
}

// C11: no other metadata than those of the issuer have the refresh token sent
// elsewhere, and they do so once.
func TestC11RefreshTokenGoesWhereTheIssuerSays(t *testing.T) {
	for name, change := range map[string]func(w *world, elsewhere string){
		"of another issuer": func(w *world, elsewhere string) {
			w.as.EditMetadata(func(m map[string]any) { m["issuer"], m["token_endpoint"] = elsewhere, elsewhere+"/token" })
		},
		"on another host": func(w *world, elsewhere string) {
			w.as.Answer(asWellKnown, http.RedirectHandler(elsewhere+asWellKnown, http.StatusFound))
			w.as.Answer(openID, http.RedirectHandler(elsewhere+openID, http.StatusFound))
		},
		"of the resource": func(w *world, elsewhere string) {
			w.set(wellKnown+"/mcp", document(map[string]any{
				"resource": w.resource, "authorization_servers": []string{w.as.Issuer()}, "token_endpoint": elsewhere + "/token",
			}))
		},
		"in the clear": func(w *world, _ string) {
			w.as.EditMetadata(func(m map[string]any) { m["token_endpoint"] = "http://evil.example/token" })
		},
		"that fail too": func(w *world, _ string) {
			w.as.EditMetadata(func(m map[string]any) { m["token_endpoint"] = w.as.Issuer() + "/other" })
			w.as.Answer("/other", status(503))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			transport := w.transport()
			w.mustCall(transport, "read")
			next := authtest.NewServer(t)
			w.wire.roles[next.Issuer()] = "next"
			change(w, next.Issuer())
			w.as.Answer("/token", status(503))
			w.clock.Advance(time.Hour)
			w.wire.forget()
			if e := w.mustFail(transport, "token request"); !errors.Is(e, client.ErrUnavailable) {
				t.Errorf("the error is %v", e)
			}
			if n := len(w.wire.find("next ")) + len(w.wire.find("elsewhere ")); n != 0 {
				t.Errorf("%d requests elsewhere\n%s", n, w.wire)
			}
			w.wantCount("AS POST /token 503", 1)
			// Nothing is lost.
			w.as.EditMetadata(func(map[string]any) {})
			w.as.Answer(asWellKnown, nil)
			w.as.Answer("/token", nil)
			w.wire.forget()
			w.mustCall(transport, "read")
			w.wantLog("AS POST /token 200", "R POST /mcp 200")
		})
	}
}
