package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// together lets nobody go before so many have come.
func together(all int) func(context.Context, string) {
	var (
		mu   sync.Mutex
		in   int
		full = make(chan struct{})
	)
	return func(ctx context.Context, _ string) {
		mu.Lock()
		if in++; in == all {
			close(full)
		}
		mu.Unlock()
		select {
		case <-full:
		case <-ctx.Done():
		}
	}
}

// TestS49ToolsSeeTheCallerOfTheVeryRequest, whoever opened the session and whoever
// calls at the same time, and never the token.
func TestS49ToolsSeeTheCallerOfTheVeryRequest(t *testing.T) {
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		callers := []struct{ subject, scopes string }{
			{"alice", baseScope}, {"alice", baseScope + " " + writeScope}, {"alice", baseScope + " other"}, {"alice", "other " + baseScope},
		}
		if !s.sdk.stateful {
			callers[1].subject, callers[3].subject = "bob", "carol"
		}
		s.session = s.begin(t, s.token("alice", baseScope, writeScope, "opener"))
		s.log.hold(together(len(callers)))
		texts := make([]string, len(callers))
		var done sync.WaitGroup
		for i, c := range callers {
			// Requests that are under way in one session have ids of their own.
			body := strings.Replace(call("whoami"), `"id":7`, fmt.Sprintf(`"id":%d`, i+10), 1)
			r := request{token: s.token(c.subject, strings.Fields(c.scopes)...), session: s.session, body: body}
			done.Go(func() { texts[i] = toolText(s.ask(t, &r)) })
		}
		done.Wait()
		for i, c := range callers {
			if want := "caller " + c.subject + " with " + c.scopes; texts[i] != want {
				t.Errorf("caller %d: the tool sees %q, want %q", i, texts[i], want)
			}
		}
		if ran := s.log.news(); ran != strings.TrimPrefix(strings.Repeat(", tool whoami", len(callers)), ", ") {
			t.Errorf("ran %q", ran)
		}
	})
}

// toolText is the text of a tool's result, or what came in its place.
func toolText(a answer) string {
	var message struct {
		Result struct {
			Content []struct{ Text string }
		}
	}
	if err := json.Unmarshal([]byte(result(a)), &message); err != nil || len(message.Result.Content) != 1 {
		return fmt.Sprintf("status %d: %.200s", a.status, a.body)
	}
	return message.Result.Content[0].Text
}
