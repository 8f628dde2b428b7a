package apptest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func streamSituations() []situation {
	return []situation{
		{"S52/events one by one", stepwise},
		{"S52/client gone", clientGone},
		{"S52/TimeoutHandler around the app", timeoutAround},
		{"S52/TimeoutHandler that fires", timeoutFires},
		{"S52/writer that can't flush", deafWriter},
		{"S52/stateful stream", statefulStream},
		{"S52/informational answers", informed},
	}
}

func stepwise(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	b.Mount(app, rs)
	s := b.Serve(app)
	s.CheckStepwise("/mcp", s.Token(Resource))
}

func clientGone(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	b.Mount(app, rs)
	s := b.Serve(app)
	s.CheckCanceled("/mcp", s.Token(Resource))
	s.CheckMounted(rs, Resource)
}

func timeoutAround(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	b.Mount(app, rs)
	s := b.Serve(http.TimeoutHandler(app, patience, "late"))
	s.CheckMounted(rs, Resource)
	s.CheckBuffered("/mcp", s.Token(Resource))
}

// CheckTimeout checks that limit, which answers 503 when its time is over, ends
// a call that would never end. An outer handler of its own tells when the app
// has let go.
func (b *Bench) CheckTimeout(app http.Handler, limit func(http.Handler) http.Handler) {
	b.Helper()
	over := make(chan struct{})
	s := b.Serve(limit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(over)
		app.ServeHTTP(w, r)
	})))
	s.CheckStatus("a call that never ends", s.Do(Call("/mcp", s.Token(Resource), Steps)), http.StatusServiceUnavailable)
	s.Await("the endpoint to give up with the request's context", over)
}

// Moment is a time that passes while a call waits forever.
const Moment = 250 * time.Millisecond

func timeoutFires(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	b.Mount(app, rs)
	b.CheckTimeout(app, func(h http.Handler) http.Handler { return http.TimeoutHandler(h, Moment, "late") })
	s := b.Serve(app) // the app is none the worse for it
	s.CheckMounted(rs, Resource)
}

// deaf is a writer that offers net/http's three methods and nothing else.
type deaf struct{ w http.ResponseWriter }

// Header is the writer's.
func (d deaf) Header() http.Header { return d.w.Header() }

// WriteHeader is the writer's.
func (d deaf) WriteHeader(status int) { d.w.WriteHeader(status) }

// Write is the writer's.
func (d deaf) Write(p []byte) (int, error) { return d.w.Write(p) }

func deafWriter(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	b.Mount(app, rs)
	s := b.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { app.ServeHTTP(deaf{w}, r) }))
	s.CheckMounted(rs, Resource)
	s.CheckBuffered("/mcp", s.Token(Resource))
}

// statefulStream opens the stream of a session, which must be open before there
// is any event, and ends it with the session.
func statefulStream(b *Bench, router Router) {
	app, rs := router.New(), b.Server(Resource)
	if err := app.Mount(rs, b.Tools.Handler(&mcp.StreamableHTTPOptions{})); err != nil {
		b.Fatal(err)
	}
	s := b.Serve(app)
	token := s.Token(Resource)
	initialize := Call("/mcp", token, "").With("MCP-Protocol-Version", "2025-11-25").With("Mcp-Method", "initialize")
	delete(initialize.Header, "Mcp-Name")
	initialize.Body = `{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":"2025-11-25",` +
		`"capabilities":{},"clientInfo":{"name":"apptest","version":"1"}}}`
	a := s.Do(initialize)
	session := a.Header.Get("Mcp-Session-Id")
	if a.Status != http.StatusOK || session == "" {
		s.Fatalf("initialize: status %d, session %q; body %.200q", a.Status, session, a.Body)
	}
	in := Request{Path: "/mcp", Token: token}.With("Mcp-Session-Id", session).
		With("MCP-Protocol-Version", "2025-11-25").With("Accept", "text/event-stream")
	s.CheckDenied(rs, Request{Path: "/mcp", Header: in.Header})
	st := s.Open(in)
	if first, err := st.next(); err != nil || !strings.HasPrefix(first, ":") {
		s.Errorf("the session's stream begins with %q (%v), want a comment", first, err)
	}
	in.Method = http.MethodDelete
	s.CheckStatus("DELETE of the session", s.Do(in), http.StatusNoContent)
	if data, err := st.next(); err == nil {
		s.Errorf("the stream of a deleted session goes on with %q", data)
	}
}

// informed mounts a proxy, which passes on an answer that only announces another.
// Some routers take that for the answer.
func informed(b *Bench, router Router) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Mcp-Session-Id", "opened")
		w.WriteHeader(http.StatusTeapot)
	}))
	b.Cleanup(upstream.Close)
	to, err := url.Parse(upstream.URL)
	if err != nil {
		b.Fatal(err)
	}
	app, rs := router.New(), b.Server(Resource)
	if err := app.Mount(rs, httputil.NewSingleHostReverseProxy(to)); err != nil {
		b.Fatal(err)
	}
	s := b.Serve(app)
	a := s.Do(Call("/mcp", s.Token(Resource), WhoAmI))
	s.CheckStatus("an answer behind an informational one", a, http.StatusTeapot)
	s.CheckHeader(a, "Mcp-Session-Id", "opened")
}
