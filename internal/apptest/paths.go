package apptest

import (
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
)

func pathSituations() []situation {
	return []situation{
		{"S36/root resource", func(b *Bench, r Router) { rootResource(b, r, "https://mcp.example") }},
		{"S36/root resource with its slash", func(b *Bench, r Router) { rootResource(b, r, "https://mcp.example/") }},
		{"S36/resource with a query", func(b *Bench, r Router) { mounted(b, r, "https://mcp.example/mcp?tenant=a") }},
		{"S36/root resource with a query", func(b *Bench, r Router) { mounted(b, r, "https://mcp.example?tenant=a") }},
		{"S36/resource at depth", func(b *Bench, r Router) { mounted(b, r, "https://mcp.example/a/b/mcp") }},
		{"S36/resource that ends in a slash", slashResource},
		{"S53/every character that a path may have", func(b *Bench, r Router) {
			mounted(b, r, "https://mcp.example/aZ09-._~@!$&'(),;=+/mcp")
		}},
		{"S52/proxy that strips a prefix", strippingProxy},
		{"S52/proxy that strips a prefix from everything", strippingProxyForAll},
		{"S52/proxy that strips a prefix, metadata at a place of its own", strippingProxyOwnPlace},
		{"S52/proxy that adds a prefix", addingProxy},
	}
}

// mounted mounts the one resource and checks it, spaces and all.
func mounted(b *Bench, router Router, resource string) {
	app, rs := router.New(), b.Server(resource)
	b.Mount(app, rs)
	s := b.Serve(app)
	s.CheckMounted(rs, resource)
	s.CheckStepwise(rs.Path(), s.Token(resource))
}

func rootResource(b *Bench, router Router, resource string) {
	app, rs := router.New(), b.Server(resource)
	app.Handle(http.MethodGet, "/own", says(http.StatusOK, "own"))
	b.Mount(app, rs)
	s := b.Serve(app)
	s.CheckMounted(rs, resource)
	s.CheckMetadata(resource, "/.well-known/oauth-protected-resource")
	for _, audience := range []string{"https://mcp.example", "https://mcp.example/"} {
		s.CheckEndpoint(rs, audience, "/")
	}
	s.CheckApp(Request{Path: "/own"}, http.StatusOK, "own")
	s.CheckStatus("another path", s.Do(Call("/other", s.Token(resource), WhoAmI)), http.StatusNotFound)

	home := router.New() // one that has a page at the root
	home.Handle(http.MethodGet, "/", says(http.StatusOK, "home"))
	b.CheckRefusal(home.Mount(rs, b.MCP))
	s = b.Serve(rs.InFront(home, b.MCP))
	s.CheckMounted(rs, resource)
}

func slashResource(b *Bench, router Router) {
	const resource = "https://mcp.example/mcp/"
	app, rs := router.New(), b.Server(resource)
	b.Mount(app, rs)
	s := b.Serve(app)
	s.CheckMounted(rs, resource)
	s.CheckMetadata(resource, "/.well-known/oauth-protected-resource/mcp/")
	s.CheckStatus("a path below", s.Do(Call("/mcp/x", s.Token(resource), WhoAmI)), http.StatusNotFound)
}

// proxied is an app behind a proxy that takes /svc from the path, and is asked
// for well-known URLs as they are, if at all.
func proxied(app http.Handler, wellKnown bool) http.Handler {
	proxy := http.NewServeMux()
	proxy.Handle("/svc/", http.StripPrefix("/svc", app))
	if wellKnown {
		proxy.Handle("/.well-known/", app)
	}
	return proxy
}

const proxiedResource = "https://mcp.example/svc/mcp"

func strippingProxy(b *Bench, router Router) {
	app, rs := router.New(), b.Server(proxiedResource, func(c *core.Config) { c.Path = "/mcp" })
	b.Mount(app, rs)
	s := b.Serve(proxied(app, true))
	s.CheckEndpoint(rs, proxiedResource, "/svc/mcp")
	s.CheckNamedMetadata(rs, proxiedResource)
	s.CheckStepwise("/svc/mcp", s.Token(proxiedResource))
}

func strippingProxyForAll(b *Bench, router Router) {
	app, rs := router.New(), b.Server(proxiedResource, func(c *core.Config) {
		c.Path = "/mcp"
		c.MetadataURL = "https://mcp.example/svc/.well-known/oauth-protected-resource/mcp"
	})
	b.Mount(app, rs)
	s := b.Serve(proxied(app, false))
	s.CheckEndpoint(rs, proxiedResource, "/svc/mcp")
	s.CheckNamedMetadata(rs, proxiedResource)
}

// strippingProxyOwnPlace: the challenge names a URL that the proxy shortens too
// (S36: what the challenge names is a route that answers, always).
func strippingProxyOwnPlace(b *Bench, router Router) {
	app, rs := router.New(), b.Server(proxiedResource, func(c *core.Config) {
		c.Path = "/mcp"
		c.MetadataURL = "https://mcp.example/svc/.well-known/oauth-protected-resource"
	})
	b.Mount(app, rs)
	s := b.Serve(proxied(app, false))
	s.CheckNamedMetadata(rs, proxiedResource)
}

func addingProxy(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource, func(c *core.Config) { c.Path = "/internal/mcp" })
	b.Mount(app, rs)
	proxy := http.NewServeMux()
	proxy.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/internal" + r.URL.Path
		app.ServeHTTP(w, r)
	}))
	proxy.Handle("/.well-known/", app)
	s := b.Serve(proxy)
	s.CheckEndpoint(rs, Resource, "/mcp")
	s.CheckNamedMetadata(rs, Resource)
}
