package gate

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// forEverybody lets anybody begin a session, look around and call some things.
func forEverybody(p *core.Policy) {
	p.Methods = map[string]core.Requirement{}
	for _, method := range []string{"initialize", "notifications/initialized", "server/discover", "tools/list"} {
		p.Methods[method] = core.Anonymous()
	}
	p.Tools["get_weather"], p.Prompts["hello"], p.Resources["notes://public"] = core.Anonymous(), core.Anonymous(), core.Anonymous()
}

func letsEverybody(r *run) bool {
	return slices.Contains([]string{
		"tool get_weather", "prompt hello", "complete hello", "resource notes://public", "subscribe notes://public", "unsubscribe notes://public",
	}, r.what)
}

// TestS47AnonymousOperations run without a token, and with any good one.
func TestS47AnonymousOperations(t *testing.T) {
	onEverySite(t, option{policy: forEverybody, lets: letsEverybody}, func(t *testing.T, s *site) {
		session := s.begin(t, "")
		let := []row{
			{Name: "a tool", Body: call("get_weather"), Runs: "tool get_weather"},
			{Name: "a prompt", Body: message("prompts/get", `{"name":"hello"}`), Runs: "prompt hello"},
			{Name: "a completion", Body: complete(`{"type":"ref/prompt","name":"hello"}`), Runs: "complete hello"},
			{Name: "a resource", Body: message("resources/read", `{"uri":"notes://public"}`), Runs: "resource notes://public"},
			{Name: "a list", Body: message("tools/list", `{}`)},
		}
		if !s.sdk.legacy {
			let = append(let, row{Name: "discovery", Modern: true, Headers: cases.ModernHeaders("server/discover", ""), Body: cases.AsModern(message("server/discover", `{}`))})
		}
		for i := range let {
			s.checkAnonymous(t, session, &let[i])
		}
		for name, body := range map[string]string{
			"a tool": call("purge"), "a tool of the base scope": call("whoami"), "a tool without a rule": call("spare"),
			"a tool that nobody may call": call("gone"), "a tool whose need its arguments decide": readPath(`{"path":"/public"}`),
			"a prompt": message("prompts/get", `{"name":"danger_prompt"}`), "a completion": complete(`{"type":"ref/prompt","name":"danger_prompt"}`),
			"a resource": message("resources/read", `{"uri":"notes://secret"}`), "a list": message("prompts/list", `{}`),
			"an unknown method": message("made/up", `{}`),
		} {
			a := s.ask(t, &request{session: session, body: body})
			challenge := a.header.Get("WWW-Authenticate")
			if ran := s.log.news(); a.status != http.StatusUnauthorized || ran != "" || strings.Contains(challenge, "error=") || !strings.Contains(challenge, "resource_metadata=") {
				t.Errorf("%s that isn't for everybody: status %d, ran %q, challenge %s", name, a.status, ran, challenge)
			}
		}
		for name, body := range map[string]string{
			"two names": message("tools/call", `{"name":"get_weather","name":"purge","arguments":{}}`), "two documents": call("get_weather") + call("purge"),
			"a batch": "[" + call("get_weather") + "," + call("purge") + "]",
		} {
			a := s.ask(t, &request{session: session, body: body})
			if ran := s.log.news(); a.status != http.StatusBadRequest || ran != "" {
				t.Errorf("%s: status %d, ran %q", name, a.status, ran)
			}
		}
	})
}

// checkAnonymous sends what is for everybody.
func (s *site) checkAnonymous(t *testing.T, session string, r *row) {
	t.Helper()
	if r.Modern {
		session = ""
	}
	// In a session the first token is the one whose session it is from then on, so
	// the request without any comes first, and those in a session have no other.
	for _, c := range []struct {
		holder, token string
		status        int
	}{{"nobody", "", http.StatusOK}, {"a bad token", "junk", http.StatusUnauthorized}, {"somebody without the base scope", s.token("alice", "other"), http.StatusOK}} {
		if session != "" && c.holder != "nobody" && c.status == http.StatusOK {
			continue
		}
		want := r.Runs
		if c.status != http.StatusOK {
			want = ""
		}
		a := s.ask(t, &request{token: c.token, session: session, headers: r.Headers, body: r.Body})
		if ran := s.log.news(); a.status != c.status || ran != want || c.status == http.StatusOK && !strings.Contains(a.body, `"result"`) {
			t.Errorf("%s for everybody, %s: status %d, ran %q: %.200s", r.Name, c.holder, a.status, ran, a.body)
		}
	}
}
