// Command mcpgo is a net/http app with a protected MCP endpoint of mcp-go.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/examples/internal/demo"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func main() { demo.Main(app) }

func app(ctx context.Context, d *demo.Demo) (http.Handler, error) {
	// The app as it was.
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })

	// The protected MCP endpoint. mcp-go's handler is mounted as it is.
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
	tools := d.MCPGo()
	handler := server.NewStreamableHTTPServer(tools, server.WithStateLess(!d.Stateful), server.WithStateful(d.Stateful))
	if err := nethttp.Mount(mux, rs, handler); err != nil {
		return nil, err
	}
	d.Lint(func(ctx context.Context) error { return rs.Lint(ctx, demo.InventoryOf(tools)) })

	// The same tokens on an ordinary route, and readiness.
	mux.Handle("GET /api/me", nethttp.RequireScopes(rs, d.Scopes...)(http.HandlerFunc(me)))
	mux.Handle("GET /readyz", demo.Readyz(rs))
	return mux, nil
}

func me(w http.ResponseWriter, r *http.Request) {
	caller, _ := nethttp.Principal(r)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"sub": caller.Subject, "scopes": caller.Scopes})
}
