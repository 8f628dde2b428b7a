package guides

import (
	"context"
	"fmt"
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func muxWithSessions(ctx context.Context, config core.Config, mcp http.Handler) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /inbox", inbox)
	app := requireSession(mux) // for every route

	rs, err := core.New(ctx, config)
	if err != nil {
		return nil, err
	}
	return rs.InFront(app, mcp), nil // in place of nethttp.Mount
}

func muxRoutes(mux *http.ServeMux, rs *core.ResourceServer) {
	mux.Handle("GET /api/notes", nethttp.RequireScopes(rs, "notes:read")(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			caller, _ := nethttp.Principal(r)
			fmt.Fprintln(w, caller.Subject)
		})))
}
