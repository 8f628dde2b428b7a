// Package gosdk serves MCP servers of the official Go SDK behind a
// core.ResourceServer: each tool, prompt and resource handler sees the caller of
// the very request that it answers.
package gosdk

import (
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/internal/caller"
)

// Handler returns the streamable HTTP handler of server, to be mounted behind a
// resource server; without one it answers 500 to everything.
//
// Handlers find the caller with core.PrincipalFrom, or in the SDK's own way in
// req.Extra.TokenInfo, both of the current request, in stateless and stateful
// servers alike. The SDK's sessions are bound to issuer and subject. Where the
// client hangs up, the handler's context ends (from MCP 2026-07-28 on; before
// that a client might come back for the answer).
//
// The options are copied. Nil means stateless, which is what serves MCP
// 2026-07-28. Handler adds a receiving middleware to server: call it once for a
// server, and share the handler among resource servers.
func Handler(server *mcp.Server, options *mcp.StreamableHTTPOptions) http.Handler {
	if options == nil {
		options = &mcp.StreamableHTTPOptions{Stateless: true}
	}
	copied := *options
	copied.PropagateRequestCancellation = true
	server.AddReceivingMiddleware(reseat, secondLock)
	return &handler{
		stateful: !copied.Stateless,
		sdk:      mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &copied),
		key:      tokenInfoKey(),
	}
}

type handler struct {
	sdk      http.Handler
	key      any
	stateful bool
}

// ServeHTTP gives the SDK the principal in the form that it looks for.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := caller.From(r.Context())
	if c == nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	mark(r, c)
	if c.Owner() != "" {
		r = newSeat(r.Context(), h.key, c, h.stateful).take(r)
	}
	h.sdk.ServeHTTP(w, r)
}
