package echomcp_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/echomcp"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

func newBench(t *testing.T) *apptest.Bench {
	return apptest.NewBench(t, authtest.NewServer(t))
}

// TestErrorHandler: an app's own error handler must not get hold of denials, of
// the endpoint or of ordinary routes (S52).
func TestErrorHandler(t *testing.T) {
	b := newBench(t)
	e, rs := echo.New(), b.Server(apptest.Resource)
	e.HTTPErrorHandler = func(_ error, c echo.Context) {
		_ = c.String(http.StatusInternalServerError, "the app's own") // the client is gone if this fails
	}
	b.Mount(app{e}, rs)
	e.GET("/api/me", func(echo.Context) error { return errors.New("the handler failed") }, echomcp.RequireScopes(rs, "api:read"))
	s := b.Serve(e)
	s.CheckMounted(rs, apptest.Resource)
	a := s.Do(apptest.Request{Path: "/api/me"})
	s.CheckStatus("a bare request", a, http.StatusUnauthorized)
	a = s.Do(apptest.Request{Path: "/api/me", Token: s.Token(apptest.Resource)})
	s.CheckStatus("a request without the scope", a, http.StatusForbidden)
	a = s.Do(apptest.Call("/mcp", s.AS.Token(apptest.Resource, "other"), apptest.WhoAmI))
	s.CheckStatus("a call without the scope", a, http.StatusForbidden)
	a = s.Do(apptest.Request{Method: http.MethodPut, Path: "/mcp", Token: s.Token(apptest.Resource)})
	s.CheckStatus("a method of no use", a, http.StatusMethodNotAllowed)
	a = s.Do(apptest.Request{Path: "/mcp"}.With("Authorization", "Bearer a b"))
	s.CheckStatus("malformed credentials", a, http.StatusBadRequest)
	in := s.AS.Token(apptest.Resource, "api:read")
	s.CheckApp(apptest.Request{Path: "/api/me", Token: in}, http.StatusInternalServerError, "the app's own")
	s.CheckApp(apptest.Request{Path: "/nowhere"}, http.StatusInternalServerError, "the app's own")
}

// TestOwnMiddleware: what comes with Echo, around the endpoint (S52).
func TestOwnMiddleware(t *testing.T) {
	bench := newBench(t)
	var log apptest.Journal
	for name, mw := range map[string]echo.MiddlewareFunc{
		"Logger":         middleware.LoggerWithConfig(middleware.LoggerConfig{Output: &log}),
		"Recover":        middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true}),
		"Gzip":           middleware.Gzip(),
		"Gzip from 1 KB": middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1024}),
		"BodyDump":       middleware.BodyDump(func(echo.Context, []byte, []byte) {}),
		"BodyLimit":      middleware.BodyLimit("1M"),
		"CORS":           middleware.CORS(),
		"ContextTimeout": middleware.ContextTimeout(apptest.Moment * 1000),
		"Decompress":     middleware.Decompress(),
		"MethodOverride": middleware.MethodOverride(),
		"RequestID":      middleware.RequestID(),
		"Secure":         middleware.Secure(),
	} {
		t.Run(name, func(t *testing.T) {
			b := bench.Fresh(t)
			e, rs := echo.New(), b.Server(apptest.Resource)
			e.Use(mw)
			b.Mount(app{e}, rs)
			s := b.Serve(e)
			token := s.Token(apptest.Resource)
			s.CheckMounted(rs, apptest.Resource)
			stream := s.CheckStepwise("/mcp", token)
			if strings.HasPrefix(name, "Gzip") && !stream.Unzipped() {
				t.Error("nothing was compressed")
			}
			s.CheckCanceled("/mcp", token)
			if strings.Contains(log.String(), token) {
				t.Error("Echo's log holds the token")
			}
		})
	}
}

// TestAccessLog: the app's log tells the status that the endpoint answered (S52).
func TestAccessLog(t *testing.T) {
	b := newBench(t)
	e, rs := echo.New(), b.Server(apptest.Resource)
	statuses := make(chan int, 8)
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			err := next(c)
			statuses <- c.Response().Status
			return err
		}
	})
	b.Mount(app{e}, rs)
	s := b.Serve(e)
	for _, c := range []struct {
		method, token string
		status        int
	}{
		{http.MethodPost, "", http.StatusUnauthorized},
		{http.MethodPost, s.Token(apptest.Resource), http.StatusOK},
		{http.MethodPut, s.Token(apptest.Resource), http.StatusMethodNotAllowed},
		{http.MethodOptions, "", http.StatusNoContent},
	} {
		r := apptest.Call("/mcp", c.token, apptest.WhoAmI)
		r.Method = c.method
		s.CheckStatus(c.method, s.Do(r), c.status)
		if got := <-statuses; got != c.status {
			t.Errorf("%s: the app saw status %d, want %d", c.method, got, c.status)
		}
	}
}

// TestRecover: a handler that panics is the app's recoverer's business (S52).
func TestRecover(t *testing.T) {
	b := newBench(t)
	e, rs := echo.New(), b.Server(apptest.Resource)
	var log apptest.Journal
	e.Logger.SetOutput(&log)
	e.Use(middleware.Recover())
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the MCP handler breaks down") })
	if err := echomcp.Mount(e, rs, broken); err != nil {
		t.Fatal(err)
	}
	s := b.Serve(e)
	token := s.Token(apptest.Resource)
	s.CheckStatus("a handler that panics", s.Do(apptest.Call("/mcp", token, apptest.WhoAmI)), http.StatusInternalServerError)
	if text := log.String(); !strings.Contains(text, "breaks down") || strings.Contains(text, token) {
		t.Error("the recoverer's log should tell the panic and not the token")
	}
}

// TestKeyAuth: the app asks everybody for an API key, in the same header field
// (S35, S54).
func TestKeyAuth(t *testing.T) {
	b := newBench(t)
	e, rs := echo.New(), b.Server(apptest.Resource)
	e.Use(middleware.KeyAuth(func(key string, _ echo.Context) (bool, error) { return key == "key of the app", nil }))
	e.GET("/own", func(c echo.Context) error { return c.String(http.StatusOK, "own") })
	if err := echomcp.MountMetadata(e, rs); err != nil {
		t.Fatal(err)
	}
	b.Serve(e).CheckNamedMetadata(rs, apptest.Resource)
	s := b.Serve(rs.InFront(e, b.MCP))
	s.CheckMounted(rs, apptest.Resource)
	s.CheckStatus("the app without a key", s.Do(apptest.Request{Path: "/own"}), http.StatusBadRequest)
	s.CheckApp(apptest.Request{Path: "/own", Token: "key of the app"}, http.StatusOK, "own")
}

// TestPreGuard: what was added with Pre before Mount guards the metadata too;
// InFront is before it (S35).
func TestPreGuard(t *testing.T) {
	b := newBench(t)
	e, rs := echo.New(), b.Server(apptest.Resource)
	e.Pre(func(echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { return c.NoContent(http.StatusForbidden) }
	})
	b.Mount(app{e}, rs)
	s := b.Serve(e)
	s.CheckStatus("the metadata", s.Do(apptest.Request{Path: "/.well-known/oauth-protected-resource/mcp"}), http.StatusForbidden)
	s = b.Serve(rs.InFront(e, b.MCP))
	s.CheckMounted(rs, apptest.Resource)
}

// TestSlashes: Pre middleware that adds or removes a slash is a proxy that
// rewrites paths: Config.Path tells what comes out of it (S52).
func TestSlashes(t *testing.T) {
	bench := newBench(t)
	for _, c := range []struct {
		about, resource, path string
		pre                   echo.MiddlewareFunc
	}{
		{"added", "https://mcp.example/mcp", "/mcp/", middleware.AddTrailingSlash()},
		{"added to one that is there", "https://mcp.example/mcp/", "", middleware.AddTrailingSlash()},
		{"removed", "https://mcp.example/mcp/", "/mcp", middleware.RemoveTrailingSlash()},
		{"removed where there is none", "https://mcp.example/mcp", "", middleware.RemoveTrailingSlash()},
	} {
		t.Run(c.about, func(t *testing.T) {
			b := bench.Fresh(t)
			rs := b.Server(c.resource, func(config *core.Config) { config.Path = c.path })
			before, after := echo.New(), echo.New()
			before.Pre(c.pre)
			b.Mount(app{before}, rs)
			b.Mount(app{after}, rs)
			after.Pre(c.pre)
			for _, e := range []*echo.Echo{before, after} {
				s := b.Serve(e)
				public := strings.TrimPrefix(c.resource, "https://mcp.example")
				s.CheckEndpoint(rs, c.resource, public)
				s.CheckNamedMetadata(rs, c.resource)
				s.CheckStepwise(public, s.Token(c.resource))
			}
		})
	}
}

// TestSlashAtRoot: no Config.Path says what becomes of a root resource's
// metadata when a slash is added to it. Mount before that middleware does, and
// InFront (S52).
func TestSlashAtRoot(t *testing.T) {
	const resource = "https://mcp.example"
	b := newBench(t)
	e, rs := echo.New(), b.Server(resource)
	b.Mount(app{e}, rs)
	e.Pre(middleware.AddTrailingSlash())
	b.Serve(e).CheckMounted(rs, resource)
	e = echo.New()
	e.Pre(middleware.AddTrailingSlash())
	b.Serve(rs.InFront(e, b.MCP)).CheckMounted(rs, resource)
}

// TestParameters: routes with parameters where the endpoint and its metadata
// are (S52).
func TestParameters(t *testing.T) {
	b := newBench(t)
	e, rs := echo.New(), b.Server(apptest.Resource)
	tenant := func(c echo.Context) error { return c.String(http.StatusOK, "tenant "+c.Param("tenant")) }
	e.Any("/:tenant", tenant)
	e.Any("/:tenant/*", tenant)
	b.Mount(app{e}, rs)
	s := b.Serve(e)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckApp(apptest.Request{Path: "/mc"}, http.StatusOK, "tenant mc")
	s.CheckApp(apptest.Request{Path: "/mcpx"}, http.StatusOK, "tenant mcpx")
	s.CheckApp(apptest.Request{Path: "/a/mcp"}, http.StatusOK, "tenant a")
}

// TestGlobalRequireScopes: the app guards everything with the same resource
// server; the endpoint finds the caller although the token is gone (S54).
func TestGlobalRequireScopes(t *testing.T) {
	b := newBench(t)
	e, rs := echo.New(), b.Server(apptest.Resource)
	e.Use(echomcp.RequireScopes(rs, apptest.Scope))
	b.Mount(app{e}, rs)
	s := b.Serve(e)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckClient("/mcp", s.Token(apptest.Resource))
}

// TestPrincipalOfNobody: without RequireScopes there is no caller (S54).
func TestPrincipalOfNobody(t *testing.T) {
	e := echo.New()
	e.GET("/", func(c echo.Context) error {
		if p, ok := echomcp.Principal(c); ok {
			t.Errorf("got the principal %q, want none", p.Subject)
		}
		return nil
	})
	s := newBench(t).Serve(e)
	s.CheckStatus("GET /", s.Do(apptest.Request{Path: "/"}), http.StatusOK)
}
