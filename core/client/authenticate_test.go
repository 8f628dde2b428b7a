package client_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// C8: the ways of client authentication, at the token endpoint and at a
// refresh.
func TestC8ClientAuthentication(t *testing.T) {
	list := func(methods ...string) func(map[string]any) {
		return func(m map[string]any) { m["token_endpoint_auth_methods_supported"] = methods }
	}
	const id, secret = "id:with%", "s&cret %:"
	known := func(c *devissuer.Config) {
		c.Clients = append(c.Clients, devissuer.Client{ID: id, Secret: secret, RedirectURIs: []string{"http://127.0.0.1/callback"}})
	}
	own := func(method string) func(*client.Config) {
		return func(c *client.Config) {
			c.Credentials = client.Credentials{ID: id, Secret: secret, AuthMethod: method}
			c.RedirectURI = "http://127.0.0.1/callback"
		}
	}
	for name, row := range map[string]struct {
		edit   func(map[string]any)
		change func(*client.Config)
		want   string
	}{
		"registered, none":          {edit: list("client_secret_basic", "none"), want: "none"},
		"registered, basic":         {edit: list("client_secret_basic", "client_secret_post"), want: "basic"},
		"registered, post":          {edit: list("client_secret_post"), want: "post"},
		"registered, nothing said":  {edit: func(m map[string]any) { delete(m, "token_endpoint_auth_methods_supported") }, want: "basic"},
		"credentials, basic":        {change: own(""), want: "basic"},
		"credentials, post only":    {edit: list("client_secret_post"), change: own(""), want: "post"},
		"credentials, post chosen":  {change: own("client_secret_post"), want: "post"},
		"credentials, nothing said": {edit: func(m map[string]any) { delete(m, "token_endpoint_auth_methods_supported") }, change: own(""), want: "basic"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, known)
			w.as.EditMetadata(row.edit)
			change := row.change
			if change == nil {
				change = func(*client.Config) {}
			}
			transport := w.transport(change)
			w.mustCall(transport, "read")
			w.clock.Advance(time.Hour)
			w.mustCall(transport, "read")
			requests := w.wire.find("AS POST /token 200")
			if len(requests) != 2 {
				t.Fatalf("%d token requests", len(requests))
			}
			for _, r := range requests {
				got := "none"
				if strings.HasPrefix(r.authorization, "Basic ") {
					got = "basic"
				}
				if r.form.Has("client_secret") {
					got = strings.TrimPrefix(got+"+post", "none+")
				}
				if got != row.want {
					t.Errorf("%s authenticates by %s, want %s", r.form.Get("grant_type"), got, row.want)
				}
			}
		})
	}
	t.Run("not supported", func(t *testing.T) {
		w := start(t, known)
		w.as.EditMetadata(list("private_key_jwt"))
		w.wantFailure(w.transport(own("")), "client registration")
	})
}

// C8: assertions are signed by the key, for the issuer alone, and each is new.
func TestC8PrivateKeyJWT(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		key    any
		public any
		asks   string
		want   string
	}{
		"RSA": {rsaKey, rsaKey.Public(), "", "RS256"}, "PSS": {rsaKey, rsaKey.Public(), "PS512", "PS512"},
		"EC": {ecKey, ecKey.Public(), "", "ES384"}, "Ed25519": {edKey, edKey.Public(), "", "EdDSA"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.as.EditMetadata(func(m map[string]any) { m["token_endpoint_auth_methods_supported"] = []string{"private_key_jwt"} })
			w.as.Answer("/token", w.asserted(func(assertion string) error { return w.checkAssertion(assertion, row.public, row.want) }))
			transport := w.transport(func(c *client.Config) {
				c.Credentials = client.Credentials{ID: "machine", Key: row.key, KeyID: "k1", Algorithm: row.asks}
				c.ClientCredentials = true
			})
			for range 2 {
				if got, err := w.call(transport, "read"); err != nil || got.status != http.StatusOK {
					t.Fatalf("status %d, error %v\n%s", got.status, err, w.wire)
				}
				w.clock.Advance(time.Hour)
			}
			first, second := w.wire.find("AS POST /token")[0].form, w.wire.find("AS POST /token")[1].form
			if first.Get("client_assertion") == second.Get("client_assertion") {
				t.Error("an assertion was used twice")
			}
			if first.Has("client_secret") || first.Get("grant_type") != "client_credentials" || first.Get("resource") != w.resource || first.Get("scope") != "mcp:read" {
				t.Errorf("the request is by %q for %q, scope %q", first.Get("grant_type"), first.Get("resource"), first.Get("scope"))
			}
		})
	}
}

// asserted is a token endpoint that checks assertions.
func (w *world) asserted(check func(assertion string) error) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			refusal(401, "invalid_client", "no assertion").ServeHTTP(rw, r)
			return
		}
		if err := check(r.PostFormValue("client_assertion")); err != nil {
			refusal(401, "invalid_client", err.Error()).ServeHTTP(rw, r)
			return
		}
		token(map[string]any{"access_token": w.as.Token(w.resource, "mcp:read"), "expires_in": 600}).ServeHTTP(rw, r)
	})
}

func (w *world) checkAssertion(assertion string, public any, algorithm string) error {
	parsed, err := jwt.Parse(assertion, func(*jwt.Token) (any, error) { return public, nil },
		jwt.WithValidMethods([]string{algorithm}), jwt.WithAudience(w.as.Issuer()), jwt.WithIssuer("machine"), jwt.WithSubject("machine"),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(w.clock.Now))
	if err != nil {
		return err
	}
	if parsed.Header["kid"] != "k1" {
		w.Errorf("kid is %v", parsed.Header["kid"])
	}
	expiry, err := parsed.Claims.GetExpirationTime()
	if err == nil && expiry.Sub(w.clock.Now()) > 5*time.Minute {
		w.Errorf("the assertion lives until %v", expiry)
	}
	return err
}

// C8: the client credentials grant asks nobody, and renews itself.
func TestC8ClientCredentials(t *testing.T) {
	w := start(t)
	transport := w.transport(func(c *client.Config) {
		preRegistered(c)
		c.ClientCredentials = true
	})
	read := func() {
		t.Helper()
		got, err := w.call(transport, "read")
		if err != nil || got.status != http.StatusOK || !strings.HasPrefix(got.body, "POST by "+authtest.ClientID) {
			t.Fatalf("status %d, body %q, error %v", got.status, got.body, err)
		}
	}
	read()
	w.wantLog(
		"R POST /mcp 401", "R GET "+wellKnown+"/mcp 200", "AS GET "+asWellKnown+" 200", "AS POST /token 200", "R POST /mcp 200",
	)
	w.clock.Advance(time.Hour)
	w.wire.forget()
	read()
	w.wantLog("AS POST /token 200", "R POST /mcp 200")
	if got, err := w.call(transport, "purge"); err != nil || got.status != http.StatusOK {
		t.Errorf("a machine doesn't step up: status %d, error %v", got.status, err)
	}
}
