package guides

import (
	"context"
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func protect(ctx context.Context, mux *http.ServeMux, resource, issuer string, mcp http.Handler) error {
	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Policy: core.Policy{
			Tools:    map[string]core.Requirement{"purge": core.Scopes("notes:write")},
			Unlisted: core.Scopes(), // as before: other tools need a token, and no scope
		},
	})
	if err != nil {
		return err
	}
	return nethttp.Mount(mux, rs, mcp)
}
