package requirement

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/discreet"
)

// identityRows are S49 and S55, and whether the token reaches the handler: whom
// a handler sees.
func identityRows() []Row {
	const passthrough = "MCP 2026-07-28 authorization, access token privilege restriction"
	forwarded := alice("a", "b")
	forwarded.Authorization = "1 seen"
	return []Row{
		one("I/token-withheld", passthrough, "The token doesn't reach the wrapped handler.",
			Request{Token: good("a", "b")}, letIn(alice("a", "b"))),
		{
			ID: "I/token-forwarded", Clause: passthrough, About: "The token reaches the handler if a field says so whose name says that this is dangerous.",
			Config: func(_ *World, c *core.Config) { c.DangerouslyForwardToken = true },
			Steps:  []Step{{Request: Request{Token: good("a", "b")}, Want: letIn(forwarded)}},
		},
		{
			ID: "S55/concurrent", Clause: "RFC 6750 §2.1", About: "Each of many concurrent requests is seen as its own caller.",
			MCP: together, Run: func(w *World) []string { return w.concurrent() },
		},
		{
			ID: "S49/stateless", Clause: "MCP 2026-07-28 base protocol", About: "A tool sees the caller of the very request, for concurrent requests too.",
			SDK: Stateless, Run: func(w *World) []string { return w.tools("") },
		},
		{
			ID: "S49/stateful", Clause: "MCP 2025-11-25 transports, session management", About: "A tool sees the caller of the very request, whoever opened the session.",
			SDK: Stateful, Run: func(w *World) []string { return w.session() },
		},
	}
}

const crowd = 8

// together answers once so many requests are in that none is served alone.
func together(w *World) http.Handler {
	var (
		mu  sync.Mutex
		in  int
		all = make(chan struct{})
	)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if in++; in == crowd {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
		case <-r.Context().Done():
		}
		w.handler.ServeHTTP(rw, r)
	})
}

// concurrent sends requests of many callers at once.
func (w *World) concurrent() []string {
	type exchange struct {
		request *http.Request
		want    string
		got     answer
		err     error
	}
	exchanges := make([]exchange, crowd)
	for i := range exchanges {
		who := alice("a", "b")
		who.Subject, who.Issuer = fmt.Sprint("user-", i), w.Server.Issuer()
		token := good("a", "b")
		token.Subject = who.Subject
		r, err := w.request(Request{Token: token})
		if err != nil {
			return []string{err.Error()}
		}
		exchanges[i].request, exchanges[i].want = r.Request, who.text()
	}
	var done sync.WaitGroup
	for i := range exchanges {
		done.Go(func() {
			e := &exchanges[i]
			e.got, e.err = w.send(e.request, false)
		})
	}
	done.Wait()
	d := &checks{}
	for i, e := range exchanges {
		d.check(fmt.Sprintf("request %d: error", i), "<nil>", fmt.Sprint(e.err))
		d.check(fmt.Sprintf("request %d: status", i), http.StatusOK, e.got.status)
		d.check(fmt.Sprintf("request %d: body", i), e.want, e.got.body)
	}
	return d.list
}

// whoAmICall calls the tool that tells its caller. Requests under way in one
// session have ids of their own.
func whoAmICall(id int) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"whoami","arguments":{}}}`, id)
}

// tools calls the tool for several callers at once, in a session if there is
// one.
func (w *World) tools(session string) []string {
	callers := []struct{ subject, scopes string }{{"alice", "a b"}, {"alice", "a b c"}, {"alice", "b a d"}, {"alice", "a b e"}}
	if session == "" {
		callers[1].subject, callers[3].subject = "bob", "carol"
	}
	requests := make([]*http.Request, len(callers))
	for i, c := range callers {
		token := good(strings.Fields(c.scopes)...)
		token.Subject, token.ClientID = c.subject, fmt.Sprint("client-", i)
		r, err := w.call(token, session, whoAmICall(i+10))
		if err != nil {
			return []string{err.Error()}
		}
		requests[i] = r
	}
	texts := make([]string, len(callers))
	var done sync.WaitGroup
	for i, r := range requests {
		done.Go(func() { texts[i] = w.toolText(r) })
	}
	done.Wait()
	d := &checks{}
	for i, c := range callers {
		d.check(fmt.Sprintf("the tool's caller %d", i), "subject="+c.subject+" scopes="+c.scopes, texts[i])
	}
	return d.list
}

// session opens a session and calls the tool in it.
func (w *World) session() []string {
	const open = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`
	r, err := w.call(good("a", "b", "writer"), "", open)
	if err != nil {
		return []string{err.Error()}
	}
	opened, err := w.send(r, false)
	if err != nil {
		return []string{err.Error()}
	}
	session := opened.header.Get("Mcp-Session-Id")
	if session == "" {
		return []string{fmt.Sprintf("opening a session: status %d and no session id", opened.status)}
	}
	r, err = w.call(good("a", "b"), session, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	if err != nil {
		return []string{err.Error()}
	}
	ready, err := w.send(r, false)
	if err != nil {
		return []string{err.Error()}
	}
	d := &checks{}
	d.check("the session's notification: status", http.StatusAccepted, ready.status)
	d.list = append(d.list, w.tools(session)...)
	// Another subject may be refused in this session, but never taken for its
	// opener.
	stranger := good("a", "b")
	stranger.Subject = "bob"
	if r, err = w.call(stranger, session, whoAmICall(100)); err != nil {
		return []string{err.Error()}
	}
	text := w.toolText(r)
	d.check("another subject is taken for the session's opener", false, strings.Contains(text, "alice") || strings.Contains(text, "writer"))
	return d.list
}

// call is a request of an MCP client.
func (w *World) call(token *authtest.Token, session, body string) (*http.Request, error) {
	header := transportHeader(http.MethodPost)
	if session != "" {
		header.Set("Mcp-Session-Id", session)
	}
	r, err := w.request(Request{Token: token, Header: header, Body: body})
	return r.Request, err
}

// toolText returns the text of a tool's result, or what came in its place.
func (w *World) toolText(r *http.Request) string {
	got, err := w.send(r, false)
	if err != nil {
		return err.Error()
	}
	body := got.body
	if strings.HasPrefix(got.header.Get("Content-Type"), "text/event-stream") {
		for line := range strings.Lines(got.body) {
			if data, ok := strings.CutPrefix(line, "data:"); ok && strings.Contains(data, `"result"`) {
				body = data
			}
		}
	}
	var message struct {
		Result struct {
			Content []struct{ Text string }
		}
	}
	err = json.NewDecoder(strings.NewReader(body)).Decode(&message)
	if err != nil && err != io.EOF || len(message.Result.Content) == 0 { //nolint:errorlint // Decode returns it as it is.
		return fmt.Sprintf("status %d: %s", got.status, discreet.Shorten(got.body))
	}
	return message.Result.Content[0].Text
}
