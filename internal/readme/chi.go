package main

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

func chiApp(ctx context.Context, resource, issuer string, server *mcp.Server) (http.Handler, error) {
	router := chi.NewRouter()
	router.Get("/healthz", func(http.ResponseWriter, *http.Request) {})
	rs, err := core.New(ctx, core.Config{
		Resource: resource, AuthorizationServers: []string{issuer}, Scopes: []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	return router, chimcp.Mount(router, rs, gosdk.Handler(server, nil))
}
