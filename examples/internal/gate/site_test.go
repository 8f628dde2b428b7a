package gate

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/echomcp"
	"github.com/mcpbearer/mcpbearer/ginmcp"
	"github.com/mcpbearer/mcpbearer/internal/cases"
	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/rawhttp"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

const (
	resource      = "https://notes.example/mcp"
	otherResource = "https://notes.example/other"

	baseScope  = "mcp:read"
	writeScope = "notes:write"
	bodyLimit  = 64 << 10
)

// mount adds an endpoint to the router of an adapter.
type mount func(rs *core.ResourceServer, mcp http.Handler) error

// adapter is one of the kit's, with a router of its framework.
type adapter struct {
	name string
	open func() (http.Handler, mount)
}

func adapters() []adapter {
	return []adapter{
		{"gin", func() (http.Handler, mount) {
			root := gin.New()
			return root, func(rs *core.ResourceServer, mcp http.Handler) error { return ginmcp.Mount(root, rs, mcp) }
		}},
		{"echo", func() (http.Handler, mount) {
			root := echo.New()
			return root, func(rs *core.ResourceServer, mcp http.Handler) error { return echomcp.Mount(root, rs, mcp) }
		}},
		{"chi", func() (http.Handler, mount) {
			root := chi.NewRouter()
			return root, func(rs *core.ResourceServer, mcp http.Handler) error { return chimcp.Mount(root, rs, mcp) }
		}},
		{"nethttp", func() (http.Handler, mount) {
			root := http.NewServeMux()
			return root, func(rs *core.ResourceServer, mcp http.Handler) error { return nethttp.Mount(root, rs, mcp) }
		}},
	}
}

// policy is that of most rows: the base scope for reading, notes:write for the
// rest, and for the tool read what its argument says.
func policy() core.Policy {
	return core.Policy{
		Tools: map[string]core.Requirement{
			"get_weather": core.Scopes(),
			"purge":       core.Scopes(writeScope),
			"whoami":      core.Scopes(),
			"gone":        core.Never(),
			"export":      core.AnyOf(core.Scopes("export", "audit"), core.Scopes(writeScope)),
			"read": core.Decide(func(_ context.Context, op core.Operation, _ core.Principal) (core.Requirement, error) {
				if path, _, err := op.Argument("path"); err != nil || path == "/public" {
					return core.Scopes(), err
				}
				return core.Scopes(writeScope), nil
			}),
		},
		Prompts: map[string]core.Requirement{"hello": core.Scopes(), "danger_prompt": core.Scopes(writeScope)},
		Resources: map[string]core.Requirement{
			"notes://public": core.Scopes(), "notes://secret": core.Scopes(writeScope),
			"notes://{id}/page": core.Scopes(), "notes://{id}/draft": core.Scopes(writeScope),
		},
	}
}

// site is one app that serves over TCP, and what ran in it. It has two resources,
// with one MCP server behind both, whose sessions are therefore the same.
type site struct {
	adapter string
	sdk     sdk
	as      *authtest.Server
	other   *authtest.Server // another issuer that is trusted
	rs      *core.ResourceServer
	served  served
	address string
	clock   *environ.Manual
	log     *journal
	session string // alice's, where the SDK has sessions
}

// option alters the site before it starts.
type option struct {
	policy func(*core.Policy)
	// lets says what this policy lets run that policy() does not.
	lets func(*run) bool
	// between stands between the gate and the MCP server.
	between func(*site, http.Handler) http.Handler
}

// newSite serves until the test ends, and then looks through what ran.
func newSite(t *testing.T, as, other *authtest.Server, a adapter, s sdk, o option) *site {
	t.Helper()
	running := &site{adapter: a.name, sdk: s, as: as, other: other, log: &journal{}, clock: environ.NewManual(time.Now())}
	t.Cleanup(func() { running.log.check(t, o.lets) })
	running.served = s.serve(running.log)
	mcp := running.served.handler
	if o.between != nil {
		mcp = o.between(running, mcp)
	}
	app, add := a.open()
	for _, name := range []string{resource, otherResource} {
		p := policy()
		if o.policy != nil {
			o.policy(&p)
		}
		ctx := environ.With(t.Context(), running.clock.Clock())
		rs, err := core.New(ctx, core.Config{
			Resource: name, AuthorizationServers: []string{as.Issuer(), other.Issuer()}, Scopes: []string{baseScope},
			Policy: p, Limits: core.Limits{BodyBytes: bodyLimit}, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := rs.Ready(ctx); err != nil {
			t.Fatal(err)
		}
		if err := add(rs, mcp); err != nil {
			t.Fatal(err)
		}
		if name == resource {
			running.rs = rs
		}
	}
	web := httptest.NewServer(app)
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
	})
	running.address = web.Listener.Addr().String()
	return running
}

// onEverySite runs test for each adapter in front of each SDK.
func onEverySite(t *testing.T, o option, test func(*testing.T, *site)) {
	t.Helper()
	as, other := authtest.NewServer(t), authtest.NewServer(t)
	for _, s := range sdks() {
		for _, a := range adapters() {
			t.Run(a.name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				test(t, newSite(t, as, other, a, s, o))
			})
		}
	}
}

// token is one of that subject's, good for a long time.
func (s *site) token(subject string, scopes ...string) string {
	return s.lasting(subject, time.Hour, scopes...)
}

// foreign is a token that is for another resource than the first.
func (s *site) foreign() string {
	return s.as.Mint(authtest.Token{Audience: otherResource, Scopes: []string{baseScope, writeScope}})
}

// lasting is a token that lasts so long by the site's clock.
func (s *site) lasting(subject string, life time.Duration, scopes ...string) string {
	now := s.clock.Now()
	return s.as.Mint(authtest.Token{
		Subject: subject, Audience: resource, Scopes: scopes, IssuedAt: now, NotBefore: now, Expiry: now.Add(life),
	})
}

// request is what is sent, byte for byte, on a connection of its own.
type request struct {
	method   string // POST by default
	path     string // that of the resource by default
	token    string
	session  string
	headers  []string // beside those that every message has
	body     string
	chunked  bool
	withheld bool
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request and reads the answer to its end.
func (s *site) ask(t *testing.T, r *request) answer {
	t.Helper()
	resp := s.open(t, r)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// checkRuns sends a message in the site's session.
func (s *site) checkRuns(t *testing.T, token, body string, status int, runs string) {
	t.Helper()
	a := s.ask(t, &request{token: token, session: s.session, body: body})
	if ran := s.log.news(); a.status != status || ran != runs {
		t.Errorf("%.120s: status %d, ran %q, want %d and %q: %.200s", body, a.status, ran, status, runs, a.body)
	}
}

// patience is how long anything that must come may take.
const patience = 30 * time.Second

// open sends a request. The caller closes the body of the answer.
func (s *site) open(t *testing.T, r *request) *http.Response {
	t.Helper()
	lines := []string{"Accept: application/json, text/event-stream"}
	if r.token != "" {
		lines = append(lines, "Authorization: Bearer "+r.token)
	}
	method := cmp.Or(r.method, http.MethodPost)
	if method == http.MethodPost && !rawhttp.Has(r.headers, "Content-Type") {
		lines = append(lines, cases.JSONType)
	}
	if r.session != "" {
		lines = append(lines, "Mcp-Session-Id: "+r.session)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	resp, err := rawhttp.Send(ctx, &url.URL{Scheme: "http", Host: s.address}, &rawhttp.Request{
		Method: method, Target: cmp.Or(r.path, "/mcp"), Headers: append(lines, r.headers...),
		Body: r.body, Chunked: r.chunked, Withheld: r.withheld,
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

const (
	jsonType    = cases.JSONType
	initialize  = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}`
	initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
)

// begin opens a session and returns its id, "" where the SDK has none.
func (s *site) begin(t *testing.T, token string) string {
	t.Helper()
	if !s.sdk.stateful {
		return ""
	}
	a := s.ask(t, &request{token: token, body: initialize})
	id := a.header.Get("Mcp-Session-Id")
	if a.status != http.StatusOK || id == "" {
		t.Fatalf("initialize: status %d, no session: %s", a.status, a.body)
	}
	a = s.ask(t, &request{token: token, session: id, body: initialized})
	if a.status != http.StatusAccepted {
		t.Fatalf("initialized: status %d: %s", a.status, a.body)
	}
	return id
}
