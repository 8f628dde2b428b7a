package apptest

import (
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// Middleware is middleware as net/http has it. An [App] adapts it.
type Middleware = func(http.Handler) http.Handler

// App is an app made with one router. Its methods do what an app does with that
// router, in the router's own way.
type App interface {
	http.Handler

	// Use adds middleware before all routes. It comes before everything else.
	Use(Middleware)
	// Handle adds an ordinary route for exactly that path.
	Handle(method, path string, h http.HandlerFunc)
	// Any adds an ordinary route for all methods.
	Any(path string, h http.HandlerFunc)
	// Group adds GET prefix+path in a group that has a prefix and middleware.
	Group(prefix string, mw Middleware, path string, h http.HandlerFunc)
	// CatchAll adds a route that takes every path, for every method or, where
	// getOnly says so, for GET.
	CatchAll(getOnly bool, h http.HandlerFunc)
	// NotFound sets what answers paths without a route.
	NotFound(h http.HandlerFunc)

	// Mount, MountMetadata are the adapter's.
	Mount(rs *core.ResourceServer, mcp http.Handler) error
	MountMetadata(rs *core.ResourceServer) error
	// Protect adds GET path behind two RequireScopes of the adapter, one of a
	// group and one of the route. The handler gets what the adapter's Principal
	// returns.
	Protect(path string, rs *core.ResourceServer, group, route []string, h ProtectedHandler)
}

// ProtectedHandler handles a route behind RequireScopes.
type ProtectedHandler func(w http.ResponseWriter, r *http.Request, p core.Principal, ok bool)

// Router makes apps, and says in what its router differs from others.
type Router struct {
	New func() App
	// MetadataEscapes says that Mount puts the metadata before middleware that
	// the app used earlier.
	MetadataEscapes bool
	// CatchAllClashes says that the router has no room for other routes beside
	// a catch-all, so that Mount must refuse.
	CatchAllClashes bool
}

// Run runs all situations on apps of one router.
func Run(t *testing.T, router Router) {
	as := authtest.NewServer(t)
	for _, s := range situations() {
		t.Run(s.id, func(t *testing.T) { s.run(NewBench(t, as), router) })
	}
}

// situation is one thing that apps do. Its id begins with the row that it
// proves.
type situation struct {
	id  string
	run func(*Bench, Router)
}

func situations() []situation {
	var all []situation
	for _, list := range [][]situation{routeSituations(), guardSituations(), mountSituations(), pathSituations(), streamSituations()} {
		all = append(all, list...)
	}
	return all
}
