package client_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

func asError(t *testing.T, err error) *client.Error {
	t.Helper()
	var e *client.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v, want a *client.Error", err)
	}
	return e
}

// token is an authorization server's answer to a token request.
func token(members map[string]any) http.Handler {
	answer := map[string]any{"token_type": "Bearer"}
	for name, value := range members {
		answer[name] = value
	}
	return document(answer)
}

// refusal is an OAuth error answer.
func refusal(code int, oauth, description string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		document(map[string]any{"error": oauth, "error_description": description}).ServeHTTP(w, r)
	})
}

// C10, C5: a token is refreshed before it expires, with the resource, and the
// refresh token that came last is the one that is used.
func TestC10RefreshBeforeExpiry(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.clock.Advance(9 * time.Minute)
	w.mustCall(transport, "read")
	w.wantCount("AS POST /token 200", 1)
	var used []string
	for range 3 {
		w.clock.Advance(9*time.Minute + 45*time.Second) // of ten
		w.wire.forget()
		w.mustCall(transport, "read")
		w.wantLog("AS POST /token 200", "R POST /mcp 200")
		form := w.wire.find("AS POST /token")[0].form
		if form.Get("grant_type") != "refresh_token" || form.Get("resource") != w.resource || form.Has("scope") {
			t.Errorf("the refresh is for %q and scope %q, by %q", form.Get("resource"), form.Get("scope"), form.Get("grant_type"))
		}
		used = append(used, form.Get("refresh_token"))
	}
	if used[0] == used[1] || used[1] == used[2] {
		t.Error("a refresh token was used twice")
	}
	if n := len(w.asked()); n != 1 {
		t.Errorf("%d authorizations, want 1", n)
	}
}

// C10: short-lived tokens are not refreshed all the time.
func TestC10ShortLivedTokens(t *testing.T) {
	w := start(t, func(c *devissuer.Config) { c.AccessTokenTTL = 8 * time.Second })
	transport := w.transport()
	w.mustCall(transport, "read")
	w.clock.Advance(5 * time.Second)
	w.mustCall(transport, "read")
	w.wantCount("AS POST /token 200", 1)
	w.clock.Advance(2 * time.Second)
	w.mustCall(transport, "read")
	w.wantCount("AS POST /token 200", 2)
}

// C10: a token that the server refuses early is refreshed, once.
func TestC10RefreshOn401(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.refuse(w.wire.find("R POST /mcp 200")[0].authorization)
	w.wire.forget()
	w.mustCall(transport, "read")
	w.wantLog("R POST /mcp 401", "R GET "+wellKnown+"/mcp 200", "AS POST /token 200", "R POST /mcp 200")
}

// C10: an answer as a form, which some servers give, tells when the token expires
// too.
func TestC10FormAnswer(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	answer := url.Values{"access_token": {w.as.Token(w.resource, "mcp:read")}, "token_type": {"bearer"}, "expires_in": {"60"}}
	w.as.Answer("/token", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/x-www-form-urlencoded")
		_, _ = rw.Write([]byte(answer.Encode()))
	}))
	if got, err := w.call(w.transport(func(c *client.Config) { c.Storage = storage }), "read"); err != nil || got.status != http.StatusOK {
		t.Fatalf("status %d, error %v", got.status, err)
	}
	if got, want := w.stored(storage).Expiry, w.clock.Now().Add(time.Minute); !got.Equal(want) {
		t.Errorf("it expires at %v, want %v", got, want)
	}
}

// refuse makes the resource answer 401 to one token, and others as ever.
func (w *world) refuse(authorization string) {
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == authorization {
			rw.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", scope="mcp:read"`)
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.gate().ServeHTTP(rw, r)
	}))
}

// C10: where the refreshed token is refused too, the user is asked, once.
func TestC10RefreshedTokenRefused(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.set("/mcp", status(http.StatusUnauthorized))
	w.wire.forget()
	if got, err := w.call(transport, "read"); err != nil || got.status != http.StatusUnauthorized {
		t.Fatalf("status %d, error %v", got.status, err)
	}
	w.wantCount("R POST /mcp 401", 3)
	w.wantCount("AS POST /token 200", 2)
	w.wantCount("browser GET /authorize 303", 1)
}

// C10: what the answer leaves out stays as it was.
func TestC10MissingMembersKeepTheOld(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	transport := w.transport(func(c *client.Config) { c.Storage = storage })
	w.mustCall(transport, "read")
	before := w.stored(storage)
	access := w.as.Token(w.resource, "mcp:read")
	w.as.Answer("/token", token(map[string]any{"access_token": access, "expires_in": "60"}))
	w.clock.Advance(time.Hour)
	access = w.as.Token(w.resource, "mcp:read")
	w.as.Answer("/token", token(map[string]any{"access_token": access, "expires_in": "60"}))
	w.mustCall(transport, "read")
	after := w.stored(storage)
	if after.AccessToken != access || after.RefreshToken != before.RefreshToken || strings.Join(after.Scopes, " ") != strings.Join(before.Scopes, " ") {
		t.Errorf("the stored token has other scopes (%q) or another refresh token", after.Scopes)
	}
	if got, want := after.Expiry, w.clock.Now().Add(time.Minute); !got.Equal(want) {
		t.Errorf("it expires at %v, want %v", got, want)
	}
}

// stored returns what is stored for the resource.
func (w *world) stored(storage client.Storage) client.Token {
	w.Helper()
	state, err := storage.Load(w.ctx, client.Key{Issuer: w.as.Issuer(), Resource: w.resource})
	if err != nil || state.Token == nil {
		w.Fatalf("nothing is stored: %v", err)
	}
	return *state.Token
}

// C10: a refresh that is refused leads to the user; one that fails doesn't, and
// nothing is lost.
func TestC10RefreshFails(t *testing.T) {
	for name, row := range map[string]struct {
		answer http.Handler
		fail   bool // the network
		asks   bool // the user is asked anew
	}{
		"400":                        {answer: refusal(400, "invalid_grant", "revoked"), asks: true},
		"401":                        {answer: refusal(401, "invalid_client", "unknown"), asks: true},
		"400 without words":          {answer: status(400), asks: true},
		"error with status 200":      {answer: refusal(200, "invalid_grant", "revoked"), asks: true},
		"500":                        {answer: status(500)},
		"502":                        {answer: status(502)},
		"429":                        {answer: status(429)},
		"no JSON":                    {answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("oops")) })},
		"no token":                   {answer: token(nil)},
		"network":                    {fail: true},
		"redirect":                   {answer: http.RedirectHandler("http://localhost:1/evil", http.StatusTemporaryRedirect)},
		"a token of another type":    {answer: token(map[string]any{"access_token": "x", "token_type": "DPoP"})},
		"a token that breaks fields": {answer: token(map[string]any{"access_token": "x\r\nEvil: 1"})},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			transport := w.transport()
			w.mustCall(transport, "read")
			w.clock.Advance(time.Hour)
			w.as.Answer("/token", answerOnce(w, row.answer))
			if row.fail {
				w.wire.failBy(func(r *http.Request) error {
					if r.URL.Path == "/token" {
						return errors.New("no route to host")
					}
					return nil
				})
			}
			w.wire.forget()
			got, err := w.call(transport, "read")
			if row.asks {
				if err != nil || got.status != http.StatusOK {
					t.Errorf("status %d, error %v\n%s", got.status, err, w.wire)
				}
				w.wantCount("browser GET /authorize 303", 1)
				return
			}
			e := asError(t, err)
			if e.Stage != "token request" || e.Issuer != w.as.Issuer() {
				t.Errorf("the error is %v", e)
			}
			w.wantCount("browser GET /authorize 303", 0)
			// The old refresh token is good still.
			w.wire.failBy(nil)
			w.as.Answer("/token", nil)
			w.wire.forget()
			w.mustCall(transport, "read")
			w.wantLog("AS POST /token 200", "R POST /mcp 200")
		})
	}
}

// answerOnce answers the first refresh, and leaves all else to the server.
func answerOnce(w *world, h http.Handler) http.Handler {
	if h == nil {
		return nil
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.as.Answer("/token", nil)
		h.ServeHTTP(rw, r)
	})
}

// C10: while the token is good, a refresh that fails is nobody's business, and
// is not tried with every request.
func TestC10EarlyRefreshFails(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.clock.Advance(9*time.Minute + 45*time.Second)
	w.as.Answer("/token", status(503))
	w.wire.forget()
	w.mustCall(transport, "read")
	w.mustCall(transport, "read")
	w.wantLog("AS POST /token 503", "R POST /mcp 200", "R POST /mcp 200")
	w.as.Answer("/token", nil)
	w.clock.Advance(time.Minute)
	w.wire.forget()
	w.mustCall(transport, "read")
	w.wantLog("AS POST /token 200", "R POST /mcp 200")
}

// C10: without refresh there is none, and its token is not kept.
func TestC10NoRefresh(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	transport := w.transport(func(c *client.Config) { c.NoRefresh, c.Storage = true, storage })
	w.mustCall(transport, "read")
	if w.stored(storage).RefreshToken != "" {
		t.Error("a refresh token is stored")
	}
	registration := w.wire.find("AS POST /register")[0].body
	if strings.Contains(registration, "refresh_token") {
		t.Errorf("the registration is %s", registration)
	}
	w.clock.Advance(time.Hour)
	w.mustCall(transport, "read")
	if n := len(w.asked()); n != 2 {
		t.Errorf("%d authorizations, want 2", n)
	}
}

// C10, revocation: a refresh token that was revoked leads to the user.
func TestC10Revocation(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	transport := w.transport(func(c *client.Config) { c.Storage = storage })
	w.mustCall(transport, "read")
	revoked := w.stored(storage)
	resp, err := http.PostForm(w.as.Endpoints().Revocation, url.Values{"token": {revoked.RefreshToken}, "client_id": {revoked.Client.ClientID}})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("revoking: %v", err)
	}
	defer resp.Body.Close()
	w.clock.Advance(time.Hour)
	w.wire.forget()
	w.mustCall(transport, "read")
	w.wantLog(
		"AS POST /token 400", "R POST /mcp 401", "R GET "+wellKnown+"/mcp 200", "AS GET "+asWellKnown+" 200",
		"browser GET /authorize 303", "browser GET /callback 200", "AS POST /token 200", "R POST /mcp 200",
	)
}

// C11: whatever the resource server says, secrets go to the endpoints of the
// validated metadata alone; after a restart too.
func TestC11SecretsGoToValidatedEndpointsOnly(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	keep := func(c *client.Config) { c.Storage = storage }
	w.challengeFirst(`Bearer scope="mcp:read", authorization_uri="` + w.base + `/authorize", token_endpoint="` + w.base + `/token", as_uri="` + w.base + `"`)
	w.set(wellKnown+"/mcp", document(map[string]any{
		"resource": w.resource, "authorization_servers": []string{w.as.Issuer()},
		"token_endpoint": w.base + "/token", "authorization_endpoint": w.base + "/authorize", "registration_endpoint": w.base + "/register",
	}))
	// The resource server plays an authorization server, too.
	for _, path := range []string{asWellKnown, openID, asWellKnown + "/mcp"} {
		w.set(path, document(map[string]any{
			"issuer": w.base, "token_endpoint": w.base + "/token", "authorization_endpoint": w.base + "/authorize",
			"registration_endpoint": w.base + "/register", "code_challenge_methods_supported": []string{"S256"},
		}))
	}
	w.mustCall(w.transport(keep), "read")
	for range 2 { // each time a new process
		w.clock.Advance(time.Hour)
		w.mustCall(w.transport(keep), "read")
	}
	w.wantCount("AS POST /token 200", 3)
	for _, e := range w.wire.find("R ") {
		if e.url.Path != "/mcp" && e.url.Path != wellKnown+"/mcp" {
			t.Errorf("%s was sent to the resource server", e.line)
		}
		if e.form != nil {
			t.Error("a form was sent to the resource server")
		}
	}
}

// C11: endpoints may be on another host than the issuer (some are), but only
// because the issuer's own metadata says so, over TLS or on loopback; a stored
// endpoint that no metadata could have named is not used.
func TestC11EndpointsOnAnotherHost(t *testing.T) {
	w := start(t)
	helper := authtest.NewServer(t)
	helper.Answer("/token", token(map[string]any{"access_token": w.as.Token(w.resource, "mcp:read"), "refresh_token": "r", "expires_in": 600}))
	w.wire.roles[helper.Issuer()] = "helper"
	w.as.EditMetadata(func(m map[string]any) { m["token_endpoint"] = helper.Issuer() + "/token" })
	storage := client.MemoryStorage()
	keep := func(c *client.Config) { c.Storage = storage }
	w.mustCall(w.transport(keep), "read")
	w.wantCount("helper POST /token 200", 1)
	err := storage.Update(w.ctx, client.Key{Issuer: w.as.Issuer(), Resource: w.resource}, func(s client.State) (client.State, error) {
		s.Token.TokenEndpoint = "http://evil.example/token"
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Hour)
	helper.Answer("/token", token(map[string]any{"access_token": w.as.Token(w.resource, "mcp:read")}))
	w.mustCall(w.transport(keep), "read")
	w.wantCount("elsewhere POST /token failed", 0)
	if n := len(w.asked()); n != 2 {
		t.Errorf("%d authorizations, want 2", n)
	}
}

// C11: the code and the client's registration are not carried along redirects.
func TestC11RedirectsOfEndpoints(t *testing.T) {
	for _, path := range []string{"/token", "/register"} {
		for _, code := range []int{301, 302, 303, 307, 308} {
			w := start(t)
			w.as.Answer(path, http.RedirectHandler(w.base+"/evil", code))
			if _, err := w.call(w.transport(), "read"); err == nil {
				t.Errorf("%s: a redirect %d was taken for an answer", path, code)
			}
			if len(w.wire.find("R POST /evil"))+len(w.wire.find("R GET /evil")) > 0 {
				t.Errorf("%s: a redirect %d was followed", path, code)
			}
		}
	}
}
