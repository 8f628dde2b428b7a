package apptest

import (
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

func mountSituations() []situation {
	list := []situation{
		{"S52/nil handler", nilHandler},
		{"S52/metadata alone", metadataAlone},
		{"S52/mounted twice", mountedTwice},
		{"S37/two at the root", twoAtRoot},
		{"S37/one at the root", oneAtRoot},
		{"S39/two resources", twoResources},
		{"S52/route of the app for every method", func(b *Bench, r Router) {
			taken(b, r, func(app App) { app.Any("/mcp", says(http.StatusOK, "mine")) })
		}},
		{"S52/well-known route of the app", wellKnownTaken},
	}
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions,
	} {
		list = append(list, situation{"S52/route of the app for " + method, func(b *Bench, r Router) {
			taken(b, r, func(app App) { app.Handle(method, "/mcp", says(http.StatusOK, "mine")) })
		}})
	}
	return list
}

func nilHandler(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	if err := app.Mount(rs, nil); err == nil || !strings.Contains(err.Error(), "handler is nil") {
		b.Errorf("Mount of nil: got error %v, want one that says so", err)
	}
	if err := app.Mount(rs, b.MCP); err != nil {
		b.Errorf("Mount after Mount of nil: %v; the failed one left routes behind", err)
	}
}

func metadataAlone(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	if err := app.MountMetadata(rs); err != nil {
		b.Fatal(err)
	}
	s := b.Serve(app)
	s.CheckNamedMetadata(rs, Resource)
	s.CheckStatus("the endpoint", s.Do(Call("/mcp", s.Token(Resource), WhoAmI)), http.StatusNotFound)
}

func mountedTwice(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	b.Mount(app, rs)
	b.CheckRefusal(app.Mount(rs, b.MCP))
	b.CheckRefusal(app.MountMetadata(rs))
	other := b.Server(Resource) // another resource server of the same resource
	b.CheckRefusal(app.Mount(other, b.MCP))
	s := b.Serve(app)
	s.CheckMounted(rs, Resource)
}

func atRoot(c *core.Config) { c.Metadata.AtRoot = true }

func twoAtRoot(b *Bench, router Router) {
	app, first := router.New(), b.Server(Resource, atRoot)
	b.Mount(app, first)
	second := b.Server("https://mcp.example/second", atRoot)
	b.CheckRefusal(app.Mount(second, b.MCP))
	s := b.Serve(app)
	s.CheckMetadata(Resource, "/.well-known/oauth-protected-resource")
	s.CheckMounted(first, Resource)
}

func oneAtRoot(b *Bench, router Router) {
	const resource = "https://mcp.example/second"
	app, first, second := router.New(), b.Server(Resource), b.Server(resource, atRoot)
	b.Mount(app, first)
	b.Mount(app, second)
	s := b.Serve(app)
	s.CheckMetadata(resource, "/.well-known/oauth-protected-resource")
	s.CheckMounted(first, Resource)
	s.CheckMounted(second, resource)
}

// twoResources have nothing in common: paths, issuers and scopes differ.
func twoResources(b *Bench, router Router) {
	const resource = "https://mcp.example/admin/mcp"
	as := authtest.NewServer(b)
	app, first := router.New(), b.Server(Resource)
	second := b.Server(resource, func(c *core.Config) {
		c.AuthorizationServers = []string{as.Issuer()}
		c.Scopes = []string{"admin"}
	})
	b.Mount(app, first)
	b.Mount(app, second)
	s := b.Serve(app)
	s.CheckMounted(first, Resource)
	s.CheckNamedMetadata(second, resource)
	if got := s.CallTool(Call("/admin/mcp", as.Token(resource, "admin"), WhoAmI)); got != "sub=alice bearer=withheld" {
		s.Errorf("the second resource: got %q", got)
	}
	for _, c := range []struct {
		about, path, token string
		status             int
	}{
		{"a token for the second at the first", "/mcp", as.Token(resource, "admin"), http.StatusUnauthorized},
		{"a token for the first at the second", "/admin/mcp", b.Token(Resource), http.StatusUnauthorized},
		{"the second's audience by the first's issuer", "/admin/mcp", b.AS.Token(resource, "admin"), http.StatusUnauthorized},
		{"the first's scope at the second", "/admin/mcp", as.Token(resource, Scope), http.StatusForbidden},
	} {
		a := s.Do(Call(c.path, c.token, WhoAmI))
		s.CheckStatus(c.about, a, c.status)
		want := first
		if c.path != "/mcp" {
			want = second
		}
		if got := a.Header.Get("WWW-Authenticate"); !strings.Contains(got, `resource_metadata="`+want.MetadataURL()+`"`) {
			s.Errorf("%s: the challenge is %q, want one that names %s", c.about, got, want.MetadataURL())
		}
	}
}

// taken is an app that routes the endpoint's path itself.
func taken(b *Bench, router Router, add func(App)) {
	app, rs := router.New(), b.Server(Resource)
	add(app)
	app.Handle(http.MethodGet, "/own", says(http.StatusOK, "own"))
	b.CheckRefusal(app.Mount(rs, b.MCP))
	s := b.Serve(rs.InFront(app, b.MCP)) // what the error says to do
	s.CheckMounted(rs, Resource)
	s.CheckApp(Request{Path: "/own"}, http.StatusOK, "own")
}

func wellKnownTaken(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	app.Handle(http.MethodGet, "/.well-known/oauth-protected-resource/mcp", says(http.StatusOK, "mine"))
	b.CheckRefusal(app.Mount(rs, b.MCP))
	b.CheckRefusal(app.MountMetadata(rs))
	s := b.Serve(app)
	s.CheckApp(Request{Path: "/.well-known/oauth-protected-resource/mcp"}, http.StatusOK, "mine")
}
