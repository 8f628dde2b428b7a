package core_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

const loggedResource = "https://mcp.example/mcp"

// logged serves one request with the token and returns the line that the log
// then has of it, without its time, and with the authorization server's address
// as {issuer}.
func logged(t *testing.T, as *authtest.Server, change func(*core.Config), token string) string {
	t.Helper()
	var out lines
	config := core.Config{
		Resource: loggedResource,
		Issuers:  []core.Issuer{{URL: as.Issuer()}},
		Scopes:   []string{"a"},
		Logger: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})),
	}
	if change != nil {
		change(&config)
	}
	clock := environ.NewManual(loggedTime())
	rs, err := core.New(environ.With(t.Context(), clock.Clock()), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if config.Issuers[0].Introspection == nil && config.Issuers[0].JWKSURL == "" {
		if err := rs.Ready(ctx); err != nil {
			t.Fatal(err)
		}
	}
	out.clear()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	rs.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(httptest.NewRecorder(), r)
	text := strings.TrimSuffix(strings.ReplaceAll(out.String(), as.Issuer(), "{issuer}"), "\n")
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, `msg="request `) {
			return line
		}
	}
	return text
}

func loggedTime() time.Time { return time.Date(2026, time.August, 1, 12, 0, 0, 0, time.UTC) }

// lines collects what is written, also from the key worker.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

var _ io.Writer = (*lines)(nil)

// TestEachRefusalIsOneTellingLine holds what a reader of the log alone sees: what
// was wrong, what was expected, and which setting cures it.
func TestEachRefusalIsOneTellingLine(t *testing.T) {
	as := authtest.NewServer(t, func(c *devissuer.Config) { c.Now = loggedTime })
	as.KeyID("RS256") // is made now, while nobody waits for it by a clock that stands still
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	const denied = `level=INFO msg="request denied" resource=https://mcp.example/mcp `
	const outage = `level=WARN msg="request denied" resource=https://mcp.example/mcp `
	good := authtest.Token{Audience: loggedResource, Scopes: []string{"a"}, Algorithm: "ES256"}
	with := func(claims map[string]any) string {
		token := good
		token.Claims = claims
		return as.Mint(token)
	}
	flawed := func(f authtest.Flaw) string {
		token := good
		token.Flaw = f
		return as.Mint(token)
	}
	introspecting := func(answer string, status int) func(*core.Config) {
		return func(c *core.Config) {
			as.Answer("/introspect", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, answer)
			}))
			c.Issuers[0].Introspection = &core.Introspection{Endpoint: as.Issuer() + "/introspect", ClientID: "me", ClientSecret: "the-secret"}
		}
	}
	for name, c := range map[string]struct {
		change func(*core.Config)
		token  string
		want   string
	}{
		"wrong audience": {nil, with(map[string]any{"aud": "https://other.example"}), denied +
			`reason=wrong_audience expected=https://mcp.example/mcp got=https://other.example hint="have the authorization server put the resource identifier into aud (RFC 8707), or list what it puts there in Issuer.Audiences" status=401`},
		"no audience": {nil, with(map[string]any{"aud": authtest.Absent}), denied +
			`reason=wrong_audience expected=https://mcp.example/mcp got="no audience" hint="have the authorization server put the resource identifier into aud (RFC 8707), or list what it puts there in Issuer.Audiences" status=401`},
		"wrong issuer": {nil, with(map[string]any{"iss": "https://other.example"}), denied +
			`reason=unknown_issuer expected={issuer} got=https://other.example hint="spell Issuers[].URL exactly as the token's iss, trailing slash included" status=401`},
		"trailing slash": {nil, with(map[string]any{"iss": as.Issuer() + "/"}), denied +
			`reason=unknown_issuer expected={issuer} got={issuer}/ hint="the token's iss differs from Issuers[].URL by the slash at its end; spell Issuers[].URL exactly as the token's iss, trailing slash included" status=401`},
		"expired": {nil, with(map[string]any{"exp": loggedTime().Add(-time.Minute).Unix()}), denied +
			`reason=expired expected="an expiry after 2026-08-01T12:00:00Z" got=2026-08-01T11:59:00Z hint="if the token is fresh, compare the clocks of both servers; Limits.ClockSkew bridges small differences" status=401`},
		"unknown key": {nil, as.Mint(authtest.Token{Audience: loggedResource, Algorithm: "ES256", KeyID: "rotated"}), denied +
			`reason=unknown_key expected="the id of a key for ES256 of {issuer}" got=rotated hint="the key set of the issuer has no key that verifies this token; was it issued by another server or tenant?" status=401`},
		"bad signature": {nil, flawed(authtest.TamperedSignature), denied +
			`reason=bad_signature expected="a signature by a key of {issuer}" got=another hint="the key set of the issuer has no key that verifies this token; was it issued by another server or tenant?" status=401`},
		"keys unreachable": {func(c *core.Config) { c.Issuers[0].JWKSURL = gone.URL }, with(nil), outage +
			`reason=keys_unavailable expected="the keys of {issuer}" got="{why}" hint="the issuer's metadata or key set can't be fetched; this heals by itself once it can" status=503`},
		"opaque where a JWT was expected": {nil, "opaque-0123456789", denied +
			`reason=not_a_jwt expected="a JWT of a trusted issuer" got="a token that is no JWT" hint="have the authorization server issue JWT access tokens for this resource (many need an API or audience to be set up first), or set Issuer.Introspection" status=401`},
		"encrypted": {nil, flawed(authtest.FiveSegments), denied +
			`reason=encrypted_token expected="a signed JWT" got="an encrypted one (JWE)" hint="switch off encryption of access tokens for this resource at the authorization server, or set Issuer.Introspection" status=401`},
		"ID token": {nil, with(map[string]any{"nonce": "x"}), denied +
			`reason=not_an_access_token expected="an access token" got="an ID token (nonce)" hint="the client must send its access token; an ID token or refresh token is none" status=401`},
		"missing scope": {nil, with(map[string]any{"scope": "b"}), denied +
			`reason=insufficient_scope expected="scopes a" got="a token without a" hint="the client can step up; if it never gets there, check that the authorization server may issue the scope to it" operation=tools/list issuer={issuer} client_id=test-client status=403`},
		"claim not allowed": {func(c *core.Config) { c.Issuers[0].Require = map[string][]string{"tid": {"one"}} }, with(map[string]any{"tid": "two"}), denied +
			`reason=claim_not_allowed expected="tid one" got=two hint="Issuer.Require asks for this claim; if the value is a good one, list it there" status=401`},
		"inactive": {introspecting(`{"active":false}`, http.StatusOK), "opaque-1", denied +
			`reason=inactive_token expected="a token that is active at {issuer}" got="active false" hint="the token was revoked, is over, or is none of the issuer's; the client gets a new one" status=401`},
		"introspection down": {introspecting(``, http.StatusBadGateway), "opaque-2", outage +
			`reason=introspection_unavailable expected="an introspection answer of {issuer}" got="POST {issuer}/introspect: status 502 instead of 200" hint="the introspection endpoint can't be reached or doesn't answer in its form; this heals by itself once it does" status=503`},
		"introspection refuses us": {introspecting(``, http.StatusUnauthorized), "opaque-3", outage +
			`reason=introspection_refused expected="an introspection answer of {issuer}" got="the introspection endpoint refuses this client with status 401" hint="check Introspection.ClientID, its secret or key and its AuthMethod, and that the issuer lets this client introspect; clients of the endpoint can do nothing about it" status=503`},
		"a provider's own hint": {
			func(c *core.Config) {
				c.Issuers[0].Hints = map[string]string{"wrong_audience": "set the audience in the console"}
			},
			with(map[string]any{"aud": "x"}), denied +
				`reason=wrong_audience expected=https://mcp.example/mcp got=x hint="set the audience in the console; have the authorization server put the resource identifier into aud (RFC 8707), or list what it puts there in Issuer.Audiences" status=401`,
		},
		"another provider's token": {
			func(c *core.Config) {
				c.Issuers[0].Hints = map[string]string{"unknown_issuer": "set the version in the manifest"}
			},
			with(map[string]any{"iss": "https://x.example"}), denied +
				`reason=unknown_issuer expected={issuer} got=https://x.example hint="set the version in the manifest; spell Issuers[].URL exactly as the token's iss, trailing slash included" status=401`,
		},
		"observed": {
			func(c *core.Config) { c.Issuers[0].ObserveAudience = true }, with(map[string]any{"aud": "x"}),
			`level=WARN msg="request let in, but would be denied without Issuer.ObserveAudience" resource=https://mcp.example/mcp ` +
				`observed=wrong_audience expected=https://mcp.example/mcp got=x hint="have the authorization server put the resource identifier into aud (RFC 8707), or list what it puts there in Issuer.Audiences" operation=tools/list issuer={issuer} client_id=test-client`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := logged(t, as, c.change, c.token)
			before, after, open := strings.Cut(c.want, "{why}") // the network's own words
			if !open && got != c.want || open && (!strings.HasPrefix(got, before) || !strings.HasSuffix(got, after)) {
				t.Errorf("logged\n%s\nwant\n%s", got, c.want)
			}
			if strings.Contains(got, "the-secret") || strings.Contains(got, c.token) {
				t.Error("the line holds a secret")
			}
		})
	}
}

// TestStrangersBeginNoLine: what a token says of itself can't pass for a line of the
// log, also where an app prints the denial by itself (security rules, around it).
func TestStrangersBeginNoLine(t *testing.T) {
	w := newReadyWorld(t)
	for _, kid := range []string{"x\nlevel=INFO msg=\"request let in\"", "x\r", "x\u202e", "x\u2028", "x\x1b[2J"} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+w.mint(func(t *authtest.Token) { t.Header = map[string]any{"kid": kid} }))
		_, err := w.rs.Authorize(r)
		if err == nil || strings.Contains(err.Error(), kid) || !strings.Contains(err.Error(), `got "x\`) {
			t.Errorf("%q: %v", kid, err)
		}
	}
}
