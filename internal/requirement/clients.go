package requirement

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// jsonOf answers the members.
func jsonOf(members map[string]any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(members) // Whoever hangs up has read enough.
	})
}

// clientAuthenticationRows are how this service proves who it is where it asks
// about tokens: the endpoint answers only those who do it rightly.
func clientAuthenticationRows() []Row {
	const odd = "id:1 &+%ü"
	row := func(name, clause, about string, change func(*core.Introspection), good func(*World, *http.Request) bool) Row {
		return Row{
			ID: "S33/client-" + name, Clause: clause, About: about, Config: introspected(change), Unready: true,
			Before: func(w *World) {
				w.answer(introspectPath, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodPost || r.PostFormValue("token") != opaque || r.URL.RawQuery != "" || !good(w, r) {
						rw.WriteHeader(http.StatusUnauthorized)
						return
					}
					jsonOf(w.active(nil)).ServeHTTP(rw, r)
				}))
			},
			Steps: []Step{{Request: keyed(opaque), Want: in()}},
		}
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		key = nil // The row's config error says so.
	}
	return []Row{
		row("basic", "RFC 6749 §2.3.1", "Basic authentication form-encodes id and secret before it joins them.",
			func(in *core.Introspection) { in.ClientID, in.ClientSecret = odd, "s:"+odd },
			func(_ *World, r *http.Request) bool {
				id, secret, _ := r.BasicAuth()
				return id == url.QueryEscape(odd) && secret == url.QueryEscape("s:"+odd) && !r.PostForm.Has("client_secret")
			}),
		row("post", "RFC 6749 §2.3.1", "The secret can be sent in the form.",
			func(in *core.Introspection) {
				in.AuthMethod, in.ClientID, in.ClientSecret = "client_secret_post", odd, "s:"+odd
			},
			func(_ *World, r *http.Request) bool {
				return r.PostForm.Get("client_id") == odd && r.PostForm.Get("client_secret") == "s:"+odd && !withAuthorization(r)
			}),
		row("private-key", "RFC 7523 §3", "A signed assertion says who asks whom, for a minute.",
			func(in *core.Introspection) { in.ClientSecret, in.Key, in.KeyID = "", key, "key-1" },
			func(w *World, r *http.Request) bool {
				return !withAuthorization(r) && w.assertionIsGood(r.PostForm, key)
			}),
		row("none", "RFC 7662 §2.1", "An endpoint that only its own network can reach may be asked by anybody there.",
			func(in *core.Introspection) { in.AuthMethod, in.ClientID, in.ClientSecret = "none", "", "" },
			func(_ *World, r *http.Request) bool { return !withAuthorization(r) && len(r.PostForm) == 2 }),
		row("refused", "RFC 7662 §2.3", "Wrong credentials of this service are no fault of the token.",
			func(in *core.Introspection) { in.ClientSecret = "wrong" },
			func(_ *World, r *http.Request) bool {
				_, secret, _ := r.BasicAuth()
				return secret == authtest.ClientSecret
			}).wanting(unavailable("introspection_refused").fetching(1)),
	}
}

// wanting returns the row with another answer.
func (r Row) wanting(want Want) Row {
	r.Steps[0].Want = want
	return r
}

func withAuthorization(r *http.Request) bool { return len(r.Header["Authorization"]) > 0 }

// assertionIsGood checks a client assertion as an authorization server does.
func (w *World) assertionIsGood(form url.Values, key crypto.Signer) bool {
	claims := jwt.MapClaims{}
	token, err := jwt.NewParser(
		jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithTimeFunc(w.Clock.Now), jwt.WithExpirationRequired(),
		jwt.WithAudience(w.Server.Issuer()), jwt.WithIssuer(authtest.ClientID), jwt.WithSubject(authtest.ClientID),
	).ParseWithClaims(form.Get("client_assertion"), claims, func(*jwt.Token) (any, error) { return key.Public(), nil })
	if err != nil || token.Header["kid"] != "key-1" {
		return false
	}
	expiry, err := claims.GetExpirationTime()
	id, _ := claims["jti"].(string)
	return err == nil && expiry.Equal(Epoch().Add(time.Minute)) && len(id) >= 20 &&
		form.Get("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" &&
		slices.Equal(form["client_id"], []string{authtest.ClientID}) && !form.Has("client_secret")
}
