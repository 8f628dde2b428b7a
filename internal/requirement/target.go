package requirement

import (
	"context"
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
)

// Target is one way to put protected resources into an app.
type Target struct {
	// Name names the target in failures.
	Name string
	// Routerless targets have no router that could refuse a route.
	Routerless bool
	// Open makes the app that site describes.
	Open func(ctx context.Context, site *Site) (App, error)
}

// App is what a target made.
type App struct {
	Handler http.Handler
	// Servers are the resource servers of the site, in its order. A target
	// whose inside can't be seen leaves it nil.
	Servers []*core.ResourceServer
}

// Site describes an app with protected resources, for a [Target] to make.
type Site struct {
	Resources []Protected
	// Routes are the ordinary routes of the app.
	Routes []Route
	// Guard, if not nil, is middleware around the whole app: it refuses every
	// request that isn't kept from it.
	Guard http.Handler
	// WhoAmI answers an ordinary route with what its handler can see: the
	// principal, in the manner of the target's router, and the request.
	WhoAmI func(http.ResponseWriter, *http.Request, core.Principal)
}

// Protected is one protected resource.
type Protected struct {
	Config core.Config
	// MCP is the handler behind the gate. Without one only the metadata is
	// mounted.
	MCP http.Handler
}

// Route is one ordinary route, for GET and POST.
type Route struct {
	Path string
	// Needs are the scopes of each RequireScopes around the route, the outer one
	// first, all of the first resource. A route without any is public.
	Needs [][]string
}

// NewServers makes the resource servers of the site.
func (s *Site) NewServers(ctx context.Context) ([]*core.ResourceServer, error) {
	servers := make([]*core.ResourceServer, len(s.Resources))
	for i, resource := range s.Resources {
		var err error
		if servers[i], err = core.New(ctx, resource.Config); err != nil {
			return nil, err
		}
	}
	return servers, nil
}

// The ordinary routes of every site.
const (
	publicRoute = "/healthz"
	anyRoute    = "/api/any"    // any valid token
	scopedRoute = "/api/me"     // the scope "c"
	nestedRoute = "/api/nested" // the scope "a", and within it "c"
)

func ordinaryRoutes() []Route {
	return []Route{
		{Path: publicRoute},
		{Path: anyRoute, Needs: [][]string{nil}},
		{Path: scopedRoute, Needs: [][]string{{"c"}}},
		{Path: nestedRoute, Needs: [][]string{{"a"}, {"c"}}},
	}
}
