// Package ginmcp mounts a protected MCP endpoint in a Gin router.
package ginmcp

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/mcpbearer/mcpbearer/core"
)

// Mount adds the MCP endpoint, behind rs, and its metadata to the root router.
// Middleware that the router uses by then runs before the endpoint, but not
// before the metadata, which must stay public (RFC 9728 §3). Where a route
// clashes with one of the app's, the error says what to do; the router may then
// hold some of the routes.
func Mount(root *gin.Engine, rs *core.ResourceServer, mcp http.Handler) error {
	if err := rs.Register(mcp, add(&root.RouterGroup)); err != nil {
		return err
	}
	return MountMetadata(root, rs)
}

// MountMetadata adds the protected resource metadata alone, around the root
// router's middleware.
func MountMetadata(root *gin.Engine, rs *core.ResourceServer) error {
	bare := root.RouterGroup
	bare.Handlers = nil
	return rs.RegisterMetadata(add(&bare))
}

func add(routes *gin.RouterGroup) core.AddRoute {
	return func(method, path string, h http.Handler) (added bool) {
		routes.Handle(method, path, gin.WrapH(h))
		return true
	}
}

// RequireScopes returns middleware for ordinary routes: it lets in requests
// whose access token has all the scopes, and answers all others.
func RequireScopes(rs *core.ResourceServer, scopes ...string) gin.HandlerFunc {
	return func(c *gin.Context) {
		admitted, err := rs.Authorize(c.Request, scopes...)
		if err != nil {
			rs.Deny(c.Writer, c.Request, err)
			c.Abort()
			return
		}
		c.Request = admitted
		c.Next()
	}
}

// Principal returns the caller of a request that RequireScopes or the endpoint
// let in.
func Principal(c *gin.Context) (core.Principal, bool) {
	return core.PrincipalFrom(c.Request.Context())
}
