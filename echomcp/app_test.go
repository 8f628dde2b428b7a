package echomcp_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/echomcp"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// TestSituations runs what all routers share: S35, S36, S37, S39, S52, S53, S54.
func TestSituations(t *testing.T) {
	apptest.Run(t, apptest.Router{
		New:             func() apptest.App { return app{echo.New()} },
		MetadataEscapes: true,
	})
}

// app is an app as one writes it with Echo.
type app struct{ *echo.Echo }

func (a app) Use(mw apptest.Middleware) { a.Echo.Use(echo.WrapMiddleware(mw)) }

func (a app) Handle(method, path string, h http.HandlerFunc) {
	a.Add(method, path, echo.WrapHandler(h))
}

func (a app) Any(path string, h http.HandlerFunc) { a.Echo.Any(path, echo.WrapHandler(h)) }

func (a app) Group(prefix string, mw apptest.Middleware, path string, h http.HandlerFunc) {
	a.Echo.Group(prefix, echo.WrapMiddleware(mw)).GET(path, echo.WrapHandler(h))
}

func (a app) CatchAll(getOnly bool, h http.HandlerFunc) {
	if getOnly {
		a.GET("/*", echo.WrapHandler(h))
		return
	}
	a.Echo.Any("/*", echo.WrapHandler(h))
}

func (a app) NotFound(h http.HandlerFunc) { a.RouteNotFound("/*", echo.WrapHandler(h)) }

func (a app) Mount(rs *core.ResourceServer, mcp http.Handler) error {
	return echomcp.Mount(a.Echo, rs, mcp)
}

func (a app) MountMetadata(rs *core.ResourceServer) error {
	return echomcp.MountMetadata(a.Echo, rs)
}

func (a app) Protect(path string, rs *core.ResourceServer, group, route []string, h apptest.ProtectedHandler) {
	a.Echo.Group("", echomcp.RequireScopes(rs, group...)).GET(path, func(c echo.Context) error {
		p, ok := echomcp.Principal(c)
		h(c.Response(), c.Request(), p, ok)
		return nil
	}, echomcp.RequireScopes(rs, route...))
}
