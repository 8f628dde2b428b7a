package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// stranger is another server, which notes what it is sent.
func (w *world) stranger() (origin string, tokens *[]string) {
	w.Helper()
	tokens = new([]string)
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		*tokens = append(*tokens, r.Header.Get("Authorization"))
		rw.Header().Set("WWW-Authenticate", `Bearer scope="mcp:read"`)
		rw.WriteHeader(http.StatusUnauthorized)
	}))
	w.Cleanup(s.Close)
	return s.URL, tokens
}

// C15: the token goes to the resource's origin, and along no redirect to
// another one, whose challenges are not met either.
func TestC15TokenStaysAtItsOrigin(t *testing.T) {
	w := start(t)
	evil, tokens := w.stranger()
	transport := w.transport()
	w.mustCall(transport, "read")
	plain := &http.Client{Transport: transport}
	for _, code := range []int{301, 302, 303, 307, 308} {
		w.set("/mcp", http.RedirectHandler(evil+"/mcp", code))
		resp, err := plain.Post(w.resource, "application/json", strings.NewReader("{}"))
		must(t, err)
		must(t, resp.Body.Close())
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("status %d, want the stranger's 401", resp.StatusCode)
		}
	}
	for _, target := range []string{evil + "/mcp", strings.Replace(evil, "127.0.0.1", "localhost", 1)} {
		if got, err := w.send(transport, http.MethodGet, target, ""); err != nil || got.status != http.StatusUnauthorized {
			t.Errorf("status %d, error %v", got.status, err)
		}
	}
	if len(*tokens) != 7 || slices.ContainsFunc(*tokens, func(s string) bool { return s != "" }) {
		t.Errorf("%d requests came, with tokens %v", len(*tokens), slices.ContainsFunc(*tokens, func(s string) bool { return s != "" }))
	}
	if n := len(w.asked()); n != 1 {
		t.Errorf("%d authorizations, want 1", n)
	}
}

// C15: within the origin a redirect is followed with the token; the default
// port is one with none.
func TestC15SameOrigin(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.set("/moved", http.RedirectHandler("/mcp", http.StatusTemporaryRedirect))
	plain := &http.Client{Transport: transport}
	resp, err := plain.Post(w.base+"/moved", "application/json", strings.NewReader(callOf("read")))
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), "POST by alice") {
		t.Errorf("status %d, body %q, error %v", resp.StatusCode, body, err)
	}

	var seen []string
	https, err := client.New(client.Config{Resource: "https://mcp.example:443/mcp", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.URL.String())
		rec := httptest.NewRecorder()
		switch r.URL.Path {
		case wellKnown + "/mcp":
			document(map[string]any{"resource": "https://mcp.example/mcp", "authorization_servers": []string{"https://as.example"}}).ServeHTTP(rec, r)
		case asWellKnown:
			rec.WriteHeader(http.StatusInternalServerError)
		default:
			rec.WriteHeader(http.StatusUnauthorized)
		}
		return rec.Result(), nil
	})})
	must(t, err)
	_, err = w.send(https, http.MethodGet, "https://mcp.example/mcp", "")
	if e := asError(t, err); e.Stage != "authorization server metadata" {
		t.Errorf("the error is %v after %q", e, seen)
	}
}

// C3, C11: a resource that is elsewhere has nothing asked of what listens on the
// user's own machine, neither as an issuer nor as an endpoint.
func TestC3ResourceElsewhereNamesThisMachine(t *testing.T) {
	for name, row := range map[string]struct{ issuer, member string }{
		"issuer":                {issuer: "http://127.0.0.1:1"},
		"registration endpoint": {issuer: "https://as.example", member: "registration_endpoint"},
		"token endpoint":        {issuer: "https://as.example", member: "token_endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			meta := map[string]any{
				"issuer": row.issuer, "authorization_endpoint": "https://as.example/authorize", "token_endpoint": "https://as.example/token",
				"registration_endpoint": "https://as.example/register", "code_challenge_methods_supported": []string{"S256"},
			}
			if row.member != "" {
				meta[row.member] = "http://localhost:1/x"
			}
			transport, err := client.New(client.Config{Resource: "https://mcp.example/mcp", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.Host)
				rec := httptest.NewRecorder()
				switch r.URL.Path {
				case wellKnown + "/mcp":
					document(map[string]any{"resource": "https://mcp.example/mcp", "authorization_servers": []string{row.issuer}}).ServeHTTP(rec, r)
				case asWellKnown:
					document(meta).ServeHTTP(rec, r)
				default:
					rec.WriteHeader(http.StatusUnauthorized)
				}
				return rec.Result(), nil
			})})
			must(t, err)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://mcp.example/mcp", nil)
			must(t, err)
			resp, err := transport.RoundTrip(r)
			if resp != nil {
				must(t, resp.Body.Close())
			}
			if e := asError(t, err); e.Stage != "authorization server metadata" || !strings.Contains(e.Error(), "loopback") {
				t.Errorf("the error is %v", e)
			}
			if slices.ContainsFunc(asked, func(host string) bool { return !strings.HasSuffix(host, ".example") }) {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

// C14: only the Bearer challenge's parameters count, in any case and anywhere
// among others; what breaks the grammar counts for nothing.
func TestC14Challenges(t *testing.T) {
	for name, row := range map[string]struct {
		header []string
		scope  string // asked for; the metadata lists "listed"
		bare   bool   // the 401 is the caller's
	}{
		"any case":           {header: []string{`bEaReR SCOPE="a"`}, scope: "a"},
		"among others":       {header: []string{`Basic realm="x", scope="no", Bearer scope="a", Digest nonce="y", scope="no"`}, scope: "a"},
		"in several fields":  {header: []string{`Negotiate abc=`, `Bearer scope="a"`}, scope: "a"},
		"quoted pairs":       {header: []string{`Bearer error_description="say \"scope=\\\"evil\\\"\"", scope="a\b"`}, scope: "ab"},
		"a token":            {header: []string{`Bearer scope=a`}, scope: "a"},
		"scope in a string":  {header: []string{`Bearer realm="scope=evil, Bearer scope=\"evil\""`}, scope: "listed"},
		"first of two":       {header: []string{`Bearer scope="a", Bearer scope="b"`}, scope: "a"},
		"none":               {scope: "listed"},
		"no Bearer":          {header: []string{`Basic realm="x"`}, bare: true},
		"twice":              {header: []string{`Bearer scope="evil", scope="a"`}, scope: "listed"},
		"no end":             {header: []string{`Bearer scope="evil`}, scope: "listed"},
		"half of it":         {header: []string{`Bearer scope="evil", ="`}, scope: "listed"},
		"URL without quotes": {header: []string{`Bearer resource_metadata=https://evil.example/x, scope="evil"`}, scope: "listed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == "" {
					rw.Header()["Www-Authenticate"] = row.header
					rw.WriteHeader(http.StatusUnauthorized)
				}
			}))
			w.set(wellKnown+"/mcp", document(map[string]any{
				"resource": w.resource, "authorization_servers": []string{w.as.Issuer()}, "scopes_supported": []string{"listed"},
			}))
			got, err := w.call(w.transport(func(c *client.Config) { c.NoRefresh = true }), "read")
			if row.bare {
				if err != nil || got.status != http.StatusUnauthorized {
					t.Errorf("status %d, error %v", got.status, err)
				}
				w.wantLog("R POST /mcp 401")
				return
			}
			if err != nil || strings.Join(w.asked(), "|") != row.scope {
				t.Errorf("asked for %q, want %q, error %v", w.asked(), row.scope, err)
			}
		})
	}
}

// C18: errors are typed, carry what was said in a form fit for a terminal, and
// no secret.
func TestC18Errors(t *testing.T) {
	w := start(t)
	long := "\x1b[31mred\u202e " + strings.Repeat("x", 5000)
	w.as.Answer("/token", refusal(400, "invalid_grant", long))
	e := w.mustFail(w.transport(), "token request")
	if e.Code != "invalid_grant" || e.Status != 400 || e.Issuer != w.as.Issuer() {
		t.Errorf("the error is %+v", e)
	}
	if !strings.HasPrefix(e.Description, "[31mred xxx") || len(e.Description) > 600 {
		t.Errorf("the description has %d bytes: %.20q", len(e.Description), e.Description)
	}
	sent := w.wire.find("AS POST /token")[0].form
	for _, name := range []string{"code", "code_verifier"} {
		if secret := sent.Get(name); secret == "" || strings.Contains(fmt.Sprintf("%v %+v", e, e), secret) {
			t.Errorf("the error repeats the %s", name)
		}
	}
	for _, printed := range []string{
		fmt.Sprintf("%v %+v %#v", client.Token{AccessToken: "s3cret", RefreshToken: "s3cret"}, client.State{Token: &client.Token{AccessToken: "s3cret"}}, client.Token{AccessToken: "s3cret"}),
		fmt.Sprintf("%v %#v", client.Registration{ClientSecret: "s3cret"}, client.Registration{ClientSecret: "s3cret"}),
		fmt.Sprintf("%v %#v", client.Config{Credentials: client.Credentials{Secret: "s3cret"}}, client.Credentials{Secret: "s3cret"}),
	} {
		if strings.Contains(printed, "s3cret") {
			t.Errorf("printed: %s", printed)
		}
	}
}

// C18: what a server names is kept out of errors and addresses, if it is more
// than a URL or has in it what no URL has.
func TestC18ServersChoiceOfURLs(t *testing.T) {
	for name, row := range map[string]string{"control": "/a\u009b31m", "direction": "/a\u202e", "length": "/" + strings.Repeat("a", 900_000)} {
		t.Run(name, func(t *testing.T) {
			for _, member := range []string{"issuer", "authorization_endpoint", "registration_endpoint"} {
				w := start(t)
				if member == "issuer" {
					w.set(wellKnown+"/mcp", document(map[string]any{"resource": w.resource, "authorization_servers": []string{w.as.Issuer() + row}}))
				} else {
					w.as.EditMetadata(func(m map[string]any) { m[member] = w.as.Issuer() + row })
				}
				e := w.mustFail(w.transport(), "authorization server metadata")
				if text := e.Error(); len(text) > 2000 || strings.ContainsAny(text, "\u009b\u202e") {
					t.Errorf("%s: the error has %d bytes: %.200q", member, len(text), text)
				}
			}
		})
	}
	w := start(t)
	w.challengeFirst(`Bearer resource_metadata="` + w.base + "/\u202e" + `", scope="mcp:read"`)
	w.mustCall(w.transport(), "read")
}

// C18: a hook's own error is the cause.
func TestC18HookErrors(t *testing.T) {
	w := start(t)
	var page *url.URL
	_, err := w.call(w.transport(func(c *client.Config) { c.Redirect = w.spy(&page) }), "read")
	if e := asError(t, err); !errors.Is(e, errSeen) {
		t.Errorf("the cause is %v", e.Unwrap())
	}
	for name, receive := range map[string]func(context.Context, string) (*client.Reception, error){
		"error":   func(context.Context, string) (*client.Reception, error) { return nil, errSeen },
		"nothing": func(context.Context, string) (*client.Reception, error) { return nil, nil },
		"half": func(context.Context, string) (*client.Reception, error) {
			return &client.Reception{RedirectURI: "x"}, nil
		},
	} {
		if e := w.mustFail(w.transport(func(c *client.Config) { c.Receive = receive }), "authorization"); e.Err == nil {
			t.Errorf("%s: no cause", name)
		}
	}
}
