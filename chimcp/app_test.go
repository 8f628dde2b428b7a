package chimcp_test

import (
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// TestSituations runs what all routers share: S35, S36, S37, S39, S52, S53, S54.
func TestSituations(t *testing.T) {
	apptest.Run(t, apptest.Router{New: func() apptest.App { return app{chi.NewRouter()} }})
}

// app is an app as one writes it with chi.
type app struct{ *chi.Mux }

func (a app) Use(mw apptest.Middleware) { a.Mux.Use(mw) }

func (a app) Handle(method, path string, h http.HandlerFunc) { a.Method(method, path, h) }

func (a app) Any(path string, h http.HandlerFunc) { a.Mux.Handle(path, h) }

func (a app) Group(prefix string, mw apptest.Middleware, path string, h http.HandlerFunc) {
	a.Route(prefix, func(r chi.Router) {
		r.Use(mw)
		r.Get(path, h)
	})
}

func (a app) CatchAll(getOnly bool, h http.HandlerFunc) {
	if getOnly {
		a.Get("/*", h)
		return
	}
	a.Mux.Handle("/*", h)
}

func (a app) NotFound(h http.HandlerFunc) { a.Mux.NotFound(h) }

func (a app) Mount(rs *core.ResourceServer, mcp http.Handler) error {
	return chimcp.Mount(a.Mux, rs, mcp)
}

func (a app) MountMetadata(rs *core.ResourceServer) error {
	return chimcp.MountMetadata(a.Mux, rs)
}

func (a app) Protect(path string, rs *core.ResourceServer, group, route []string, h apptest.ProtectedHandler) {
	a.Mux.Group(func(r chi.Router) {
		r.Use(chimcp.RequireScopes(rs, group...))
		r.With(chimcp.RequireScopes(rs, route...)).Get(path, func(w http.ResponseWriter, r *http.Request) {
			p, ok := chimcp.Principal(r)
			h(w, r, p, ok)
		})
	})
}
