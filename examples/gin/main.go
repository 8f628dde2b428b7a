// Command gin is a Gin app with a protected MCP endpoint.
package main

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/examples/internal/demo"
	"github.com/mcpbearer/mcpbearer/ginmcp"
)

func main() { demo.Main(app) }

func app(ctx context.Context, d *demo.Demo) (http.Handler, error) {
	// The app as it was.
	gin.SetMode(gin.ReleaseMode)
	router := gin.Default()
	router.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })

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
	if err := ginmcp.Mount(router, rs, handler); err != nil {
		return nil, err
	}
	d.Lint(func(ctx context.Context) error { return gosdk.Lint(ctx, rs, server) })

	// The same tokens on an ordinary route, and readiness.
	router.GET("/api/me", ginmcp.RequireScopes(rs, d.Scopes...), func(c *gin.Context) {
		caller, _ := ginmcp.Principal(c)
		c.JSON(http.StatusOK, gin.H{"sub": caller.Subject, "scopes": caller.Scopes})
	})
	router.GET("/readyz", gin.WrapF(demo.Readyz(rs)))
	return router, nil
}
