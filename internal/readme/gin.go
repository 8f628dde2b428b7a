package main

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/ginmcp"
)

func ginApp(ctx context.Context, resource, issuer string, server *mcp.Server) (http.Handler, error) {
	router := gin.Default()
	router.GET("/healthz", func(c *gin.Context) { c.Status(http.StatusOK) })
	rs, err := core.New(ctx, core.Config{
		Resource: resource, AuthorizationServers: []string{issuer}, Scopes: []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	return router, ginmcp.Mount(router, rs, gosdk.Handler(server, nil))
}
