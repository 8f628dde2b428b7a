package gate

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// misread stands for a flaw between the gate and the SDK: where a message has this
// field in its header, the SDK gets what it holds in place of the body.
const misread = "X-Misread"

func misreading(_ *site, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body := r.Header.Get(misread); body != "" {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}
		next.ServeHTTP(w, r)
	})
}

// TestG11TheSecondLockHolds should the first be mistaken, in the bridge to the
// official SDK. mcp-go has no bridge, and no second lock: what it gets is what was
// checked, which TestTable asserts, and it is held against the scanner by the fuzz
// tests of internal/difffuzz.
func TestG11TheSecondLockHolds(t *testing.T) {
	onEverySite(t, option{between: misreading}, func(t *testing.T, s *site) {
		low := s.token("alice", baseScope)
		s.session = s.begin(t, low)
		allowed := map[string]string{
			"tool get_weather": call("get_weather"), "prompt hello": message("prompts/get", `{"name":"hello"}`),
			"resource notes://public": message("resources/read", `{"uri":"notes://public"}`), "complete hello": complete(`{"type":"ref/prompt","name":"hello"}`),
			"subscribe notes://public": message("resources/subscribe", `{"uri":"notes://public"}`), "": message("ping", `{}`),
		}
		denied := []string{
			call("purge"), message("prompts/get", `{"name":"danger_prompt"}`), message("resources/read", `{"uri":"notes://secret"}`),
			complete(`{"type":"ref/prompt","name":"danger_prompt"}`), message("resources/subscribe", `{"uri":"notes://secret"}`),
			message("resources/unsubscribe", `{"uri":"notes://secret"}`), complete(`{"type":"ref/resource","uri":"notes://secret"}`),
		}
		for runs, body := range allowed {
			a := s.ask(t, &request{token: low, session: s.session, headers: []string{misread + ": " + body}, body: body})
			if ran := s.log.news(); a.status != http.StatusOK || ran != runs {
				t.Errorf("%s, read as it is: status %d, ran %q: %.200s", body, a.status, ran, a.body)
			}
			if !s.sdk.official {
				continue
			}
			for _, other := range denied {
				a := s.ask(t, &request{token: low, session: s.session, headers: []string{misread + ": " + other}, body: body})
				if ran := s.log.news(); ran != "" || !strings.Contains(a.body, "not the one that was authorized") {
					t.Errorf("%s, misread as %s: ran %q: %.200s", body, other, ran, a.body)
				}
			}
		}
	})
}
