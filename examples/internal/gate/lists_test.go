package gate

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// listing is what an answer to a list request holds.
type listing struct {
	names      []string // sorted
	cacheScope string
}

// TestS45FilteredLists show each caller what that caller may use, and say that it
// is for nobody else.
func TestS45FilteredLists(t *testing.T) {
	always := []string{"export", "get_weather", "gone", "purge", "read", "spare", "whoami"}
	for name, c := range map[string]struct {
		filter bool
		want   map[string]map[string][]string // by token and method
	}{
		"filtered": {true, map[string]map[string][]string{
			"low": {
				"tools/list": {"get_weather", "read", "whoami"}, "prompts/list": {"hello"},
				"resources/list": {"notes://public"}, "resources/templates/list": {"notes://{id}/page"},
			},
			"full": {
				"tools/list": {"export", "get_weather", "purge", "read", "whoami"}, "prompts/list": {"danger_prompt", "hello"},
				"resources/list": {"notes://public", "notes://secret"}, "resources/templates/list": {"notes://{id}/draft", "notes://{id}/page"},
			},
			"exporter": {"tools/list": {"export", "get_weather", "read", "whoami"}},
		}},
		"not filtered": {false, map[string]map[string][]string{
			"low": {
				"tools/list": always, "prompts/list": {"danger_prompt", "hello"},
				"resources/list": {"notes://public", "notes://secret"}, "resources/templates/list": {"notes://{id}/draft", "notes://{id}/page"},
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			onEverySite(t, option{policy: func(p *core.Policy) { p.FilterLists = c.filter }}, func(t *testing.T, s *site) {
				tokens := map[string]string{
					"low": s.token("alice", baseScope), "full": s.token("alice", baseScope, writeScope), "exporter": s.token("alice", baseScope, "export", "audit"),
				}
				s.session = s.begin(t, tokens["low"])
				for holder, lists := range c.want {
					for method, want := range lists {
						s.checkLists(t, tokens[holder], method, want, c.filter)
					}
				}
			})
		})
	}
}

// checkLists asks for a list at an old and at the new version of the protocol.
func (s *site) checkLists(t *testing.T, token, method string, want []string, filtered bool) {
	t.Helper()
	requests := map[string]request{"old": {token: token, session: s.session, body: message(method, `{}`)}}
	if !s.sdk.legacy {
		requests["new"] = request{token: token, headers: cases.ModernHeaders(method, ""), body: cases.AsModern(message(method, `{}`))}
	}
	for version, r := range requests {
		got := readList(t, s.ask(t, &r))
		if !slices.Equal(got.names, want) {
			t.Errorf("%s of the %s protocol: %q, want %q", method, version, got.names, want)
		}
		if filtered && got.cacheScope != "private" {
			t.Errorf("%s of the %s protocol: it may be kept for others: cacheScope %q", method, version, got.cacheScope)
		}
	}
}

// list asks for all names of one kind.
func (s *site) list(t *testing.T, method string) []string {
	t.Helper()
	return readList(t, s.ask(t, &request{token: s.token("alice", baseScope), session: s.session, body: message(method, `{}`)})).names
}

// readList reads a list as JSON or as an event stream, whichever it is.
func readList(t *testing.T, a answer) listing {
	t.Helper()
	text := result(a)
	var answer struct {
		ID     int
		Result map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.ID != 7 || a.status != http.StatusOK {
		t.Fatalf("status %d, and no answer to request 7: %v: %.300s", a.status, err, a.body)
	}
	var l listing
	for _, member := range []string{"tools", "prompts", "resources", "resourceTemplates"} {
		var entries []struct{ Name, URI, URITemplate string }
		if raw := answer.Result[member]; raw != nil {
			if err := json.Unmarshal(raw, &entries); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range entries {
			l.names = append(l.names, slices.MaxFunc([]string{e.Name, e.URI, e.URITemplate}, byLength))
		}
	}
	if raw := answer.Result["cacheScope"]; raw != nil {
		if err := json.Unmarshal(raw, &l.cacheScope); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(l.names)
	return l
}

func byLength(a, b string) int { return len(a) - len(b) }

// result is the message of an answer that is one, or that of an event stream which
// holds a result, or "".
func result(a answer) string {
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		return a.body
	}
	for line := range strings.Lines(a.body) {
		if data, isData := strings.CutPrefix(line, "data:"); isData && strings.Contains(data, `"result"`) {
			return data
		}
	}
	return ""
}
