package gate

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// stream is an event stream that a client listens to.
type stream struct {
	body io.ReadCloser
	text *bufio.Reader
}

// listen opens the stream of a session, or where the SDK has none subscribes as
// MCP 2026-07-28 does.
func (s *site) listen(t *testing.T, token string) *stream {
	t.Helper()
	r := request{method: http.MethodGet, token: token}
	if s.sdk.stateful {
		r.session = s.begin(t, token)
	} else {
		body := message("subscriptions/listen", `{"notifications":{"toolsListChanged":true}}`)
		r = request{token: token, headers: cases.ModernHeaders("subscriptions/listen", ""), body: cases.AsModern(body)}
	}
	resp := s.open(t, &r)
	t.Cleanup(func() { _ = resp.Body.Close() }) // what was heard has been looked at
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		text, err := io.ReadAll(resp.Body)
		t.Fatalf("no stream: status %d: %s (%v)", resp.StatusCode, text, err)
	}
	heard := &stream{body: resp.Body, text: bufio.NewReader(resp.Body)}
	if !s.sdk.stateful {
		heard.await(t, "subscriptions/acknowledged")
	}
	return heard
}

// await reads up to a line that holds the text.
func (s *stream) await(t *testing.T, text string) {
	t.Helper()
	for {
		line, err := s.text.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ends before %q: %v", text, err)
		}
		if strings.Contains(line, text) {
			return
		}
	}
}

// awaitEnd reads to the end, past what was sent before it.
func (s *stream) awaitEnd(t *testing.T) {
	t.Helper()
	if _, err := io.Copy(io.Discard, s.text); err != nil {
		t.Errorf("the stream doesn't end with its token: %v", err)
	}
}

// TestS50StreamsEndWithTheirToken: not before it, nor with another's.
func TestS50StreamsEndWithTheirToken(t *testing.T) {
	const changed = "notifications/tools/list_changed"
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		brief, lasting := s.listen(t, s.lasting("alice", time.Minute, baseScope)), s.listen(t, s.token("alice", baseScope))
		for i, later := range []time.Duration{0, time.Minute, 9 * time.Second} { // ten seconds of clock skew are allowed for
			s.clock.Advance(later)
			s.served.grow(fmt.Sprint("late-", i))
			brief.await(t, changed)
			lasting.await(t, changed)
		}
		s.clock.Advance(time.Second)
		brief.awaitEnd(t)
		s.served.grow("late-last")
		lasting.await(t, changed)
	})
}

// TestS50CallsGoOnToTheirEnd, once they were let in.
func TestS50CallsGoOnToTheirEnd(t *testing.T) {
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		token := s.lasting("alice", time.Minute, baseScope)
		s.session = s.begin(t, token)
		begun, enough := make(chan struct{}), make(chan struct{})
		s.log.hold(func(ctx context.Context, _ string) {
			close(begun)
			select {
			case <-enough:
			case <-ctx.Done():
			}
		})
		answered := make(chan answer, 1)
		go func() {
			defer close(answered)
			answered <- s.ask(t, &request{token: token, session: s.session, body: call("whoami")})
		}()
		select {
		case <-begun:
		case a := <-answered:
			t.Fatalf("the call doesn't run: status %d: %s", a.status, a.body)
		}
		s.clock.Advance(time.Hour)
		s.log.hold(nil)
		a := s.ask(t, &request{token: token, session: s.session, body: call("whoami")})
		if ran := s.log.news(); a.status != http.StatusUnauthorized || ran != "tool whoami" {
			t.Errorf("after the token's end: status %d, and in all ran %q", a.status, ran)
		}
		close(enough)
		if got := toolText(<-answered); got != "caller alice with "+baseScope {
			t.Errorf("the call that was under way: %s", got)
		}
	})
}
