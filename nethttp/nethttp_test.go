package nethttp_test

import (
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func newBench(t *testing.T) *apptest.Bench {
	return apptest.NewBench(t, authtest.NewServer(t))
}

func page(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(text)) // the client is gone if this fails
	}
}

// TestPatterns: patterns of the app that are near the endpoint's, or wider
// (S52).
func TestPatterns(t *testing.T) {
	bench := newBench(t)
	for _, c := range []struct{ pattern, ask string }{
		{"/mcp/", "/mcp/page"},
		{"GET /mcp/", "/mcp/page"},
		{"/mcp/{$}", "/mcp/"},
		{"/{tenant}", "/mcpx"},
		{"GET /{tenant}", "/mcpx"},
		{"/{rest...}", "/mcp/page"},
		{"GET /{rest...}", "/any/page"},
		{"/.well-known/", "/.well-known/other"},
		{"GET /.well-known/{name...}", "/.well-known/other"},
		{"/{a}/oauth-protected-resource/{b}", "/x/oauth-protected-resource/mcp"},
		{"other.example/", ""},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			b := bench.Fresh(t)
			mux, rs := http.NewServeMux(), b.Server(apptest.Resource)
			mux.Handle(c.pattern, page("page"))
			if err := nethttp.Mount(mux, rs, b.MCP); err != nil {
				t.Fatal(err)
			}
			s := b.Serve(mux)
			s.CheckMounted(rs, apptest.Resource)
			if c.ask != "" {
				s.CheckApp(apptest.Request{Path: c.ask}, http.StatusOK, "page")
			}
		})
	}
}

// TestTaken: patterns of the app that match what the endpoint's would (S52).
func TestTaken(t *testing.T) {
	bench := newBench(t)
	for _, c := range []struct{ pattern, resource string }{
		{"/mcp", "https://mcp.example/mcp"},
		{"POST /mcp", "https://mcp.example/mcp"},
		{"/mcp/{$}", "https://mcp.example/mcp/"},
		{"POST /mcp/{$}", "https://mcp.example/mcp/"},
		{"/{$}", "https://mcp.example"},
		{"GET /{$}", "https://mcp.example/"},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			b := bench.Fresh(t)
			mux, rs := http.NewServeMux(), b.Server(c.resource)
			mux.Handle(c.pattern, page("page"))
			b.CheckRefusal(nethttp.Mount(mux, rs, b.MCP))
			s := b.Serve(rs.InFront(mux, b.MCP))
			s.CheckMounted(rs, c.resource)
		})
	}
}

// TestRootBesideHomePage: a catch-all for GET, which is also the home page, gives
// way to a root resource at the root alone (S36).
func TestRootBesideHomePage(t *testing.T) {
	bench := newBench(t)
	const resource = "https://mcp.example"
	for _, pattern := range []string{"/", "GET /"} {
		t.Run(pattern, func(t *testing.T) {
			b := bench.Fresh(t)
			mux, rs := http.NewServeMux(), b.Server(resource)
			mux.Handle(pattern, page("page"))
			if err := nethttp.Mount(mux, rs, b.MCP); err != nil {
				t.Fatal(err)
			}
			s := b.Serve(mux)
			s.CheckMounted(rs, resource)
			s.CheckApp(apptest.Request{Path: "/page"}, http.StatusOK, "page")
		})
	}
}

// TestHost: a pattern with a host keeps the endpoint from that host; InFront
// brings it back (S52).
func TestHost(t *testing.T) {
	b := newBench(t)
	mux, rs := http.NewServeMux(), b.Server(apptest.Resource)
	mux.Handle("127.0.0.1/", page("page"))
	if err := nethttp.Mount(mux, rs, b.MCP); err != nil {
		t.Fatal(err)
	}
	b.Serve(mux).CheckApp(apptest.Request{Path: "/mcp"}, http.StatusOK, "page")
	s := b.Serve(rs.InFront(mux, b.MCP))
	s.CheckMounted(rs, apptest.Resource)
	s.CheckApp(apptest.Request{Path: "/page"}, http.StatusOK, "page")
}

// TestTrailingSlash: the mux takes paths as they are, and the endpoint's is one
// of them (S52).
func TestTrailingSlash(t *testing.T) {
	bench := newBench(t)
	for _, c := range []struct {
		resource, ask string
		status        int
		location      string
	}{
		{"https://mcp.example/mcp", "/mcp/", http.StatusNotFound, ""},
		{"https://mcp.example/mcp", "//mcp", http.StatusTemporaryRedirect, "/mcp"},
		{"https://mcp.example/mcp", "/m%63p", http.StatusUnauthorized, ""},
		{"https://mcp.example/mcp/", "/mcp/x", http.StatusNotFound, ""},
		{"https://mcp.example/mcp/", "/mcp/../mcp/", http.StatusTemporaryRedirect, "/mcp/"},
	} {
		t.Run(c.resource+" asked for "+c.ask, func(t *testing.T) {
			b := bench.Fresh(t)
			mux, rs := http.NewServeMux(), b.Server(c.resource)
			if err := nethttp.Mount(mux, rs, b.MCP); err != nil {
				t.Fatal(err)
			}
			a := b.Serve(mux).Do(apptest.Call(c.ask, "", apptest.WhoAmI))
			if a.Status != c.status && a.Status != http.StatusMovedPermanently || a.Header.Get("Location") != c.location {
				t.Errorf("got %d to %q, want %d to %q", a.Status, a.Header.Get("Location"), c.status, c.location)
			}
		})
	}
}

// TestOwnMiddleware: handlers that net/http has, around the mux (S52).
func TestOwnMiddleware(t *testing.T) {
	bench := newBench(t)
	for name, mw := range map[string]apptest.Middleware{
		"CrossOriginProtection": http.NewCrossOriginProtection().Handler,
		"MaxBytesHandler":       func(h http.Handler) http.Handler { return http.MaxBytesHandler(h, 1<<20) },
		"AllowQuerySemicolons":  http.AllowQuerySemicolons,
	} {
		t.Run(name, func(t *testing.T) {
			b := bench.Fresh(t)
			a, rs := newApp(), b.Server(apptest.Resource)
			a.Use(mw)
			b.Mount(a, rs)
			s := b.Serve(a)
			s.CheckMounted(rs, apptest.Resource)
			s.CheckStepwise("/mcp", s.Token(apptest.Resource))
			s.CheckCanceled("/mcp", s.Token(apptest.Resource))
		})
	}
}

// TestPrefixedMux: a mux within a mux sees shorter paths: Config.Path (S52).
func TestPrefixedMux(t *testing.T) {
	const resource = "https://mcp.example/api/mcp"
	b := newBench(t)
	root, api := http.NewServeMux(), http.NewServeMux()
	rs := b.Server(resource, func(c *core.Config) { c.Path = "/mcp" })
	if err := nethttp.Mount(api, rs, b.MCP); err != nil {
		t.Fatal(err)
	}
	root.Handle("/api/", http.StripPrefix("/api", api))
	if err := nethttp.MountMetadata(root, rs); err != nil {
		t.Fatal(err)
	}
	s := b.Serve(root)
	s.CheckEndpoint(rs, resource, "/api/mcp")
	s.CheckNamedMetadata(rs, resource)
}

// TestGlobalRequireScopes: the app guards everything with the same resource
// server; InFront keeps the metadata public, and the endpoint finds the caller
// although the token is gone (S54).
func TestGlobalRequireScopes(t *testing.T) {
	b := newBench(t)
	a, rs := newApp(), b.Server(apptest.Resource)
	a.Use(nethttp.RequireScopes(rs, apptest.Scope))
	b.Mount(a, rs)
	s := b.Serve(rs.InFront(a, nil))
	s.CheckMounted(rs, apptest.Resource)
	s.CheckClient("/mcp", s.Token(apptest.Resource))
}

// TestPrincipalOfNobody: without RequireScopes there is no caller (S54).
func TestPrincipalOfNobody(t *testing.T) {
	s := newBench(t).Serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if p, ok := nethttp.Principal(r); ok {
			t.Errorf("got the principal %q, want none", p.Subject)
		}
	}))
	s.CheckStatus("GET /", s.Do(apptest.Request{Path: "/"}), http.StatusOK)
}
