package requirement

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
)

// lastingRows are S50: a stream that may outlive the token that opened it ends
// with it, and nothing else does.
func lastingRows() []Row {
	const clause = "RFC 7519 §4.1.4; MCP 2026-07-28 authorization, token handling"
	const listen = `{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true}}}`
	soon := func(w *World) string {
		t := good("a", "b")
		t.Expiry = Epoch().Add(time.Minute)
		return w.mint(*t)
	}
	endless := func(_ *World, c *core.Config) {
		c.Verifiers = append(c.Verifiers, verifierFunc(func(token string) (core.Principal, error) {
			if token != apiKey {
				return core.Principal{}, fmt.Errorf("another token: %w", core.ErrNotMine)
			}
			return robot(), nil
		}))
	}
	key := keyed(apiKey).Mint
	var rows []Row
	for _, c := range []struct {
		name, about string
		config      func(*World, *core.Config)
		open        lasting
	}{
		{"stream-ends", "The stream of a session ends when its token does.", nil, lasting{mint: soon, method: http.MethodGet, ends: true}},
		{"subscription-ends", "A subscription ends when its token does.", nil, lasting{mint: soon, method: http.MethodPost, body: listen, ends: true}},
		{"call-goes-on", "A call that was let in goes on to its end.", nil, lasting{mint: soon, method: http.MethodPost, body: message}},
		{"endless", "The stream of a token without an end goes on.", endless, lasting{mint: key, method: http.MethodGet}},
	} {
		rows = append(rows, Row{
			ID: "S50/" + c.name, Clause: clause, About: c.about, Config: c.config,
			MCP: func(w *World) http.Handler {
				w.lasting = &lasting{
					mint: c.open.mint, method: c.open.method, body: c.open.body, ends: c.open.ends,
					begun: make(chan struct{}), enough: make(chan struct{}), over: make(chan error, 1),
				}
				return w.lasting
			},
			Run: func(w *World) []string { return w.outlive() },
		})
	}
	return rows
}

// lasting is a request that its handler answers for as long as it may, and what
// the two tell one another.
type lasting struct {
	mint         func(*World) string
	method, body string
	ends         bool // with the token

	begun  chan struct{} // closed when the handler has begun
	enough chan struct{} // closed when it has to end
	over   chan error    // what its context says then
}

const lastingSession = "session-of-a-stream"

// ServeHTTP opens the session that a stream belongs to, or is the stream.
func (l *lasting) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	rw.Header().Set("Content-Type", "text/event-stream")
	if l.body != string(body) {
		rw.Header().Set("Mcp-Session-Id", lastingSession)
		return
	}
	_ = http.NewResponseController(rw).Flush()
	close(l.begun)
	select {
	case <-r.Context().Done():
	case <-l.enough:
	}
	l.over <- r.Context().Err()
}

// outlive lets the token of a request that is being answered end. Whether a
// clock waits for that is looked at too: what would come later can't be waited
// for.
func (w *World) outlive() []string {
	l, token := w.lasting, w.lasting.mint(w)
	d := &checks{}
	w.eventually(func() bool { return w.app.Servers == nil || w.Clock.Waiting() == 1 }) // the key worker
	session := ""
	if l.method == http.MethodGet {
		opened, err := w.lastingRequest(w.ctx, token, http.MethodPost, "", message)
		if err != nil {
			return []string{err.Error()}
		}
		session = opened.Header.Get("Mcp-Session-Id")
		opened.Body.Close()
	}
	waits := w.bell.begun()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	response, err := w.lastingRequest(ctx, token, l.method, session, l.body)
	if err != nil {
		return []string{err.Error()}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return []string{fmt.Sprintf("status: expected 200, got %d", response.StatusCode)}
	}
	ended := make(chan error, 1)
	go func() { // until the body is closed
		_, err := io.Copy(io.Discard, response.Body)
		ended <- err
	}()
	select {
	case <-l.begun:
	case err := <-ended:
		return []string{fmt.Sprintf("the answer ends (%v), and the handler never began", err)}
	}
	if w.app.Servers != nil {
		d.check("a clock waits for the end of the token", l.ends, w.bell.begun() > waits)
		w.Clock.Advance(69 * time.Second) // the clock skew is ten seconds
		d.check("a clock still waits for it", l.ends, w.Clock.Waiting() > 1)
		w.Clock.Advance(time.Second)
	}
	if !l.ends {
		close(l.enough)
	}
	select {
	case err := <-l.over:
		d.check("the handler's context was ended", l.ends, err != nil)
	case <-ctx.Done():
		return append(d.list, "the handler doesn't end")
	}
	if err := <-ended; err != nil && !l.ends {
		d.list = append(d.list, "the answer is cut off: "+err.Error())
	}
	return d.list
}

func (w *World) lastingRequest(ctx context.Context, token, method, session, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, w.site.URL+endpointPath, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = transportHeader(method)
	r.Header.Set("Authorization", "Bearer "+token)
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
	}
	return w.bench.transport.RoundTrip(r)
}
