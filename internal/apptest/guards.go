package apptest

import (
	"io"
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
)

func guardSituations() []situation {
	list := []situation{
		{"S52/global middleware that sets headers and logs", headersAndLogs},
		{"S52/recoverer around a handler that panics", recoverer},
		{"S54/RequireScopes nested", nestedScopes},
		{"S54/RequireScopes does not look at Origin", scopesAndOrigin},
		{"S54/RequireScopes withholds the bearer", func(b *Bench, r Router) { routeBearer(b, r, false) }},
		{"S54/RequireScopes forwards the bearer when told to", func(b *Bench, r Router) { routeBearer(b, r, true) }},
		{"S54/endpoint forwards the bearer when told to", endpointBearer},
	}
	for _, g := range guards() {
		list = append(list,
			situation{"S35/metadata and global auth that " + g.name, g.mounted},
			situation{"S52/InFront of global auth that " + g.name, g.inFront})
	}
	return list
}

// guard is global middleware that keeps out all who have no session cookie.
type guard struct {
	name   string
	answer http.HandlerFunc
	status int
}

func guards() []guard {
	return []guard{
		{"answers 401", says(http.StatusUnauthorized, "log in"), http.StatusUnauthorized},
		{"answers 403", says(http.StatusForbidden, "log in"), http.StatusForbidden},
		{"redirects", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/session", http.StatusFound) }, http.StatusFound},
	}
}

func (g guard) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("session"); err != nil {
			g.answer(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g guard) app(router Router) App {
	app := router.New()
	app.Use(g.middleware)
	app.Handle(http.MethodGet, "/own", says(http.StatusOK, "own"))
	return app
}

// checkApp checks that the guard still guards the app.
func (g guard) checkApp(s *Site) {
	s.Helper()
	s.CheckStatus("the app without a session", s.Do(Request{Path: "/own"}), g.status)
	s.CheckApp(Request{Path: "/own"}.With("Cookie", "session=1"), http.StatusOK, "own")
}

// mounted: by Mount the metadata is public where the router lets a route escape
// middleware; else InFront without a handler makes it so.
func (g guard) mounted(b *Bench, router Router) {
	app, rs := g.app(router), b.Server(Resource, func(c *core.Config) { c.Metadata.AtRoot = true })
	b.Mount(app, rs)
	h := http.Handler(app)
	if !router.MetadataEscapes {
		h = rs.InFront(app, nil)
	}
	s := b.Serve(h)
	s.CheckNamedMetadata(rs, Resource)
	s.CheckMetadata(Resource, "/.well-known/oauth-protected-resource")
	s.CheckStatus("HEAD of the metadata", s.Do(Request{Method: http.MethodHead, Path: "/.well-known/oauth-protected-resource/mcp"}), http.StatusOK)
	s.CheckStatus("the endpoint without a session", s.Do(Call("/mcp", b.Token(Resource), WhoAmI)), g.status)
	inside := Call("/mcp", "", WhoAmI).With("Cookie", "session=1")
	s.CheckDenied(rs, inside)
	inside.Token = s.Token(Resource)
	if got := s.CallTool(inside); got != "sub=alice bearer=withheld" {
		s.Errorf("inside the guard: got %q", got)
	}
	g.checkApp(s)
}

func (g guard) inFront(b *Bench, router Router) {
	app, rs := g.app(router), b.Server(Resource)
	s := b.Serve(rs.InFront(app, b.MCP))
	s.CheckMounted(rs, Resource)
	s.CheckClient("/mcp", s.Token(Resource))
	s.CheckStepwise("/mcp", s.Token(Resource))
	g.checkApp(s)
}

func headersAndLogs(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	var seen Journal
	app.Use(marks("X-App", "1"))
	app.Use(marks("Cache-Control", "public, max-age=1"))
	app.Use(marks("Access-Control-Allow-Origin", "*"))
	app.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			_, _ = io.WriteString(&seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization")+"\n")
		})
	})
	b.Mount(app, rs)
	s := b.Serve(app)
	s.CheckMounted(rs, Resource)
	s.CheckHeader(s.Do(Call("/mcp", "", WhoAmI)), "X-App", "1")
	seen.Reset()
	page := Call("/mcp", s.Token(Resource), WhoAmI).With("Origin", "https://mcp.example")
	a := s.Do(page)
	s.CheckHeader(a, "X-App", "1")
	s.CheckHeader(a, "Access-Control-Allow-Origin", "https://mcp.example")
	if seen.String() != "POST /mcp \n" {
		s.Error("what the middleware could log after the endpoint is not one line without credentials")
	}
}

func recoverer(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	app.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if recover() != nil {
					says(http.StatusInternalServerError, "recovered")(w, r)
				}
			}()
			next.ServeHTTP(w, r)
		})
	})
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the MCP handler breaks down") })
	if err := app.Mount(rs, broken); err != nil {
		b.Fatal(err)
	}
	s := b.Serve(app)
	s.CheckDenied(rs, Call("/mcp", "", WhoAmI))
	s.CheckApp(Call("/mcp", s.Token(Resource), WhoAmI), http.StatusInternalServerError, "recovered")
	s.CheckNamedMetadata(rs, Resource)
}

// tellsPrincipal answers whom the adapter's Principal names.
func tellsPrincipal(w http.ResponseWriter, r *http.Request, p core.Principal, ok bool) {
	bearer := "withheld"
	if r.Header.Get("Authorization") != "" {
		bearer = "forwarded"
	}
	if !ok {
		p.Subject = "nobody"
	}
	_, _ = io.WriteString(w, "sub="+p.Subject+" bearer="+bearer)
}

func nestedScopes(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	app.Protect("/reports", rs, []string{Scope}, []string{"reports:read"}, tellsPrincipal)
	b.Mount(app, rs)
	s := b.Serve(app)
	s.CheckDenied(rs, Request{Path: "/reports"})
	both := s.AS.Token(Resource, Scope, "reports:read")
	s.CheckApp(Request{Path: "/reports", Token: both}, http.StatusOK, "sub=alice bearer=withheld")
	for _, c := range []struct{ has, lacks string }{{Scope, "reports:read"}, {"reports:read", Scope}} {
		a := s.Do(Request{Path: "/reports", Token: s.AS.Token(Resource, c.has)})
		s.CheckStatus("without "+c.lacks, a, http.StatusForbidden)
		s.CheckHeader(a, "WWW-Authenticate", `Bearer error="insufficient_scope", `+
			`error_description="the access token lacks a scope that this request needs", `+
			`resource_metadata="`+rs.MetadataURL()+`", scope="`+c.lacks+`"`)
	}
}

func scopesAndOrigin(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	app.Protect("/reports", rs, []string{Scope}, nil, tellsPrincipal)
	b.Mount(app, rs)
	s := b.Serve(app)
	foreign := Request{Path: "/reports", Token: s.Token(Resource)}.With("Origin", "https://elsewhere.example")
	s.CheckApp(foreign, http.StatusOK, "sub=alice bearer=withheld")
	s.CheckHeader(s.Do(foreign), "Access-Control-Allow-Origin", "")
	foreign.Token = ""
	s.CheckDenied(rs, foreign)
	call := Call("/mcp", s.Token(Resource), WhoAmI).With("Origin", "https://elsewhere.example")
	s.CheckStatus("the endpoint for the same page", s.Do(call), http.StatusForbidden)
}

func routeBearer(b *Bench, router Router, forward bool) {
	app, rs := router.New(), b.Server(Resource, func(c *core.Config) { c.DangerouslyForwardToken = forward })
	app.Protect("/reports", rs, []string{Scope}, nil, tellsPrincipal)
	s := b.Serve(app)
	want := "sub=alice bearer=withheld"
	if forward {
		want = "sub=alice bearer=forwarded"
	}
	s.CheckApp(Request{Path: "/reports", Token: s.Token(Resource)}, http.StatusOK, want)
}

func endpointBearer(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource, func(c *core.Config) { c.DangerouslyForwardToken = true })
	b.Mount(app, rs)
	s := b.Serve(app)
	if got := s.CallTool(Call("/mcp", s.Token(Resource), WhoAmI)); got != "sub=alice bearer=forwarded" {
		s.Errorf("got %q", got)
	}
}
