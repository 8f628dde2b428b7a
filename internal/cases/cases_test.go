package cases_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

func offer() *cases.Offer {
	return &cases.Offer{
		Safe: "count", SafeArguments: `{"of":"notes"}`, Danger: "purge", DangerArguments: "{}",
		OpenPrompt: "hello", ProtectedPrompt: "danger", OpenResource: "notes://open", ProtectedResource: "notes://secret",
		Origin: "https://notes.example", BodyBytes: 64 << 10, LongBytes: 32 << 10,
	}
}

func ExampleOffer() {
	for _, m := range offer().Messages() {
		if m.ID() == "G7/two-names-the-first-safe" {
			fmt.Println(m.Body)
		}
	}
	// Output: {"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"count","name":"purge","arguments":{}}}
}

// Each id is there once, and says which rule it is about.
func TestIDs(t *testing.T) {
	var ids []string
	for _, m := range offer().Messages() {
		ids = append(ids, m.ID())
		if m.Clause == "" {
			t.Errorf("%s has no clause", m.ID())
		}
	}
	site := &cases.Site{Resource: "https://notes.example/mcp", Issuer: "https://as.example", Scopes: []string{"a", "b"}, Now: time.Unix(1, 0)}
	for _, c := range site.Tokens() {
		ids = append(ids, c.ID)
	}
	for _, c := range slices.Concat(cases.Spellings(), cases.Elsewhere(), cases.Shapes()) {
		ids = append(ids, c.ID)
	}
	form := regexp.MustCompile(`^[SG]\d+/[A-Za-z0-9+-]+$`)
	seen := make(map[string]bool)
	for _, id := range ids {
		if seen[id] || !form.MatchString(id) {
			t.Errorf("the id %q is there twice, or not of the form S1/some-words", id)
		}
		seen[id] = true
	}
}

// What is let in is JSON with a name that an honest reader finds, whatever the
// tools are called and want; what is refused for its name isn't the name itself.
func TestMessagesOfOtherTools(t *testing.T) {
	for _, names := range [][2]string{{"get_weather", "rm"}, {"a1", "Delete-All"}, {"x.y", "123"}} {
		o := offer()
		o.Safe, o.Danger, o.DangerArguments = names[0], names[1], `{"really":true}`
		for _, m := range o.Messages() {
			if m.Verdict == cases.Refused {
				lie := "Mcp-Name: " + o.Danger
				if m.Code == cases.Mismatch && slices.Contains(m.Headers, "Mcp-Method: tools/call") && slices.Contains(m.Headers, lie) {
					t.Errorf("%s is no lie", m.Name)
				}
				continue
			}
			var message struct {
				Method string
				Params struct{ Name, URI string }
			}
			if err := json.Unmarshal([]byte(m.Body), &message); err != nil {
				t.Errorf("%s: %v", m.Name, err)
				continue
			}
			_, name, _ := strings.Cut(m.Runs, " ")
			if m.Runs != "" && message.Params.Name != name && message.Params.URI != name {
				t.Errorf("%s is about %q, not %q", m.Name, message.Params.Name+message.Params.URI, name)
			}
		}
	}
}

// No case takes the resource's own audience, issuer or origin for another.
func TestOthersAreOthers(t *testing.T) {
	for _, resource := range []string{"https://notes.example/mcp", "http://127.0.0.1:8080/mcp", "https://notes.example", "https://notes.example:8443/a/b"} {
		site := &cases.Site{Resource: resource, Issuer: resource, Scopes: []string{"a"}, Now: time.Now()}
		for _, c := range site.Tokens() {
			if aud, ok := c.Claims["aud"]; ok && c.Outcome != cases.Good && aud == any(resource) {
				t.Errorf("%s: %s has the right audience", resource, c.ID)
			}
			if iss, ok := c.Claims["iss"]; ok && iss == any(resource) {
				t.Errorf("%s: %s has the right issuer", resource, c.ID)
			}
		}
		origin := regexp.MustCompile(`^https?://[^/]+`).FindString(resource)
		for name, other := range cases.ForeignOrigins(origin) {
			if other == origin {
				t.Errorf("%s: the origin %s is its own", resource, name)
			}
		}
	}
}

func TestAsModern(t *testing.T) {
	for _, params := range []string{`{}`, `{"name":"x"}`, `{"_meta":{"x":1},"name":"x"}`} {
		body := cases.AsModern(cases.Request("tools/call", params))
		var message struct {
			Params struct {
				Meta map[string]any `json:"_meta"`
			}
		}
		if err := json.Unmarshal([]byte(body), &message); err != nil || strings.Count(body, "_meta") != 1 ||
			message.Params.Meta["io.modelcontextprotocol/protocolVersion"] != "2026-07-28" {
			t.Errorf("%s becomes %s: %v", params, body, err)
		}
	}
}
