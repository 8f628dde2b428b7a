package nethttp_test

import (
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// TestSituations runs what all routers share: S35, S36, S37, S39, S52, S53, S54.
func TestSituations(t *testing.T) {
	apptest.Run(t, apptest.Router{New: func() apptest.App { return newApp() }})
}

// app is an app as one writes it with a ServeMux: global middleware is a handler
// around it.
type app struct {
	mux    *http.ServeMux
	around []apptest.Middleware
}

func newApp() *app { return &app{mux: http.NewServeMux()} }

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := http.Handler(a.mux)
	for i := len(a.around) - 1; i >= 0; i-- {
		h = a.around[i](h)
	}
	h.ServeHTTP(w, r)
}

func (a *app) Use(mw apptest.Middleware) { a.around = append(a.around, mw) }

// exact is the pattern of exactly that path.
func exact(path string) string {
	if path == "/" {
		return "/{$}"
	}
	return path
}

func (a *app) Handle(method, path string, h http.HandlerFunc) {
	a.mux.Handle(method+" "+exact(path), h)
}

func (a *app) Any(path string, h http.HandlerFunc) { a.mux.Handle(exact(path), h) }

func (a *app) Group(prefix string, mw apptest.Middleware, path string, h http.HandlerFunc) {
	group := http.NewServeMux()
	group.Handle("GET "+path, h)
	a.mux.Handle(prefix+"/", http.StripPrefix(prefix, mw(group)))
}

func (a *app) CatchAll(getOnly bool, h http.HandlerFunc) {
	if getOnly {
		a.mux.Handle("GET /", h)
		return
	}
	a.mux.Handle("/", h)
}

func (a *app) NotFound(h http.HandlerFunc) { a.mux.Handle("/", h) }

func (a *app) Mount(rs *core.ResourceServer, mcp http.Handler) error {
	return nethttp.Mount(a.mux, rs, mcp)
}

func (a *app) MountMetadata(rs *core.ResourceServer) error {
	return nethttp.MountMetadata(a.mux, rs)
}

func (a *app) Protect(path string, rs *core.ResourceServer, group, route []string, h apptest.ProtectedHandler) {
	inner := http.NewServeMux()
	inner.Handle("GET "+path, nethttp.RequireScopes(rs, route...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := nethttp.Principal(r)
		h(w, r, p, ok)
	})))
	a.mux.Handle(path, nethttp.RequireScopes(rs, group...)(inner))
}
