package core

import (
	"errors"
	"fmt"
	"net/http"
)

// routedMethods are the methods that the endpoint and its metadata are
// registered for. Each is registered by itself: a pattern for all methods would
// clash with an app's own catch-all for one.
func routedMethods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}
}

// AddRoute adds one route to a router: the exact path for the one method. It
// reports false where the router has that route already and would replace it.
type AddRoute func(method, path string, h http.Handler) (added bool)

// Register adds the MCP endpoint to a router, a route for each method. It is
// what the adapters' Mount is made of, and serves routers that have no adapter.
// A route that can't be added, and a panic of the router, become an error that
// says what to do.
func (rs *ResourceServer) Register(mcp http.Handler, add AddRoute) error {
	if mcp == nil {
		return errors.New("core: the MCP handler is nil: pass the SDK's HTTP handler")
	}
	return register([]string{rs.path}, rs.Handler(mcp), add)
}

// RegisterMetadata adds the protected resource metadata to a router in the same
// way. The routes that it is added to must not be behind authentication.
func (rs *ResourceServer) RegisterMetadata(add AddRoute) error {
	return register(rs.metadataPaths, rs.MetadataHandler(), add)
}

func register(paths []string, h http.Handler, add AddRoute) error {
	for _, path := range paths {
		for _, method := range routedMethods() {
			if clash := tryRoute(method, path, h, add); clash != "" {
				return fmt.Errorf("core: the router refuses %s %s: %s; remove the route that it clashes with, "+
					"or put ResourceServer.InFront(app, mcp) before the whole app instead of mounting", method, path, clash)
			}
		}
	}
	return nil
}

// tryRoute returns why the route couldn't be added, or "".
func tryRoute(method, path string, h http.Handler, add AddRoute) (clash string) {
	defer func() {
		if broken := recover(); broken != nil {
			clash = fmt.Sprint(broken)
		}
	}()
	if !add(method, path, h) {
		return "it has this route already"
	}
	return ""
}
