package main

import (
	"context"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func netHTTPApp(ctx context.Context, resource, issuer string, server *mcp.Server) (http.Handler, error) {
	router := http.NewServeMux()
	router.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	rs, err := core.New(ctx, core.Config{
		Resource: resource, AuthorizationServers: []string{issuer}, Scopes: []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	return router, nethttp.Mount(router, rs, gosdk.Handler(server, nil))
}
