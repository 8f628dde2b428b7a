// Command echo is an Echo app with a protected MCP endpoint.
package main

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/echomcp"
	"github.com/mcpbearer/mcpbearer/examples/internal/demo"
)

func main() { demo.Main(app) }

func app(ctx context.Context, d *demo.Demo) (http.Handler, error) {
	// The app as it was.
	router := echo.New()
	router.Use(middleware.Recover())
	router.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })

	// The protected MCP endpoint.
	rs, err := core.New(ctx, core.Config{
		Resource:             d.Resource,
		AuthorizationServers: []string{d.Issuer},
		Issuers:              d.Issuers(),
		Scopes:               d.Scopes,
		AllowedOrigins:       d.Origins,
		Policy:               d.Policy(),
		Metadata:             d.Metadata(),
	})
	if err != nil {
		return nil, err
	}
	server := d.GoSDK()
	handler := gosdk.Handler(server, &mcp.StreamableHTTPOptions{Stateless: !d.Stateful})
	if err := echomcp.Mount(router, rs, handler); err != nil {
		return nil, err
	}
	d.Lint(func(ctx context.Context) error { return gosdk.Lint(ctx, rs, server) })

	// The same tokens on an ordinary route, and readiness.
	router.GET("/api/me", func(c echo.Context) error {
		caller, _ := echomcp.Principal(c)
		return c.JSON(http.StatusOK, echo.Map{"sub": caller.Subject, "scopes": caller.Scopes})
	}, echomcp.RequireScopes(rs, d.Scopes...))
	router.GET("/readyz", echo.WrapHandler(demo.Readyz(rs)))
	return router, nil
}
