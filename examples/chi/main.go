// Command chi is a chi app with a protected MCP endpoint.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/examples/internal/demo"
)

func main() { demo.Main(app) }

func app(ctx context.Context, d *demo.Demo) (http.Handler, error) {
	// The app as it was.
	router := chi.NewRouter()
	router.Use(middleware.Recoverer)
	router.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })

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
	if err := chimcp.Mount(router, rs, handler); err != nil {
		return nil, err
	}
	d.Lint(func(ctx context.Context) error { return gosdk.Lint(ctx, rs, server) })

	// The same tokens on an ordinary route, and readiness.
	router.With(chimcp.RequireScopes(rs, d.Scopes...)).Get("/api/me", me)
	router.Get("/readyz", demo.Readyz(rs))
	return router, nil
}

func me(w http.ResponseWriter, r *http.Request) {
	caller, _ := chimcp.Principal(r)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"sub": caller.Subject, "scopes": caller.Scopes})
}
