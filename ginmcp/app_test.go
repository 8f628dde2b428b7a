package ginmcp_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/ginmcp"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	m.Run()
}

// TestSituations runs what all routers share: S35, S36, S37, S39, S52, S53, S54.
func TestSituations(t *testing.T) {
	apptest.Run(t, apptest.Router{
		New:             func() apptest.App { return app{gin.New()} },
		MetadataEscapes: true,
		CatchAllClashes: true,
	})
}

// app is an app as one writes it with Gin.
type app struct{ *gin.Engine }

// adapt makes net/http middleware Gin's.
func adapt(mw apptest.Middleware) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		mw(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed = true
			c.Request = r
			c.Next()
		})).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}

func (a app) Use(mw apptest.Middleware) { a.Engine.Use(adapt(mw)) }

func (a app) Handle(method, path string, h http.HandlerFunc) {
	a.Engine.Handle(method, path, gin.WrapF(h))
}

func (a app) Any(path string, h http.HandlerFunc) { a.Engine.Any(path, gin.WrapF(h)) }

func (a app) Group(prefix string, mw apptest.Middleware, path string, h http.HandlerFunc) {
	a.Engine.Group(prefix, adapt(mw)).GET(path, gin.WrapF(h))
}

func (a app) CatchAll(getOnly bool, h http.HandlerFunc) {
	if getOnly {
		a.GET("/*any", gin.WrapF(h))
		return
	}
	a.Engine.Any("/*any", gin.WrapF(h))
}

func (a app) NotFound(h http.HandlerFunc) { a.NoRoute(gin.WrapF(h)) }

func (a app) Mount(rs *core.ResourceServer, mcp http.Handler) error {
	return ginmcp.Mount(a.Engine, rs, mcp)
}

func (a app) MountMetadata(rs *core.ResourceServer) error {
	return ginmcp.MountMetadata(a.Engine, rs)
}

func (a app) Protect(path string, rs *core.ResourceServer, group, route []string, h apptest.ProtectedHandler) {
	a.Engine.Group("/", ginmcp.RequireScopes(rs, group...)).GET(path, ginmcp.RequireScopes(rs, route...), func(c *gin.Context) {
		p, ok := ginmcp.Principal(c)
		h(c.Writer, c.Request, p, ok)
	})
}
