package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// protected are the messages that need notes:write, by what they are about.
func protected() map[string]string {
	message := func(method, params string) string {
		return `{"jsonrpc":"2.0","id":"seven","method":"` + method + `","params":` + params + `}`
	}
	return map[string]string{
		"tools/call":            message("tools/call", `{"name":"purge","arguments":{}}`),
		"tools/call, escaped":   message("tools/call", `{"name":"\u0070urge"}`),
		"prompts/get":           message("prompts/get", `{"name":"danger_prompt"}`),
		"resources/read":        message("resources/read", `{"uri":"notes://secret"}`),
		"resources/subscribe":   message("resources/subscribe", `{"uri":"notes://secret"}`),
		"resources/unsubscribe": message("resources/unsubscribe", `{"uri":"notes://secret"}`),
		"completion/complete": message("completion/complete",
			`{"ref":{"type":"ref/prompt","name":"danger_prompt"},"argument":{"name":"a","value":""}}`),
	}
}

// denials are the rows about operations that the token's scopes don't reach
// (S40, S41, S11, S13): the challenge names all that a retry needs.
func (w *world) denials() []row {
	var rows []row
	for name, body := range protected() {
		for caller, token := range map[string]string{"SCOPES alone": w.good, "neither": w.narrow} {
			rows = append(rows, row{
				name: "S40: " + name + " with " + caller, method: http.MethodPost, path: w.endpoint, token: token,
				header: post(), body: body, status: http.StatusForbidden,
				challenge: w.scopeChallenge(w.withWrite()), code: "insufficient_scope", id: `"seven"`,
			})
		}
	}
	unlisted := row{
		name: "S46: a tool without a rule", method: http.MethodPost, path: w.endpoint, token: w.strong, header: post(),
		body:   strings.Replace(protected()["tools/call"], "purge", "unheard_of", 1),
		status: http.StatusForbidden, code: "access_denied", id: `"seven"`,
	}
	return append(rows, unlisted)
}

// checkOperations checks that nothing protected runs without its scope, and all
// of it with.
func (w *world) checkOperations(t *testing.T, audit string) {
	t.Helper()
	before := len(auditLines(t, audit))
	for _, r := range w.denials() {
		w.check(t, r)
	}
	if ran := auditLines(t, audit)[before:]; len(ran) != 0 {
		t.Errorf("S40: denied calls ran: %+v", ran)
	}
	session := connectWith(t, w.address+w.endpoint, w.strong, w.version())
	checkOffer(t, session, w.seen("alice"), everything())
	checkProtected(t, session)
	ran := auditLines(t, audit)[before:]
	if len(ran) != 2 || ran[1].Tool != "purge" || ran[1].Sub != "alice" {
		t.Errorf("S40: with the scope ran %+v, want get_weather and purge by alice", ran)
	}
}

// checkProtected checks that everything protected works.
func checkProtected(t *testing.T, session *mcp.ClientSession) {
	t.Helper()
	ctx := timeout(t)
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "purge", Arguments: map[string]any{}})
	if text, err := textOf(result, err); err != nil || text != "purged" {
		t.Errorf("purge: %q, error %v", text, err)
	}
	prompt, err := session.GetPrompt(ctx, &mcp.GetPromptParams{Name: "danger_prompt"})
	if err != nil || len(prompt.Messages) != 1 {
		t.Errorf("danger_prompt: %v, %+v", err, prompt)
	}
	secret, err := session.ReadResource(ctx, &mcp.ReadResourceParams{URI: "notes://secret"})
	if err != nil || len(secret.Contents) != 1 || secret.Contents[0].Text == "" {
		t.Errorf("notes://secret: %v, %+v", err, secret)
	}
}

// With FILTER_LISTS=1 lists show each caller what that caller may use, at each
// protocol version, and say that it is for nobody else (S45).
func TestFilteredLists(t *testing.T) {
	as := authtest.NewServer(t)
	a := authority{issuer: as.Issuer(), token: func(_ *testing.T, subject, resource string, scopes ...string) string {
		return as.Mint(authtest.Token{Subject: subject, Audience: resource, Scopes: scopes})
	}}
	for _, s := range []setup{
		{name: "stateless", scopes: []string{"mcp:read"}, filtered: true, env: []string{"FILTER_LISTS=1"}},
		{name: "stateful", scopes: []string{"mcp:read"}, filtered: true, stateful: true, env: []string{"FILTER_LISTS=1", "STATEFUL=1"}},
	} {
		t.Run(s.name, func(t *testing.T) {
			eachProgram(t, func(t *testing.T, program string) {
				audit := filepath.Join(t.TempDir(), "audit.jsonl")
				w := newWorld(t, start(t, program, append([]string{"ISSUER=" + as.Issuer(), "AUDIT_LOG=" + audit}, s.env...)...), s, a)
				for _, version := range []string{newest, sessions} {
					checkOffer(t, connectWith(t, w.address+w.endpoint, w.good, version), "alice", unprotected())
					checkOffer(t, connectWith(t, w.address+w.endpoint, w.strong, version), "alice", everything())
				}
				w.checkOperations(t, audit)
				w.checkPrivate(t)
			})
		})
	}
}

// checkPrivate looks at a filtered list as it is on the wire.
func (w *world) checkPrivate(t *testing.T) {
	t.Helper()
	header := post("Mcp-Protocol-Version", sessions)
	if w.stateful {
		header.Set("Mcp-Session-Id", w.openSession(t))
	}
	listed := w.ask(t, row{method: http.MethodPost, path: w.endpoint, token: w.good, header: header, body: listCall})
	text := string(listed.body)
	if listed.status != http.StatusOK || !strings.Contains(text, "get_weather") || strings.Contains(text, "purge") || !strings.Contains(text, `"cacheScope":"private"`) {
		t.Errorf("S45: status %d, body %s", listed.status, text)
	}
}
