package core_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// setUp is a running service with its authorization server, whole unless a test
// breaks it.
type setUp struct {
	as     *authtest.Server
	app    *httptest.Server
	config core.Config
	// before stands before the service, as a proxy does; nil for none.
	before func(next http.Handler) http.Handler
}

func newSetUp(t *testing.T) *setUp {
	t.Helper()
	s := &setUp{
		as: authtest.NewServer(t, func(c *devissuer.Config) { c.Scopes = []string{"a", "b"} }),
	}
	s.app = httptest.NewUnstartedServer(nil)
	s.config = core.Config{
		Resource:             "http://" + s.app.Listener.Addr().String() + "/mcp",
		AuthorizationServers: []string{s.as.Issuer()},
		Issuers:              []core.Issuer{{URL: s.as.Issuer()}},
		Scopes:               []string{"a", "b"},
		Logger:               slog.New(slog.DiscardHandler),
	}
	return s
}

// run starts the service.
func (s *setUp) run(t *testing.T, ctx context.Context) *core.ResourceServer { //nolint:revive // t comes first
	t.Helper()
	rs, err := core.New(ctx, s.config)
	if err != nil {
		s.app.Close()
		t.Fatal(err)
	}
	service := rs.InFront(nil, http.NotFoundHandler())
	if s.before != nil {
		service = s.before(service)
	}
	s.app.Config.Handler = service
	s.app.Start()
	t.Cleanup(s.app.Close)
	return rs
}

// at answers one path in place of the service.
func at(path string, h http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				h(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// TestCheckNamesFaultAndCure breaks a set-up in one way each. A finding must name
// the very fault, and what to change.
func TestCheckNamesFaultAndCure(t *testing.T) {
	const metadata = "/.well-known/oauth-protected-resource/mcp"
	without := func(members ...string) func(*setUp) {
		return func(s *setUp) {
			s.as.EditMetadata(func(m map[string]any) {
				for _, name := range members {
					delete(m, name)
				}
			})
		}
	}
	introspecting := func(s *setUp) {
		s.config.Issuers[0].Introspection = &core.Introspection{ClientID: authtest.ClientID, ClientSecret: authtest.ClientSecret, OpaqueOnly: true}
	}
	for name, c := range map[string]struct {
		spoil   func(*setUp)
		codes   string
		problem string
		fix     string
	}{
		"nothing":                    {func(*setUp) {}, "", "", ""},
		"nothing with introspection": {introspecting, "", "", ""},
		"issuer with a slash too many": {func(s *setUp) {
			s.config.AuthorizationServers[0] += "/"
		}, "issuer_spelling", "calls itself", "AuthorizationServers"},
		"trusted in another spelling": {func(s *setUp) {
			s.config.Issuers[0] = core.Issuer{URL: s.as.Issuer() + "/", JWKSURL: s.as.Issuer() + "/jwks.json"}
		}, "issuer_spelling", "another spelling", "Issuers[].URL"},
		"no S256": {without("code_challenge_methods_supported"), "no_pkce", "S256", "switch PKCE on"},
		"plain PKCE": {func(s *setUp) {
			s.as.EditMetadata(func(m map[string]any) { m["code_challenge_methods_supported"] = []string{"plain"} })
		}, "no_pkce", "S256", "switch PKCE on"},
		"no way to register": {without("registration_endpoint", "client_id_metadata_document_supported"), "no_registration", "dynamic client registration", "register each client by hand"},
		"no code flow":       {without("authorization_endpoint"), "no_code_flow", "authorization_endpoint", "authorization code flow"},
		"no code grant": {func(s *setUp) {
			s.as.EditMetadata(func(m map[string]any) { m["grant_types_supported"] = []string{"client_credentials"} })
		}, "no_code_flow", "authorization code flow", "advertise a server that has it"},
		"scopes that nobody issues": {func(s *setUp) {
			s.config.Policy.Tools = map[string]core.Requirement{"purge": core.Scopes("c")}
		}, "scope_not_offered", `"c"`, "spelling"},
		"scopes of OpenID Connect alone, which say nothing": {func(s *setUp) {
			s.as.EditMetadata(func(m map[string]any) { m["scopes_supported"] = []string{"openid", "offline_access"} })
		}, "", "", ""},
		"key set gone":  {func(s *setUp) { s.as.Answer("/jwks.json", http.NotFoundHandler()) }, "keys_unavailable", "404", "Issuer.JWKSURL"},
		"key set empty": {func(s *setUp) { s.as.Answer("/jwks.json", answering(200, `{"keys":[]}`)) }, "keys_unavailable", "none of its 0 keys", "key set"},
		"server down": {func(s *setUp) {
			s.as.Down()
		}, "keys_unavailable server_unreachable", "can't find the metadata", "start it"},
		"metadata not routed": {func(s *setUp) { s.before = at(metadata, http.NotFound) }, "metadata_unreachable", "404", "Config.MetadataURL"},
		"metadata behind authorization": {func(s *setUp) {
			s.before = at(metadata, answering(http.StatusUnauthorized, ""))
		}, "metadata_unreachable", "401", "public"},
		"a page in its place":                  {func(s *setUp) { s.before = at(metadata, answering(200, "<html>")) }, "metadata_differs", "no protected resource metadata", "catch-all"},
		"of another resource":                  {func(s *setUp) { s.before = at(metadata, answering(200, `{"resource":"https://x.example"}`)) }, "metadata_differs", `"https://x.example"`, "Config.Resource"},
		"an older document":                    {func(s *setUp) { s.before = at(metadata, answering(200, `{"resource":"`+s.config.Resource+`"}`)) }, "metadata_differs", "another document", "cache"},
		"endpoint elsewhere":                   {func(s *setUp) { s.before = at("/mcp", http.NotFound) }, "endpoint_unreachable", "404", "Config.Path"},
		"endpoint unprotected":                 {func(s *setUp) { s.before = at("/mcp", answering(200, "{}")) }, "endpoint_unprotected", "without a token", "ResourceServer.Handler"},
		"endpoint unprotected, for POST alone": {func(s *setUp) { s.before = at("/mcp", answering(405, "")) }, "endpoint_unprotected", "status 405", "ResourceServer.Handler"},
		"endpoint unprotected, with a stream": {func(s *setUp) {
			s.before = at("/mcp", func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusOK)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
		}, "endpoint_unprotected", "status 200", "ResourceServer.Handler"},
		"endpoint behind a redirect": {func(s *setUp) {
			s.before = at("/mcp", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/mcp/", http.StatusMovedPermanently)
			})
		}, "endpoint_unreachable", "status 301", "Config.Path"},
		"challenge stripped": {func(s *setUp) { s.before = at("/mcp", answering(401, "")) }, "challenge_lost", "challenge", "WWW-Authenticate"},
		"nobody advertised": {func(s *setUp) {
			s.config.AuthorizationServers, s.config.Issuers = nil, nil
			s.config.Verifiers = []core.Verifier{nobody{}}
		}, "no_authorization_server", "can't get a token", "Config.AuthorizationServers"},
		"introspection refused": {func(s *setUp) { introspecting(s); s.config.Issuers[0].Introspection.ClientSecret = "wrong" }, "introspection_refused", "refuses to tell", "Introspection.ClientID"},
		"introspection down": {func(s *setUp) {
			introspecting(s)
			s.as.Answer("/introspect", answering(http.StatusBadGateway, ""))
		}, "introspection_unavailable", "502", "Introspection.Endpoint"},
		"introspection takes all": {func(s *setUp) {
			introspecting(s)
			s.as.Answer("/introspect", answering(http.StatusOK, `{"active":true}`))
		}, "introspection_open", "nobody ever issued", "Introspection.Endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetUp(t)
			c.spoil(s)
			found := s.run(t, t.Context()).Check(t.Context())
			var codes []string
			for _, f := range found {
				codes = append(codes, f.Code)
			}
			slices.Sort(codes)
			if got := strings.Join(codes, " "); got != c.codes {
				t.Fatalf("found %q, want %q: %v", got, c.codes, found)
			}
			if c.codes == "" {
				return
			}
			if !slices.ContainsFunc(found, func(f core.Finding) bool {
				return strings.Contains(f.Problem, c.problem) && strings.Contains(f.Fix, c.fix)
			}) {
				t.Errorf("no finding says %q and %q: %v", c.problem, c.fix, found)
			}
		})
	}
}

// nobody is a verifier whose token nothing is.
type nobody struct{}

func (nobody) Verify(context.Context, string) (core.Principal, error) {
	return core.Principal{}, core.ErrNotMine
}

// CheckAfter logs what is found, once its time has come.
func TestCheckAfter(t *testing.T) {
	s := newSetUp(t)
	s.as.EditMetadata(func(m map[string]any) { delete(m, "code_challenge_methods_supported") })
	told := make(chan string, 10)
	s.config.Logger = slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		if strings.Contains(string(p), "check: ") {
			told <- string(p)
		}
		return len(p), nil
	}), nil))
	s.config.CheckAfter = 10 * time.Second
	manual := environ.NewManual(loggedTime())
	clock, waiting := manual.Clock(), make(chan struct{}, 10)
	s.run(t, environ.With(t.Context(), environ.Clock{Now: clock.Now, Timer: func(d time.Duration) (<-chan time.Time, func()) {
		defer func() { waiting <- struct{}{} }()
		return clock.Timer(d)
	}}))
	// The key worker's pause and the check's are two timers.
	<-waiting
	<-waiting
	select {
	case line := <-told:
		t.Errorf("before its time it logged %s", line)
	default:
	}
	manual.Advance(10 * time.Second)
	line := <-told
	if !strings.Contains(line, "level=WARN") || !strings.Contains(line, "code=no_pkce") || !strings.Contains(line, "fix=") {
		t.Errorf("logged %s", line)
	}
}

// A transport that panics in the background doesn't end the process.
func TestCheckAfterWithABrokenTransport(t *testing.T) {
	s := newSetUp(t)
	told := make(chan string, 10)
	s.config.Issuers, s.config.AuthorizationServers, s.config.Verifiers = nil, nil, []core.Verifier{nobody{}}
	s.config.HTTPClient = &http.Client{Transport: brokenTransport{}}
	s.config.Logger = slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		told <- string(p)
		return len(p), nil
	}), nil))
	s.config.CheckAfter = time.Nanosecond
	s.run(t, t.Context())
	if line := <-told; !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "Config.HTTPClient") {
		t.Errorf("logged %s", line)
	}
}

type brokenTransport struct{}

func (brokenTransport) RoundTrip(*http.Request) (*http.Response, error) { panic("no transport") }

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// A finding is a sentence of what will not work, and what to do about it.
func ExampleFinding() {
	fmt.Println(core.Finding{
		Code:    "no_pkce",
		Problem: `the metadata of "https://auth.example.com" don't list S256, so MCP clients refuse to go on`,
		Fix:     "switch PKCE on there",
	})
	// Output:
	// the metadata of "https://auth.example.com" don't list S256, so MCP clients refuse to go on: switch PKCE on there
}
