package guides

import (
	"context"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/echomcp"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

func newBench(t *testing.T) *apptest.Bench {
	gin.SetMode(gin.TestMode)
	return apptest.NewBench(t, authtest.NewServer(t))
}

// config is what every app of the guides' fragments has.
func config(b *apptest.Bench, resource string) core.Config {
	return core.Config{Resource: resource, AuthorizationServers: []string{b.AS.Issuer()}, Scopes: []string{apptest.Scope}}
}

// TestAppsWithSessions: middleware of the app stands before everything, and
// InFront before that (S35, S52).
func TestAppsWithSessions(t *testing.T) {
	bench := newBench(t)
	for name, build := range map[string]func(context.Context, core.Config, http.Handler) (http.Handler, error){
		"gin": ginWithSessions, "echo": echoWithSessions, "chi": chiWithSessions, "nethttp": muxWithSessions,
	} {
		t.Run(name, func(t *testing.T) {
			b := bench.Fresh(t)
			app, err := build(t.Context(), config(b, apptest.Resource), b.MCP)
			if err != nil {
				t.Fatal(err)
			}
			s := b.Serve(app)
			s.CheckMounted(b.Server(apptest.Resource), apptest.Resource)
			s.CheckStatus("the inbox for a token", s.Do(apptest.Request{Path: "/inbox", Token: s.Token(apptest.Resource)}), http.StatusFound)
			s.CheckApp(apptest.Request{Path: "/inbox"}.With("Cookie", "session=1"), http.StatusOK, "inbox")
		})
	}
}

// TestOrdinaryRoutes: the tokens of the endpoint on routes of the app (S54).
func TestOrdinaryRoutes(t *testing.T) {
	bench := newBench(t)
	for name, c := range map[string]struct {
		build func(*core.ResourceServer) http.Handler
		body  string
	}{
		"gin":     {func(rs *core.ResourceServer) http.Handler { g := gin.New(); ginRoutes(g, rs); return g }, `{"owner":"alice"}`},
		"echo":    {func(rs *core.ResourceServer) http.Handler { e := echo.New(); echoRoutes(e, rs); return e }, `{"owner":"alice"}` + "\n"},
		"chi":     {func(rs *core.ResourceServer) http.Handler { r := chi.NewRouter(); chiRoutes(r, rs); return r }, "alice\n"},
		"nethttp": {func(rs *core.ResourceServer) http.Handler { m := http.NewServeMux(); muxRoutes(m, rs); return m }, "alice\n"},
	} {
		t.Run(name, func(t *testing.T) {
			b := bench.Fresh(t)
			s := b.Serve(c.build(b.Server(apptest.Resource)))
			s.CheckApp(apptest.Request{Path: "/api/notes", Token: b.AS.Token(apptest.Resource, "notes:read")}, http.StatusOK, c.body)
			for token, want := range map[string]int{"": http.StatusUnauthorized, b.Token(apptest.Resource): http.StatusForbidden} {
				s.CheckStatus("a caller without the scope", s.Do(apptest.Request{Path: "/api/notes", Token: token}), want)
			}
		})
	}
}

// TestEchoUseAfterMount: Echo runs what is used later before what was mounted
// earlier, so that no order lets the endpoint escape (S52).
func TestEchoUseAfterMount(t *testing.T) {
	b := newBench(t)
	e, rs := echo.New(), b.Server(apptest.Resource)
	if err := echomcp.Mount(e, rs, b.MCP); err != nil {
		t.Fatal(err)
	}
	e.Use(echoRequireSession)
	s := b.Serve(e)
	s.CheckNamedMetadata(rs, apptest.Resource)
	s.CheckStatus("the endpoint", s.Do(apptest.Call("/mcp", s.Token(apptest.Resource), apptest.WhoAmI)), http.StatusFound)
}

// TestChiRoute: in a subrouter with a prefix, Mount puts all in the wrong place;
// on the root router it doesn't (S52).
func TestChiRoute(t *testing.T) {
	const resource = "https://mcp.example/v1/mcp"
	b := newBench(t)
	within, rs := chi.NewRouter(), b.Server(resource)
	within.Route("/v1", func(r chi.Router) {
		if err := chimcp.Mount(r, rs, b.MCP); err != nil {
			t.Fatal(err)
		}
	})
	s := b.Serve(within)
	s.CheckStatus("the endpoint", s.Do(apptest.Call("/v1/mcp", "", apptest.WhoAmI)), http.StatusNotFound)
	beside := chi.NewRouter()
	beside.Route("/v1", func(r chi.Router) { r.Get("/notes", inbox) })
	if err := chimcp.Mount(beside, rs, b.MCP); err != nil {
		t.Fatal(err)
	}
	s = b.Serve(beside)
	s.CheckMounted(rs, resource)
	s.CheckApp(apptest.Request{Path: "/v1/notes"}, http.StatusOK, "inbox")
	defer func() {
		if recover() == nil {
			t.Error("chi takes middleware after a route, and the guide says that it doesn't")
		}
	}()
	beside.Use(requireSession)
}
