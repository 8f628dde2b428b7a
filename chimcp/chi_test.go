package chimcp_test

import (
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

func newBench(t *testing.T) *apptest.Bench {
	return apptest.NewBench(t, authtest.NewServer(t))
}

// TestOwnMiddleware: what comes with chi, around the endpoint (S52).
func TestOwnMiddleware(t *testing.T) {
	bench := newBench(t)
	var journal apptest.Journal
	for name, mw := range map[string]apptest.Middleware{
		"AllowContentType": middleware.AllowContentType("application/json"),
		"CleanPath":        middleware.CleanPath,
		"Compress":         middleware.Compress(5),
		"Compress events":  middleware.Compress(5, "text/event-stream", "application/json"),
		"GetHead":          middleware.GetHead,
		"Heartbeat":        middleware.Heartbeat("/ping"),
		"Logger": middleware.RequestLogger(&middleware.DefaultLogFormatter{
			Logger: log.New(&journal, "", 0), NoColor: true,
		}),
		"NoCache":   middleware.NoCache,
		"RealIP":    middleware.RealIP,
		"Recoverer": middleware.Recoverer,
		"RequestID": middleware.RequestID,
		"Throttle":  middleware.Throttle(8),
		"Timeout":   middleware.Timeout(apptest.Moment * 1000),
		"URLFormat": middleware.URLFormat,
	} {
		t.Run(name, func(t *testing.T) {
			b := bench.Fresh(t)
			r, rs := chi.NewRouter(), b.Server(apptest.Resource)
			r.Use(mw)
			b.Mount(app{r}, rs)
			s := b.Serve(r)
			token := s.Token(apptest.Resource)
			s.CheckEndpoint(rs, apptest.Resource, "/mcp")
			s.CheckNamedMetadata(rs, apptest.Resource)
			s.CheckClient("/mcp", token)
			if stream := s.CheckStepwise("/mcp", token); name == "Compress events" && !stream.Unzipped() {
				t.Error("nothing was compressed")
			}
			s.CheckCanceled("/mcp", token)
			if strings.Contains(journal.String(), token) {
				t.Error("chi's log holds the token")
			}
		})
	}
}

// TestTimeoutFires: chi's Timeout ends the request's context, and the endpoint
// with it (S52).
func TestTimeoutFires(t *testing.T) {
	b := newBench(t)
	r, rs := chi.NewRouter(), b.Server(apptest.Resource)
	r.Use(middleware.Timeout(apptest.Moment))
	silent := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if err := chimcp.Mount(r, rs, silent); err != nil {
		t.Fatal(err)
	}
	s := b.Serve(r)
	a := s.Do(apptest.Call("/mcp", s.Token(apptest.Resource), apptest.Steps))
	s.CheckStatus("a handler that waits for its context to end", a, http.StatusGatewayTimeout)
	s.CheckNamedMetadata(rs, apptest.Resource)
}

// TestSlashes: middleware that removes a slash is a proxy that rewrites paths:
// Config.Path tells what comes out of it (S52).
func TestSlashes(t *testing.T) {
	bench := newBench(t)
	for _, c := range []struct {
		about, resource, path, ask string
		mw                         apptest.Middleware
		status                     int
	}{
		{"stripped where there is none", "https://mcp.example/mcp", "", "/mcp/", middleware.StripSlashes, http.StatusUnauthorized},
		{"stripped", "https://mcp.example/mcp/", "/mcp", "/mcp", middleware.StripSlashes, http.StatusUnauthorized},
		{"redirected", "https://mcp.example/mcp", "", "/mcp/", middleware.RedirectSlashes, http.StatusMovedPermanently},
		{"stripped at the root", "https://mcp.example/", "", "/", middleware.StripSlashes, http.StatusUnauthorized},
		{"redirected at the root", "https://mcp.example/", "", "/", middleware.RedirectSlashes, http.StatusUnauthorized},
	} {
		t.Run(c.about, func(t *testing.T) {
			b := bench.Fresh(t)
			r, rs := chi.NewRouter(), b.Server(c.resource, func(config *core.Config) { config.Path = c.path })
			r.Use(c.mw)
			b.Mount(app{r}, rs)
			s := b.Serve(r)
			s.CheckEndpoint(rs, c.resource, strings.TrimPrefix(c.resource, "https://mcp.example"))
			s.CheckNamedMetadata(rs, c.resource)
			s.CheckStatus("POST "+c.ask, s.Do(apptest.Call(c.ask, "", apptest.WhoAmI)), c.status)
		})
	}
}

// TestSubrouter: a subrouter of the app at the endpoint's path, made in each of
// chi's ways, is a route that the app has already (S52).
func TestSubrouter(t *testing.T) {
	bench := newBench(t)
	own := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
	sub := chi.NewRouter()
	sub.HandleFunc("/", own)
	for name, add := range map[string]func(chi.Router){
		"Route":       func(r chi.Router) { r.Route("/mcp", func(r chi.Router) { r.HandleFunc("/", own) }) },
		"Mount":       func(r chi.Router) { r.Mount("/mcp", sub) },
		"Mount plain": func(r chi.Router) { r.Mount("/mcp", http.HandlerFunc(own)) },
		"HandleFunc":  func(r chi.Router) { r.HandleFunc("/mcp", own) },
		"Group":       func(r chi.Router) { r.Group(func(r chi.Router) { r.Post("/mcp", own) }) },
	} {
		t.Run(name, func(t *testing.T) {
			b := bench.Fresh(t)
			r, rs := chi.NewRouter(), b.Server(apptest.Resource)
			add(r)
			b.CheckRefusal(chimcp.Mount(r, rs, b.MCP))
			s := b.Serve(rs.InFront(r, b.MCP))
			s.CheckMounted(rs, apptest.Resource)
		})
	}
}

// TestMountedSubrouter: a subrouter that routes the endpoint's path among others
// (S52).
func TestMountedSubrouter(t *testing.T) {
	bench := newBench(t)
	const resource = "https://mcp.example/api/mcp"
	for name, pattern := range map[string]string{"same path": "/mcp", "other path": "/other"} {
		t.Run(name, func(t *testing.T) {
			b := bench.Fresh(t)
			r, rs := chi.NewRouter(), b.Server(resource)
			r.Route("/api", func(r chi.Router) {
				r.Post(pattern, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
			})
			err := chimcp.Mount(r, rs, b.MCP)
			h := http.Handler(r)
			if pattern == "/mcp" {
				b.CheckRefusal(err)
				h = rs.InFront(r, b.MCP)
			} else if err != nil {
				t.Fatal(err)
			}
			s := b.Serve(h)
			s.CheckMounted(rs, resource)
			a := s.Do(apptest.Request{Method: http.MethodPost, Path: "/api" + pattern})
			if pattern == "/other" {
				s.CheckStatus("the app's own", a, http.StatusTeapot)
			}
		})
	}
}

// TestGroup: Mount in an inline group runs the group's middleware before the
// endpoint (S52).
func TestGroup(t *testing.T) {
	b := newBench(t)
	r, rs := chi.NewRouter(), b.Server(apptest.Resource)
	r.Group(func(r chi.Router) {
		r.Use(middleware.SetHeader("X-Group", "1"))
		if err := chimcp.Mount(r, rs, b.MCP); err != nil {
			t.Fatal(err)
		}
	})
	s := b.Serve(r)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckHeader(s.Do(apptest.Call("/mcp", "", apptest.WhoAmI)), "X-Group", "1")
}

// TestParameters: routes with parameters where the endpoint and its metadata
// are (S52).
func TestParameters(t *testing.T) {
	b := newBench(t)
	r, rs := chi.NewRouter(), b.Server(apptest.Resource)
	tenant := func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("tenant " + chi.URLParam(r, "tenant"))) // the client is gone if this fails
	}
	r.HandleFunc("/{tenant}", tenant)
	r.HandleFunc("/{tenant}/*", tenant)
	r.HandleFunc("/{tenant:[a-z]+}/mcp", tenant)
	b.Mount(app{r}, rs)
	s := b.Serve(r)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckApp(apptest.Request{Path: "/mc"}, http.StatusOK, "tenant mc")
	s.CheckApp(apptest.Request{Path: "/mcpx"}, http.StatusOK, "tenant mcpx")
	s.CheckApp(apptest.Request{Path: "/a/mcp"}, http.StatusOK, "tenant a")
}

// TestMethodNotAllowed: the app's own answer to methods it doesn't know is not
// asked about the endpoint's (S52).
func TestMethodNotAllowed(t *testing.T) {
	b := newBench(t)
	r, rs := chi.NewRouter(), b.Server(apptest.Resource)
	r.MethodNotAllowed(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	b.Mount(app{r}, rs)
	s := b.Serve(r)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckDenied(rs, apptest.Request{Method: http.MethodPut, Path: "/mcp"})
	s.CheckStatus("a method that nobody serves", s.Do(apptest.Request{Method: http.MethodTrace, Path: "/mcp"}), http.StatusTeapot)
}

// TestGlobalRequireScopes: the app guards everything with the same resource
// server; InFront keeps the metadata public, and the endpoint finds the caller
// although the token is gone (S54).
func TestGlobalRequireScopes(t *testing.T) {
	b := newBench(t)
	r, rs := chi.NewRouter(), b.Server(apptest.Resource)
	r.Use(chimcp.RequireScopes(rs, apptest.Scope))
	b.Mount(app{r}, rs)
	s := b.Serve(rs.InFront(r, nil))
	s.CheckMounted(rs, apptest.Resource)
	s.CheckClient("/mcp", s.Token(apptest.Resource))
}

// TestPrincipalOfNobody: without RequireScopes there is no caller (S54).
func TestPrincipalOfNobody(t *testing.T) {
	r := chi.NewRouter()
	r.Get("/", func(_ http.ResponseWriter, r *http.Request) {
		if p, ok := chimcp.Principal(r); ok {
			t.Errorf("got the principal %q, want none", p.Subject)
		}
	})
	s := newBench(t).Serve(r)
	s.CheckStatus("GET /", s.Do(apptest.Request{Path: "/"}), http.StatusOK)
}
