package main

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/echomcp"
)

func echoApp(ctx context.Context, resource, issuer string, server *mcp.Server) (http.Handler, error) {
	router := echo.New()
	router.GET("/healthz", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	rs, err := core.New(ctx, core.Config{
		Resource: resource, AuthorizationServers: []string{issuer}, Scopes: []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	return router, echomcp.Mount(router, rs, gosdk.Handler(server, nil))
}
