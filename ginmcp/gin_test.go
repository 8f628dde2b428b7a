package ginmcp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/ginmcp"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

func newBench(t *testing.T) *apptest.Bench {
	return apptest.NewBench(t, authtest.NewServer(t))
}

// TestNoRoute: a handler that Gin runs for want of a route finds the status 404
// set already; the endpoint's own must win (S52).
func TestNoRoute(t *testing.T) {
	b := newBench(t)
	g, rs := gin.New(), b.Server(apptest.Resource)
	g.GET("/own", func(c *gin.Context) { c.String(http.StatusOK, "own") })
	g.NoRoute(gin.WrapH(rs.InFront(http.NotFoundHandler(), b.MCP)))
	s := b.Serve(g)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckStepwise("/mcp", s.Token(apptest.Resource))
	s.CheckClient("/mcp", s.Token(apptest.Resource)) // its notifications are answered 202
	s.CheckApp(apptest.Request{Path: "/own"}, http.StatusOK, "own")
	s.CheckStatus("no path of anybody", s.Do(apptest.Request{Path: "/other"}), http.StatusNotFound)
}

// TestOwnMiddleware: what comes with Gin, around the endpoint (S52).
func TestOwnMiddleware(t *testing.T) {
	b := newBench(t)
	g, rs := gin.New(), b.Server(apptest.Resource)
	var log apptest.Journal
	g.Use(gin.LoggerWithWriter(&log), gin.RecoveryWithWriter(&log), gin.ErrorLogger())
	g.Use(func(c *gin.Context) { // an error handler of the app
		c.Next()
		if len(c.Errors) > 0 || c.Writer.Status() == http.StatusNotFound {
			c.JSON(http.StatusTeapot, gin.H{"error": "the app's own"})
		}
	})
	broken := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Break") != "" {
			panic("the MCP handler breaks down")
		}
		b.MCP.ServeHTTP(w, r)
	})
	if err := ginmcp.Mount(g, rs, broken); err != nil {
		t.Fatal(err)
	}
	s := b.Serve(g)
	token := s.Token(apptest.Resource)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckStepwise("/mcp", token)
	call := apptest.Call("/mcp", token, apptest.WhoAmI).With("X-Break", "1")
	s.CheckStatus("a handler that panics", s.Do(call), http.StatusInternalServerError)
	if strings.Contains(log.String(), token) {
		t.Error("Gin's log holds the token")
	}
}

// TestTrailingSlash: what Gin does about a slash too many or too few (S52).
func TestTrailingSlash(t *testing.T) {
	bench := newBench(t)
	for _, c := range []struct {
		about, resource, ask string
		set                  func(*gin.Engine)
		status               int
		location             string
	}{
		{"a slash too many", "https://mcp.example/mcp", "/mcp/", nil, http.StatusTemporaryRedirect, "/mcp"},
		{"a slash too few", "https://mcp.example/mcp/", "/mcp", nil, http.StatusTemporaryRedirect, "/mcp/"},
		{"no redirects", "https://mcp.example/mcp", "/mcp/", func(g *gin.Engine) { g.RedirectTrailingSlash = false }, http.StatusNotFound, ""},
		{"fixed paths", "https://mcp.example/mcp", "/MCP", func(g *gin.Engine) { g.RedirectFixedPath = true }, http.StatusTemporaryRedirect, "/mcp"},
		{"extra slashes", "https://mcp.example/mcp", "//mcp", func(g *gin.Engine) { g.RemoveExtraSlash = true }, http.StatusUnauthorized, ""},
		{"raw paths", "https://mcp.example/mcp", "/m%63p", func(g *gin.Engine) { g.UseRawPath = true }, http.StatusNotFound, ""},
		{"escaped paths", "https://mcp.example/mcp", "/m%63p", nil, http.StatusUnauthorized, ""},
		{"method not allowed", "https://mcp.example/mcp", "/mcp/", func(g *gin.Engine) { g.HandleMethodNotAllowed = true }, http.StatusTemporaryRedirect, "/mcp"},
	} {
		t.Run(c.about, func(t *testing.T) {
			b := bench.Fresh(t)
			g, rs := gin.New(), b.Server(c.resource)
			if c.set != nil {
				c.set(g)
			}
			b.Mount(app{g}, rs)
			s := b.Serve(g)
			s.CheckMounted(rs, c.resource)
			a := s.Do(apptest.Call(c.ask, "", apptest.WhoAmI))
			s.CheckStatus("POST "+c.ask, a, c.status)
			s.CheckHeader(a, "Location", c.location)
		})
	}
}

// TestParameters: routes with parameters where the endpoint and its metadata
// are (S52).
func TestParameters(t *testing.T) {
	b := newBench(t)
	g, rs := gin.New(), b.Server(apptest.Resource)
	tenant := func(c *gin.Context) { c.String(http.StatusOK, "tenant "+c.Param("tenant")) }
	g.Any("/:tenant", tenant)
	g.GET("/:tenant/mcp", tenant)
	g.GET("/:tenant/oauth-protected-resource/:name", tenant)
	b.Mount(app{g}, rs)
	s := b.Serve(g)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckApp(apptest.Request{Path: "/mc"}, http.StatusOK, "tenant mc")
	s.CheckApp(apptest.Request{Path: "/mcpx"}, http.StatusOK, "tenant mcpx")
	s.CheckApp(apptest.Request{Path: "/a/mcp"}, http.StatusOK, "tenant a")
	s.CheckApp(apptest.Request{Path: "/.well-known/oauth-protected-resource/x"}, http.StatusOK, "tenant .well-known")
}

// TestGlobalRequireScopes: the app guards everything with the same resource
// server; the endpoint finds the caller although the token is gone (S54).
func TestGlobalRequireScopes(t *testing.T) {
	b := newBench(t)
	g, rs := gin.New(), b.Server(apptest.Resource)
	g.Use(ginmcp.RequireScopes(rs, apptest.Scope))
	b.Mount(app{g}, rs)
	s := b.Serve(g)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckClient("/mcp", s.Token(apptest.Resource))
}

// TestPrincipalOfNobody: without RequireScopes there is no caller (S54).
func TestPrincipalOfNobody(t *testing.T) {
	g := gin.New()
	g.GET("/", func(c *gin.Context) {
		if p, ok := ginmcp.Principal(c); ok {
			t.Errorf("got the principal %q, want none", p.Subject)
		}
	})
	s := newBench(t).Serve(g)
	s.CheckStatus("GET /", s.Do(apptest.Request{Path: "/"}), http.StatusOK)
}
