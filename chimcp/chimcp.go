// Package chimcp mounts a protected MCP endpoint in a chi v5 router.
package chimcp

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/mcpbearer/mcpbearer/core"
)

// Mount adds the MCP endpoint, behind rs, and its metadata to the root router.
// Middleware that the router uses runs before both, and can't be escaped from a
// route: where it asks for authentication of its own, put rs.InFront before the
// router instead. An endpoint that the router has already is an error.
func Mount(root chi.Router, rs *core.ResourceServer, mcp http.Handler) error {
	if err := rs.Register(mcp, add(root)); err != nil {
		return err
	}
	return MountMetadata(root, rs)
}

// MountMetadata adds the protected resource metadata alone.
func MountMetadata(root chi.Router, rs *core.ResourceServer) error {
	return rs.RegisterMetadata(add(root))
}

// add registers routes, but none that exists: chi would silently replace it.
func add(root chi.Router) core.AddRoute {
	return func(method, path string, h http.Handler) (added bool) {
		found := chi.NewRouteContext()
		if root.Match(found, method, path) && strings.TrimSuffix(found.RoutePattern(), "/") == strings.TrimSuffix(path, "/") {
			return false
		}
		root.Method(method, path, h)
		return true
	}
}

// RequireScopes returns middleware for ordinary routes: it lets in requests
// whose access token has all the scopes, and answers all others.
func RequireScopes(rs *core.ResourceServer, scopes ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return rs.Protect(next, scopes...) }
}

// Principal returns the caller of a request that RequireScopes or the endpoint
// let in.
func Principal(r *http.Request) (core.Principal, bool) {
	return core.PrincipalFrom(r.Context())
}
