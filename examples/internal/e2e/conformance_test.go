package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/cases"
	"github.com/mcpbearer/mcpbearer/internal/challenge"
)

// fixtureCase is one operation of the scope challenge scenario.
type fixtureCase struct {
	name, method, member, subject string
	scopes                        []string
	// finds says what the normal result has, by the path to it.
	finds []string
	has   string
}

func fixtureCases() []fixtureCase {
	const prefix = "mcp:conformance:"
	return []fixtureCase{
		{"tool", "tools/call", "name", "test_simple_text", []string{prefix + "tools:call", prefix + "tools:test_simple_text"}, []string{"content", "text"}, ""},
		{"static resource", "resources/read", "uri", "test://static-text", []string{prefix + "resources:read", prefix + "resources:static"}, []string{"contents", "text"}, ""},
		{"template resource", "resources/read", "uri", "test://template/123/data", []string{prefix + "resources:read", prefix + "resources:template:123"}, []string{"contents", "text"}, "123"},
		{"prompt", "prompts/get", "name", "test_simple_prompt", []string{prefix + "prompts:get", prefix + "prompts:test_simple_prompt"}, []string{"messages", "content"}, ""},
	}
}

// TestScopeChallengeFixture is the scope challenge scenario of the MCP
// conformance suite, step by step (S40, S41): the low token gets one challenge
// with both scopes, the full token gets the normal result.
func TestScopeChallengeFixture(t *testing.T) {
	p := start(t, "conformance")
	w := &world{process: p}
	for _, c := range fixtureCases() {
		for _, version := range []string{"2025-11-25", "2026-07-28"} {
			t.Run(c.name+" "+version, func(t *testing.T) {
				low := w.ask(t, c.request(version, "mcp-conformance-scope-low"))
				checkFixtureChallenge(t, w, low, c.scopes)
				full := w.ask(t, c.request(version, "mcp-conformance-scope-full"))
				if found := c.result(full); full.status != http.StatusOK || found == "" || !strings.Contains(found, c.has) {
					t.Errorf("with the full token: status %d, %s", full.status, full.body)
				}
			})
		}
	}
	t.Run("another id", func(t *testing.T) {
		c := fixtureCases()[2]
		c.subject = "test://template/124/data"
		got := w.ask(t, c.request("2026-07-28", "mcp-conformance-scope-full"))
		checkFixtureChallenge(t, w, got, []string{c.scopes[0], "mcp:conformance:resources:template:124"})
		c.subject = "test://template/%22/data"
		if got := w.ask(t, c.request("2026-07-28", "mcp-conformance-scope-full")); got.status != http.StatusForbidden || got.header.Get("WWW-Authenticate") != "" {
			t.Errorf("an id that is no scope: status %d, challenge %q", got.status, got.header.Get("WWW-Authenticate"))
		}
	})
	t.Run("no token, or another", func(t *testing.T) {
		for _, token := range []string{"", "mcp-conformance-scope", "mcp-conformance-scope-full-"} {
			if got := w.ask(t, fixtureCases()[0].request("2026-07-28", token)); got.status != http.StatusUnauthorized {
				t.Errorf("status %d", got.status)
			}
		}
	})
}

// request is what the scenario sends.
func (c *fixtureCase) request(version, token string) row {
	fields := []string{"Mcp-Protocol-Version", version}
	body := cases.Request(c.method, `{"`+c.member+`":"`+c.subject+`"}`)
	if version >= "2026" {
		body = cases.AsModern(body)
		fields = append(fields, "Mcp-Method", c.method, "Mcp-Name", c.subject)
	}
	return row{name: c.name, method: http.MethodPost, path: "/mcp", token: token, header: post(fields...), body: body}
}

// checkFixtureChallenge checks what the scenario checks of a challenge.
func checkFixtureChallenge(t *testing.T, w *world, got answer, scopes []string) {
	t.Helper()
	all, err := challenge.Parse(got.header.Values("WWW-Authenticate"))
	if got.status != http.StatusForbidden || err != nil || len(all) != 1 || !all[0].Is("Bearer") {
		t.Fatalf("status %d, challenges %v, error %v: want 403 and one Bearer challenge", got.status, all, err)
	}
	for name, want := range map[string]string{
		"error": "insufficient_scope", "scope": strings.Join(scopes, " "),
		"resource_metadata": w.address + wellKnown + "/mcp",
	} {
		if value, _ := all[0].Get(name); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
}

// result returns the text of the normal result, whose first entry it is in.
func (c *fixtureCase) result(got answer) string {
	text := string(got.body)
	if _, data, ok := strings.Cut(text, "data: "); ok {
		text = data
	}
	var message struct {
		Result map[string]json.RawMessage `json:"result"`
	}
	var entries []map[string]json.RawMessage
	if json.NewDecoder(strings.NewReader(text)).Decode(&message) != nil || json.Unmarshal(message.Result[c.finds[0]], &entries) != nil || len(entries) == 0 {
		return ""
	}
	return string(entries[0][c.finds[1]])
}
