package requirement_test

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/echomcp"
	"github.com/mcpbearer/mcpbearer/ginmcp"
	"github.com/mcpbearer/mcpbearer/internal/requirement"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func targets() []requirement.Target {
	return []requirement.Target{
		{Name: "core", Routerless: true, Open: openCore},
		{Name: "nethttp", Open: openNethttp},
		{Name: "gin", Open: openGin},
		{Name: "echo", Open: openEcho},
		{Name: "chi", Open: openChi},
	}
}

func routeMethods() []string { return []string{http.MethodGet, http.MethodPost} }

// inFront puts the resources before the app, where its middleware can't be
// escaped from a route.
func inFront(app http.Handler, site *requirement.Site, servers []*core.ResourceServer) http.Handler {
	for i, rs := range servers {
		app = rs.InFront(app, site.Resources[i].MCP)
	}
	return app
}

// mountAll mounts the resources, each with or without its endpoint.
func mountAll(
	site *requirement.Site, servers []*core.ResourceServer,
	mount func(*core.ResourceServer, http.Handler) error, metadata func(*core.ResourceServer) error,
) error {
	for i, rs := range servers {
		if mcp := site.Resources[i].MCP; mcp != nil {
			if err := mount(rs, mcp); err != nil {
				return err
			}
			continue
		}
		if err := metadata(rs); err != nil {
			return err
		}
	}
	return nil
}

func openCore(ctx context.Context, site *requirement.Site) (requirement.App, error) {
	servers, err := site.NewServers(ctx)
	if err != nil {
		return requirement.App{}, err
	}
	mux := http.NewServeMux()
	for _, route := range site.Routes {
		var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, _ := core.PrincipalFrom(r.Context())
			site.WhoAmI(w, r, p)
		})
		for i := len(route.Needs) - 1; i >= 0; i-- {
			h = servers[0].Protect(h, route.Needs[i]...)
		}
		mux.Handle(route.Path, h)
	}
	var app http.Handler = mux
	if site.Guard != nil {
		app = site.Guard
	}
	return requirement.App{Handler: inFront(app, site, servers), Servers: servers}, nil
}

func openNethttp(ctx context.Context, site *requirement.Site) (requirement.App, error) {
	servers, err := site.NewServers(ctx)
	if err != nil {
		return requirement.App{}, err
	}
	mux := http.NewServeMux()
	for _, route := range site.Routes {
		var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, _ := nethttp.Principal(r)
			site.WhoAmI(w, r, p)
		})
		for i := len(route.Needs) - 1; i >= 0; i-- {
			h = nethttp.RequireScopes(servers[0], route.Needs[i]...)(h)
		}
		for _, method := range routeMethods() {
			mux.Handle(method+" "+route.Path, h)
		}
	}
	if site.Guard != nil {
		return requirement.App{Handler: inFront(site.Guard, site, servers), Servers: servers}, nil
	}
	err = mountAll(site, servers,
		func(rs *core.ResourceServer, mcp http.Handler) error { return nethttp.Mount(mux, rs, mcp) },
		func(rs *core.ResourceServer) error { return nethttp.MountMetadata(mux, rs) })
	return requirement.App{Handler: mux, Servers: servers}, err
}

func openChi(ctx context.Context, site *requirement.Site) (requirement.App, error) {
	servers, err := site.NewServers(ctx)
	if err != nil {
		return requirement.App{}, err
	}
	router := chi.NewRouter()
	if site.Guard != nil {
		router.Use(func(http.Handler) http.Handler { return site.Guard })
	}
	for _, route := range site.Routes {
		router.Group(func(r chi.Router) {
			for _, scopes := range route.Needs {
				r.Use(chimcp.RequireScopes(servers[0], scopes...))
			}
			for _, method := range routeMethods() {
				r.MethodFunc(method, route.Path, func(w http.ResponseWriter, r *http.Request) {
					p, _ := chimcp.Principal(r)
					site.WhoAmI(w, r, p)
				})
			}
		})
	}
	if site.Guard != nil {
		return requirement.App{Handler: inFront(router, site, servers), Servers: servers}, nil
	}
	err = mountAll(site, servers,
		func(rs *core.ResourceServer, mcp http.Handler) error { return chimcp.Mount(router, rs, mcp) },
		func(rs *core.ResourceServer) error { return chimcp.MountMetadata(router, rs) })
	return requirement.App{Handler: router, Servers: servers}, err
}

func openGin(ctx context.Context, site *requirement.Site) (requirement.App, error) {
	servers, err := site.NewServers(ctx)
	if err != nil {
		return requirement.App{}, err
	}
	router := gin.New()
	if site.Guard != nil {
		router.Use(func(c *gin.Context) {
			site.Guard.ServeHTTP(c.Writer, c.Request)
			c.Abort()
		})
	}
	for _, route := range site.Routes {
		var handlers []gin.HandlerFunc
		for _, scopes := range route.Needs {
			handlers = append(handlers, ginmcp.RequireScopes(servers[0], scopes...))
		}
		handlers = append(handlers, func(c *gin.Context) {
			p, _ := ginmcp.Principal(c)
			site.WhoAmI(c.Writer, c.Request, p)
		})
		router.Match(routeMethods(), route.Path, handlers...)
	}
	err = mountAll(site, servers,
		func(rs *core.ResourceServer, mcp http.Handler) error { return ginmcp.Mount(router, rs, mcp) },
		func(rs *core.ResourceServer) error { return ginmcp.MountMetadata(router, rs) })
	return requirement.App{Handler: router, Servers: servers}, err
}

func openEcho(ctx context.Context, site *requirement.Site) (requirement.App, error) {
	servers, err := site.NewServers(ctx)
	if err != nil {
		return requirement.App{}, err
	}
	router := echo.New()
	if site.Guard != nil {
		router.Use(func(echo.HandlerFunc) echo.HandlerFunc { return echo.WrapHandler(site.Guard) })
	}
	for _, route := range site.Routes {
		var middleware []echo.MiddlewareFunc
		for _, scopes := range route.Needs {
			middleware = append(middleware, echomcp.RequireScopes(servers[0], scopes...))
		}
		router.Match(routeMethods(), route.Path, func(c echo.Context) error {
			p, _ := echomcp.Principal(c)
			site.WhoAmI(c.Response(), c.Request(), p)
			return nil
		}, middleware...)
	}
	err = mountAll(site, servers,
		func(rs *core.ResourceServer, mcp http.Handler) error { return echomcp.Mount(router, rs, mcp) },
		func(rs *core.ResourceServer) error { return echomcp.MountMetadata(router, rs) })
	return requirement.App{Handler: router, Servers: servers}, err
}
