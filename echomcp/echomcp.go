// Package echomcp mounts a protected MCP endpoint in an Echo v4 router.
package echomcp

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/mcpbearer/mcpbearer/core"
)

// Mount adds the MCP endpoint, behind rs, and its metadata to the root router.
// Middleware that the router uses runs before the endpoint, but not before the
// metadata, which must stay public (RFC 9728 §3); only Pre middleware that was
// added earlier does. Where the router has a route already, the error says what
// to do; the router may then hold some of the routes.
func Mount(root *echo.Echo, rs *core.ResourceServer, mcp http.Handler) error {
	if err := rs.Register(mcp, add(root)); err != nil {
		return err
	}
	return MountMetadata(root, rs)
}

// MountMetadata adds the protected resource metadata alone, before the root
// router's middleware.
func MountMetadata(root *echo.Echo, rs *core.ResourceServer) error {
	if err := rs.RegisterMetadata(add(root)); err != nil {
		return err
	}
	paths, metadata := rs.MetadataPaths(), serve(rs.MetadataHandler())
	root.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if slices.Contains(paths, c.Request().URL.Path) {
				return metadata(c)
			}
			return next(c)
		}
	})
	return nil
}

// add registers routes, but none that exists: Echo would silently replace it.
func add(root *echo.Echo) core.AddRoute {
	return func(method, path string, h http.Handler) (added bool) {
		if added = !slices.ContainsFunc(root.Routes(), func(r *echo.Route) bool { return r.Method == method && r.Path == path }); added {
			root.Add(method, path, serve(h))
		}
		return added
	}
}

// serve runs h. Under a Timeout h gets a Response of the request's own: when the
// time is over, Echo hands its Response on to the next request while h still
// runs, and what h wrote then would reach another caller.
func serve(h http.Handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		r, w := c.Request(), c.Response()
		if _, limited := r.Context().Deadline(); limited {
			w = echo.NewResponse(w.Writer, c.Echo())
		}
		h.ServeHTTP(w, r)
		return nil
	}
}

// RequireScopes returns middleware for ordinary routes: it lets in requests
// whose access token has all the scopes, and answers all others itself, past
// the app's error handler.
func RequireScopes(rs *core.ResourceServer, scopes ...string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			_ = serve(rs.Protect(http.HandlerFunc(func(_ http.ResponseWriter, admitted *http.Request) {
				c.SetRequest(admitted)
				err = next(c)
			}), scopes...))(c) // serve itself never fails
			return err
		}
	}
}

// Principal returns the caller of a request that RequireScopes or the endpoint
// let in.
func Principal(c echo.Context) (core.Principal, bool) {
	return core.PrincipalFrom(c.Request().Context())
}
