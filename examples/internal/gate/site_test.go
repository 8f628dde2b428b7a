package gate

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

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
	resource   = "https://notes.example/mcp"
	baseScope  = "mcp:read"
	writeScope = "notes:write"
	bodyLimit  = 64 << 10
)

// adapter mounts an endpoint in a router of its framework.
type adapter struct {
	name  string
	mount func(*core.ResourceServer, http.Handler) (http.Handler, error)
}

func adapters() []adapter {
	return []adapter{
		{"gin", func(rs *core.ResourceServer, mcp http.Handler) (http.Handler, error) {
			root := gin.New()
			return root, ginmcp.Mount(root, rs, mcp)
		}},
		{"echo", func(rs *core.ResourceServer, mcp http.Handler) (http.Handler, error) {
			root := echo.New()
			return root, echomcp.Mount(root, rs, mcp)
		}},
		{"chi", func(rs *core.ResourceServer, mcp http.Handler) (http.Handler, error) {
			root := chi.NewRouter()
			return root, chimcp.Mount(root, rs, mcp)
		}},
		{"nethttp", func(rs *core.ResourceServer, mcp http.Handler) (http.Handler, error) {
			root := http.NewServeMux()
			return root, nethttp.Mount(root, rs, mcp)
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
			"gone":        core.Never(),
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

// site is one app that serves over TCP, and what ran in it.
type site struct {
	adapter string
	sdk     sdk
	as      *authtest.Server
	address string
	log     *journal
	session string // alice's, where the SDK has sessions
}

// option alters the site before it starts.
type option struct {
	policy func(*core.Policy)
	clock  *environ.Manual
}

// newSite serves until the test ends.
func newSite(t *testing.T, as *authtest.Server, a adapter, s sdk, o option) *site {
	t.Helper()
	p := policy()
	if o.policy != nil {
		o.policy(&p)
	}
	ctx := t.Context()
	if o.clock != nil {
		ctx = environ.With(ctx, o.clock.Clock())
	}
	rs, err := core.New(ctx, core.Config{
		Resource: resource, AuthorizationServers: []string{as.Issuer()}, Scopes: []string{baseScope},
		Policy: p, Limits: core.Limits{BodyBytes: bodyLimit}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := rs.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	running := &site{adapter: a.name, sdk: s, as: as, log: &journal{}}
	app, err := a.mount(rs, s.serve(running.log))
	if err != nil {
		t.Fatal(err)
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
	as := authtest.NewServer(t)
	for _, s := range sdks() {
		for _, a := range adapters() {
			t.Run(a.name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				test(t, newSite(t, as, a, s, o))
			})
		}
	}
}

func (s *site) token(subject string, scopes ...string) string {
	return s.as.Mint(authtest.Token{Subject: subject, Audience: resource, Scopes: scopes})
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// exchange sends a request of these very bytes, on a connection of its own.
func (s *site) exchange(t *testing.T, method, token string, headers []string, body string) answer {
	t.Helper()
	return s.send(t, method, token, headers, body, false)
}

func (s *site) send(t *testing.T, method, token string, headers []string, body string, chunked bool) answer {
	t.Helper()
	lines := []string{"Accept: application/json, text/event-stream"}
	if token != "" {
		lines = append(lines, "Authorization: Bearer "+token)
	}
	resp, err := rawhttp.Send(t.Context(), &url.URL{Scheme: "http", Host: s.address}, &rawhttp.Request{
		Method: method, Target: "/mcp", Headers: append(lines, headers...), Body: body, Chunked: chunked,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
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
	a := s.exchange(t, http.MethodPost, token, []string{jsonType}, initialize)
	id := a.header.Get("Mcp-Session-Id")
	if a.status != http.StatusOK || id == "" {
		t.Fatalf("initialize: status %d, no session: %s", a.status, a.body)
	}
	a = s.exchange(t, http.MethodPost, token, append([]string{jsonType}, inSession(id)...), initialized)
	if a.status != http.StatusAccepted {
		t.Fatalf("initialized: status %d: %s", a.status, a.body)
	}
	return id
}

func inSession(id string) []string {
	if id == "" {
		return nil
	}
	return []string{"Mcp-Session-Id: " + id}
}
