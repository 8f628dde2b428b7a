// Package nethttp mounts a protected MCP endpoint in an http.ServeMux.
package nethttp

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// Mount adds the MCP endpoint, behind rs, and its metadata to the mux. Handlers
// around the mux run before both, and can't be escaped from a route: where they
// ask for authentication of their own, put rs.InFront before them instead. Where
// a route clashes with one of the app's, the error says what to do; the mux may
// then hold some of the routes.
func Mount(root *http.ServeMux, rs *core.ResourceServer, mcp http.Handler) error {
	if err := rs.Register(mcp, add(root)); err != nil {
		return err
	}
	return MountMetadata(root, rs)
}

// MountMetadata adds the protected resource metadata alone.
func MountMetadata(root *http.ServeMux, rs *core.ResourceServer) error {
	return rs.RegisterMetadata(add(root))
}

// add registers exact routes, but none that the mux has for all methods: it
// would silently take precedence. In a pattern, a final slash would stand for
// all that begins so.
func add(root *http.ServeMux) core.AddRoute {
	return func(method, path string, h http.Handler) (added bool) {
		pattern := path
		if strings.HasSuffix(path, "/") {
			pattern += "{$}"
		}
		if _, taken := root.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}}); taken == pattern {
			return false
		}
		root.Handle(method+" "+pattern, h)
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
