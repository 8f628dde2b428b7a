package apptest

import (
	"io"
	"net/http"
	"strings"
)

func routeSituations() []situation {
	return []situation{
		{"S52/plain app", plainApp},
		{"S52/prefixed group", prefixedGroup},
		{"S52/catch-all for every method", func(b *Bench, r Router) { catchAll(b, r, false) }},
		{"S52/catch-all for GET", func(b *Bench, r Router) { catchAll(b, r, true) }},
		{"S52/own not-found handler", ownNotFound},
		{"S54/other routes untouched", otherRoutes},
		{"S35/methods of the metadata", metadataMethods},
		{"S51/methods of the endpoint", endpointMethods},
	}
}

// says answers with a fixed text.
func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text) // the client is gone if this fails
	}
}

// marks adds a response header field.
func marks(name, value string) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(name, value)
			next.ServeHTTP(w, r)
		})
	}
}

func plainApp(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	b.Mount(app, rs)
	s := b.Serve(app)
	s.CheckMounted(rs, Resource)
	s.CheckClient("/mcp", s.Token(Resource))
	for _, path := range []string{"/", "/mcp/x", "/mcpx", "/mc", "/.well-known/oauth-protected-resource", "/.well-known/"} {
		s.CheckStatus("a path that nobody added", s.Do(Request{Path: path}), http.StatusNotFound)
	}
}

func prefixedGroup(b *Bench, router Router) {
	const resource = "https://mcp.example/api/v1/mcp"
	app, rs := router.New(), b.Server(resource)
	app.Group("/api/v1", marks("X-Group", "1"), "/notes", says(http.StatusOK, "notes"))
	b.Mount(app, rs)
	app.Handle(http.MethodGet, "/api/v1/mcp/help", says(http.StatusOK, "help"))
	s := b.Serve(app)
	s.CheckMounted(rs, resource)
	s.CheckApp(Request{Path: "/api/v1/notes"}, http.StatusOK, "notes")
	s.CheckApp(Request{Path: "/api/v1/mcp/help"}, http.StatusOK, "help")
	s.CheckHeader(s.Do(Request{Path: "/api/v1/notes"}), "X-Group", "1")
	s.CheckHeader(s.Do(Call("/api/v1/mcp", s.Token(resource), WhoAmI)), "X-Group", "")
}

func catchAll(b *Bench, router Router, getOnly bool) {
	app, rs := router.New(), b.Server(Resource)
	app.CatchAll(getOnly, says(http.StatusOK, "page"))
	err := app.Mount(rs, b.MCP)
	h := http.Handler(app)
	switch {
	case router.CatchAllClashes:
		b.CheckRefusal(err)
		h = rs.InFront(app, b.MCP)
	case err != nil:
		b.Fatalf("Mount: %v", err)
	}
	s := b.Serve(h)
	s.CheckMounted(rs, Resource)
	s.CheckApp(Request{Path: "/any/page"}, http.StatusOK, "page")
	s.CheckApp(Request{Path: "/mcp/page"}, http.StatusOK, "page")
	s.CheckApp(Request{Path: "/.well-known/openid-configuration"}, http.StatusOK, "page")
}

// CheckRefusal checks that Mount refused, and says what to do.
func (b *Bench) CheckRefusal(err error) {
	b.Helper()
	if err == nil {
		b.Fatal("Mount took it, want an error")
	}
	if !strings.Contains(err.Error(), "ResourceServer.InFront(app, mcp)") {
		b.Errorf("the error names no way out: %v", err)
	}
}

func ownNotFound(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	app.NotFound(says(http.StatusNotFound, "lost"))
	b.Mount(app, rs)
	s := b.Serve(app)
	s.CheckMounted(rs, Resource)
	s.CheckApp(Request{Path: "/elsewhere"}, http.StatusNotFound, "lost")
	s.CheckApp(Request{Path: "/.well-known/oauth-protected-resource/other"}, http.StatusNotFound, "lost")
}

func otherRoutes(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	app.Handle(http.MethodPost, "/own", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+" "+r.Header.Get("Origin"))
	})
	b.Mount(app, rs)
	s := b.Serve(app)
	r := Request{Method: http.MethodPost, Path: "/own"}
	r = r.With("Authorization", "Basic dTpw").With("Origin", "https://elsewhere.example")
	s.CheckApp(r, http.StatusOK, "Basic dTpw https://elsewhere.example")
	s.CheckHeader(s.Do(r), "Access-Control-Allow-Origin", "")
}

func metadataMethods(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	b.Mount(app, rs)
	s := b.Serve(app)
	const path, allowed = "/.well-known/oauth-protected-resource/mcp", "GET, HEAD, OPTIONS"
	get, head := s.Do(Request{Path: path}), s.Do(Request{Method: http.MethodHead, Path: path})
	s.CheckStatus("HEAD", head, http.StatusOK)
	s.CheckHeader(head, "Content-Length", get.Header.Get("Content-Length"))
	s.CheckHeader(head, "Content-Type", "application/json")
	if head.Body != "" {
		s.Errorf("HEAD has a body: %q", head.Body)
	}
	preflight := Request{Method: http.MethodOptions, Path: path}
	preflight = preflight.With("Origin", "https://page.example").With("Access-Control-Request-Method", "GET").
		With("Access-Control-Request-Headers", "mcp-protocol-version")
	options := s.Do(preflight)
	s.CheckStatus("OPTIONS", options, http.StatusNoContent)
	s.CheckHeader(options, "Access-Control-Allow-Methods", allowed)
	s.CheckHeader(options, "Access-Control-Allow-Headers", "Mcp-Protocol-Version, *")
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		a := s.Do(Request{Method: method, Path: path})
		s.CheckStatus(method, a, http.StatusMethodNotAllowed)
		s.CheckHeader(a, "Allow", allowed)
	}
}

func endpointMethods(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	b.Mount(app, rs)
	s := b.Serve(app)
	const allowed = "GET, POST, DELETE, OPTIONS"
	for _, method := range []string{http.MethodPut, http.MethodPatch} {
		s.CheckDenied(rs, Request{Method: method, Path: "/mcp"})
		a := s.Do(Request{Method: method, Path: "/mcp", Token: s.Token(Resource)})
		s.CheckStatus(method, a, http.StatusMethodNotAllowed)
		s.CheckHeader(a, "Allow", allowed)
	}
	head := s.Do(Request{Method: http.MethodHead, Path: "/mcp"})
	s.CheckStatus("a bare HEAD", head, http.StatusUnauthorized)
	s.CheckHeader(head, "WWW-Authenticate", Challenge(rs))
	head = s.Do(Request{Method: http.MethodHead, Path: "/mcp", Token: s.Token(Resource)})
	s.CheckStatus("HEAD", head, http.StatusMethodNotAllowed)
	s.CheckHeader(head, "Allow", allowed)
	options := s.Do(Request{Method: http.MethodOptions, Path: "/mcp"})
	s.CheckStatus("OPTIONS", options, http.StatusNoContent)
	s.CheckHeader(options, "Allow", allowed)
	for _, method := range []string{http.MethodGet, http.MethodDelete} { // there is no session
		s.CheckDenied(rs, Request{Method: method, Path: "/mcp"})
		a := s.Do(Request{Method: method, Path: "/mcp", Token: s.Token(Resource)})
		s.CheckStatus(method, a, http.StatusMethodNotAllowed)
		s.CheckHeader(a, "Allow", "POST, OPTIONS")
	}
	for _, method := range []string{http.MethodTrace, "PROPFIND"} { // the router's own answer
		a := s.Do(Request{Method: method, Path: "/mcp", Token: s.Token(Resource)})
		if a.Status != http.StatusNotFound && a.Status != http.StatusMethodNotAllowed {
			s.Errorf("%s: got status %d, want 404 or 405", method, a.Status)
		}
	}
}
