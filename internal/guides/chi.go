package guides

import (
	"context"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
)

func chiWithSessions(ctx context.Context, config core.Config, mcp http.Handler) (http.Handler, error) {
	router := chi.NewRouter()
	router.Use(requireSession) // for every route
	router.Get("/inbox", inbox)

	rs, err := core.New(ctx, config)
	if err != nil {
		return nil, err
	}
	return rs.InFront(router, mcp), nil // in place of chimcp.Mount
}

func chiRoutes(router chi.Router, rs *core.ResourceServer) {
	router.Route("/api", func(api chi.Router) {
		api.Use(chimcp.RequireScopes(rs, "notes:read"))
		api.Get("/notes", func(w http.ResponseWriter, r *http.Request) {
			caller, _ := chimcp.Principal(r)
			fmt.Fprintln(w, caller.Subject)
		})
	})
}
