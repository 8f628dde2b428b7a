// Command observability is a net/http app that tells every decision about its MCP
// endpoint to slog, to Prometheus at /metrics, and to OpenTelemetry.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/examples/internal/demo"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func main() { demo.Main(app) }

func app(ctx context.Context, d *demo.Demo) (http.Handler, error) {
	// The app as it was.
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })

	// Who is told. The meter is that of the process: where no provider was set up,
	// it counts nothing.
	registry := prometheus.NewRegistry()
	counted, err := toPrometheus(registry)
	if err != nil {
		return nil, err
	}
	measured, err := toOpenTelemetry(otel.Meter("mcpbearer"))
	if err != nil {
		return nil, err
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))

	// The protected MCP endpoint.
	rs, err := core.New(ctx, core.Config{
		Resource:             d.Resource,
		AuthorizationServers: []string{d.Issuer},
		Issuers:              d.Issuers(),
		Scopes:               d.Scopes,
		AllowedOrigins:       d.Origins,
		Policy:               d.Policy(),
		Metadata:             d.Metadata(),
		Observe:              all(toLog(slog.Default()), counted, measured),
	})
	if err != nil {
		return nil, err
	}
	server := d.GoSDK()
	if err := nethttp.Mount(mux, rs, gosdk.Handler(server, &mcp.StreamableHTTPOptions{Stateless: !d.Stateful})); err != nil {
		return nil, err
	}
	d.Lint(func(ctx context.Context) error { return gosdk.Lint(ctx, rs, server) })

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
