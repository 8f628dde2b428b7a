package client_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/client"
)

const (
	wellKnown   = "/.well-known/oauth-protected-resource"
	asWellKnown = "/.well-known/oauth-authorization-server"
	openID      = "/.well-known/openid-configuration"
)

// C1: the first request goes out bare, the flow runs once, and the very same
// request is sent again.
func TestC1FirstRequestIsAuthorizedAndReplayed(t *testing.T) {
	w := start(t)
	transport := w.transport()
	got, err := w.send(transport, http.MethodPost, w.resource, callOf("read"), "X-Mine", "kept")
	if err != nil || got.status != http.StatusOK || got.body != "POST by alice: "+callOf("read") {
		t.Fatalf("status %d, body %q, error %v", got.status, got.body, err)
	}
	w.wantLog(
		"R POST /mcp 401",
		"R GET "+wellKnown+"/mcp 200",
		"AS GET "+asWellKnown+" 200",
		"AS POST /register 201",
		"browser GET /authorize 303",
		"browser GET /callback 200",
		"AS POST /token 200",
		"R POST /mcp 200",
	)
	sent := w.wire.find("R POST /mcp")
	if sent[0].authorization != "" || !strings.HasPrefix(sent[1].authorization, "Bearer ") {
		t.Error("the first request has a token, or the second has none")
	}
	if sent[0].body != sent[1].body {
		t.Errorf("the body was %q, then %q", sent[0].body, sent[1].body)
	}
	w.mustCall(transport, "read")
	w.wantCount("AS POST /token 200", 1)
}

// C1: what the caller hands in and gets back shows no token.
func TestC1CallersRequestIsLeftAlone(t *testing.T) {
	w := start(t)
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.resource, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if len(r.Header) != 0 || resp.Request != r {
		t.Errorf("the request's header is %v; the response is to it: %v", r.Header, resp.Request == r)
	}
}

// C1: any other answer comes back as it is, after one request.
func TestC1OtherAnswersAreUntouched(t *testing.T) {
	w := start(t)
	for _, code := range []int{200, 204, 302, 400, 404, 407, 500, 503} {
		w.set("/mcp", status(code))
		w.wire.forget()
		if got, err := w.call(w.transport(), "read"); err != nil || got.status != code {
			t.Errorf("status %d, error %v, want %d", got.status, err, code)
		}
		if n := len(w.wire.log()); n != 1 {
			t.Errorf("%d requests for an answer with status %d:\n%s", n, code, w.wire)
		}
	}
}

// C1: a request with credentials of its own is the caller's business.
func TestC1OwnAuthorizationIsRespected(t *testing.T) {
	w := start(t)
	got, err := w.send(w.transport(), http.MethodPost, w.resource, callOf("read"), "Authorization", "Bearer mine")
	if err != nil || got.status != http.StatusUnauthorized {
		t.Errorf("status %d, error %v, want the server's own 401", got.status, err)
	}
	w.wantLog("R POST /mcp 401")
}

// C1: a request that has no header at all gets one.
func TestC1RequestWithoutHeader(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.wire.forget()
	at, err := url.Parse(w.resource)
	must(t, err)
	resp, err := transport.RoundTrip((&http.Request{Method: http.MethodGet, URL: at}).WithContext(w.ctx))
	must(t, err)
	must(t, resp.Body.Close())
	if sent := w.wire.find("R GET /mcp"); len(sent) != 1 || sent[0].authorization == "" {
		t.Errorf("on the wire:\n%s", w.wire)
	}
}

// C1: a challenge whose body doesn't end is met all the same.
func TestC1ChallengeWithoutEnd(t *testing.T) {
	w := start(t)
	gate := w.gate()
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			gate.ServeHTTP(rw, r)
			return
		}
		rw.WriteHeader(http.StatusUnauthorized)
		_ = http.NewResponseController(rw).Flush()
		<-r.Context().Done()
	}))
	w.mustCall(w.transport(), "read")
}

// C1: a server that refuses every token gets no more than one authorization.
func TestC1EndlessRefusalEnds(t *testing.T) {
	w := start(t)
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("WWW-Authenticate", `Bearer scope="mcp:read", error="invalid_token", error_description="no token is good"`)
		rw.WriteHeader(http.StatusUnauthorized)
	}))
	got, err := w.call(w.transport(), "read")
	if err != nil || got.status != http.StatusUnauthorized {
		t.Fatalf("status %d, error %v, want the server's own 401", got.status, err)
	}
	w.wantCount("browser GET /callback 200", 1)
	if refused := client.Refused(got.resp); refused == nil || refused.Code != "invalid_token" || refused.Description != "no token is good" || refused.Status != 401 {
		t.Errorf("the refusal is %+v", refused)
	}
}

// C2: the order of places, and what each answer does.
func TestC2MetadataPlaces(t *testing.T) {
	good := func(w *world) http.Handler {
		return document(map[string]any{
			"resource": w.resource, "authorization_servers": []string{w.as.Issuer()}, "scopes_supported": []string{"mcp:read"},
		})
	}
	for _, row := range []struct {
		name      string
		challenge func(w *world) string // resource_metadata
		answers   map[string]http.Handler
		places    []string
		fails     bool
	}{
		{"no challenge, path", nil, map[string]http.Handler{wellKnown + "/mcp": nil}, []string{wellKnown + "/mcp"}, false},
		{"no challenge, root", nil, map[string]http.Handler{wellKnown + "/mcp": status(404), wellKnown: nil}, []string{wellKnown + "/mcp", wellKnown}, false},
		{"not JSON, then root", nil, map[string]http.Handler{
			wellKnown + "/mcp": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<!doctype html>")) }), wellKnown: nil,
		}, []string{wellKnown + "/mcp", wellKnown}, false},
		{"challenge first", func(w *world) string { return w.base + "/elsewhere" }, map[string]http.Handler{"/elsewhere": nil}, []string{"/elsewhere"}, false},
		{"challenge, then path", func(w *world) string { return w.base + "/elsewhere" }, map[string]http.Handler{
			"/elsewhere": status(404), wellKnown + "/mcp": nil,
		}, []string{"/elsewhere", wellKnown + "/mcp"}, false},
		{"of another origin", func(w *world) string { return w.as.Issuer() + "/prm" }, map[string]http.Handler{wellKnown + "/mcp": nil}, []string{wellKnown + "/mcp"}, false},
		{"user information", func(w *world) string { return strings.Replace(w.base, "//", "//me:pass@", 1) + "/x" }, map[string]http.Handler{wellKnown + "/mcp": nil}, []string{wellKnown + "/mcp"}, false},
		{"5xx stops", nil, map[string]http.Handler{wellKnown + "/mcp": status(500), wellKnown: nil}, []string{wellKnown + "/mcp"}, true},
		{"nowhere", nil, map[string]http.Handler{wellKnown + "/mcp": status(404), wellKnown: status(404)}, []string{wellKnown + "/mcp", wellKnown}, true},
		{"redirect elsewhere", nil, map[string]http.Handler{
			wellKnown + "/mcp": http.RedirectHandler("http://localhost:1/evil", http.StatusFound), wellKnown: nil,
		}, []string{wellKnown + "/mcp"}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := start(t)
			header := "Bearer"
			if row.challenge != nil {
				header = `Bearer resource_metadata="` + row.challenge(w) + `"`
			}
			w.challengeFirst(header)
			for path, h := range row.answers {
				if h == nil {
					h = good(w)
				}
				w.set(path, h)
			}
			if row.fails {
				w.wantFailure(w.transport(), "protected resource metadata")
				w.wantCount("AS GET "+asWellKnown+" 200", 0)
			} else {
				w.mustCall(w.transport(), "read")
			}
			var places []string
			for _, e := range w.wire.find("R GET ") {
				places = append(places, e.url.Path)
			}
			if strings.Join(places, " ") != strings.Join(row.places, " ") {
				t.Errorf("asked at %q, want %q", places, row.places)
			}
		})
	}
}

// challengeFirst makes the resource answer bare requests with this challenge,
// and others as ever.
func (w *world) challengeFirst(header ...string) {
	gate := w.gate()
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			rw.Header()["Www-Authenticate"] = header
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		gate.ServeHTTP(rw, r)
	}))
}

// C2: metadata that speaks for someone else stops everything.
func TestC2ResourceMustCoverTheServer(t *testing.T) {
	for name, row := range map[string]struct {
		resource func(w *world) string
		covers   bool
	}{
		"itself":               {func(w *world) string { return w.resource }, true},
		"the origin":           {func(w *world) string { return w.base }, true},
		"the origin's root":    {func(w *world) string { return w.base + "/" }, true},
		"another origin":       {func(*world) string { return "https://evil.example/mcp" }, false},
		"another port":         {func(*world) string { return "http://127.0.0.1:1/mcp" }, false},
		"another scheme":       {func(w *world) string { return strings.Replace(w.resource, "http:", "https:", 1) }, false},
		"another path":         {func(w *world) string { return w.base + "/other" }, false},
		"a longer path":        {func(w *world) string { return w.resource + "/more" }, false},
		"part of a segment":    {func(w *world) string { return w.base + "/mc" }, false},
		"a slash at the end":   {func(w *world) string { return w.resource + "/" }, false},
		"user information":     {func(w *world) string { return strings.Replace(w.resource, "//", "//u@", 1) }, false},
		"a fragment":           {func(w *world) string { return w.resource + "#x" }, false},
		"a query":              {func(w *world) string { return w.resource + "?x" }, false},
		"nothing":              {func(*world) string { return "" }, false},
		"no URL":               {func(*world) string { return "http://%zz" }, false},
		"the prefix as a host": {func(w *world) string { return w.base + ".evil.example/mcp" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.set(wellKnown+"/mcp", document(map[string]any{
				"resource": row.resource(w), "authorization_servers": []string{w.as.Issuer()}, "scopes_supported": []string{"mcp:read"},
			}))
			if !row.covers {
				w.wantFailure(w.transport(), "protected resource metadata")
				w.wantLog("R POST /mcp 401", "R GET "+wellKnown+"/mcp 200")
				return
			}
			// The token is for what the metadata names; whether the gate takes
			// that is another matter.
			if _, err := w.call(w.transport(), "read"); err != nil {
				t.Fatal(err)
			}
			if got := w.wire.find("AS POST /token")[0].form.Get("resource"); got != row.resource(w) {
				t.Errorf("resource %q was asked for, want %q", got, row.resource(w))
			}
		})
	}
}

// C2: the metadata must name an authorization server.
func TestC2NoAuthorizationServer(t *testing.T) {
	w := start(t)
	w.set(wellKnown+"/mcp", document(map[string]any{"resource": w.resource}))
	w.wantFailure(w.transport(), "protected resource metadata")
}

// C3: the order of places, 4xx leads on, anything else stops.
func TestC3AuthorizationServerMetadata(t *testing.T) {
	w := start(t)
	w.as.Answer(asWellKnown, status(404))
	w.mustCall(w.transport(), "read")
	w.wantCount("AS GET "+asWellKnown+" 404", 1)
	w.wantCount("AS GET "+openID+" 200", 1)

	w.as.Answer(asWellKnown, status(500))
	w.wire.forget()
	if e := w.mustFail(w.transport(), "authorization server metadata"); e.Issuer != w.as.Issuer() {
		t.Errorf("the error is about %q", e.Issuer)
	}
	w.wantLog("R POST /mcp 401", "R GET "+wellKnown+"/mcp 200", "AS GET "+asWellKnown+" 500")
}

// C3, C4, C11: metadata that must not be believed, or offers too little.
func TestC3C4HostileServerMetadata(t *testing.T) {
	for name, edit := range map[string]func(map[string]any){
		"C3 another issuer":             func(m map[string]any) { m["issuer"] = "https://evil.example" },
		"C3 issuer with a slash":        func(m map[string]any) { m["issuer"] = m["issuer"].(string) + "/" },
		"C3 no issuer":                  func(m map[string]any) { delete(m, "issuer") },
		"C4 no PKCE":                    func(m map[string]any) { delete(m, "code_challenge_methods_supported") },
		"C4 plain PKCE only":            func(m map[string]any) { m["code_challenge_methods_supported"] = []string{"plain"} },
		"C4 empty list":                 func(m map[string]any) { m["code_challenge_methods_supported"] = []string{} },
		"C11 plain http token endpoint": func(m map[string]any) { m["token_endpoint"] = "http://evil.example/token" },
		"C11 plain http authorize":      func(m map[string]any) { m["authorization_endpoint"] = "http://evil.example/a" },
		"C11 script":                    func(m map[string]any) { m["authorization_endpoint"] = "javascript:alert(1)" },
		"C11 file":                      func(m map[string]any) { m["authorization_endpoint"] = "file:///etc/passwd" },
		"C11 user information":          func(m map[string]any) { m["token_endpoint"] = "https://a:b@evil.example/token" },
		"C11 no token endpoint":         func(m map[string]any) { delete(m, "token_endpoint") },
		"C11 no authorization endpoint": func(m map[string]any) { delete(m, "authorization_endpoint") },
		"C11 Token_Endpoint beside it":  func(m map[string]any) { m["Token_Endpoint"] = "https://evil.example/token" },
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.as.EditMetadata(edit)
			e := w.mustFail(w.transport(), "authorization server metadata")
			if !strings.HasPrefix(name, "C11") && !errors.Is(e, client.ErrUntrusted) {
				t.Errorf("the error is %v", e)
			}
			w.wantLog("R POST /mcp 401", "R GET "+wellKnown+"/mcp 200", "AS GET "+asWellKnown+" 200")
		})
	}
}

// C3: an issuer that is no issuer, or isn't asked in the clear.
func TestC3HostileIssuers(t *testing.T) {
	for _, issuer := range []string{"", "evil", "http://evil.example", "file:///etc", "https://as.example?x", "https://u:p@as.example", "https://as.example\r\n"} {
		w := start(t)
		w.set(wellKnown+"/mcp", document(map[string]any{"resource": w.resource, "authorization_servers": []string{issuer}}))
		w.wantFailure(w.transport(), "authorization server metadata")
		w.wantLog("R POST /mcp 401", "R GET "+wellKnown+"/mcp 200")
	}
}
