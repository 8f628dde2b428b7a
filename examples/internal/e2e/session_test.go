package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const initializeCall = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"` + sessions +
	`","capabilities":{},"clientInfo":{"name":"e2e","version":"1.0.0"}}}`

// version is the protocol version that has the mode's way of sessions.
func (w *world) version() string {
	if w.stateful {
		return sessions
	}
	return newest
}

// checkVersions has the SDK's client speak each protocol version that the mode
// serves, and checks all that is on offer.
func (w *world) checkVersions(t *testing.T) {
	t.Helper()
	for asked, served := range map[string]string{newest: newest, sessions: sessions} {
		// mcp-go serves single requests beside its sessions, the official SDK doesn't.
		if w.stateful && w.program != "mcpgo" {
			served = sessions
		}
		session := connectWith(t, w.address+w.endpoint, w.good, asked)
		if got := session.InitializeResult().ProtocolVersion; got != served {
			t.Errorf("asked for version %q it speaks %s, want %s", asked, got, served)
		}
		checkOffer(t, session, w.seen("alice"), w.offer())
	}
}

// checkSessions checks that sessions exist in stateful mode alone, and that an
// unknown or ended one is refused (S48).
func (w *world) checkSessions(t *testing.T) {
	t.Helper()
	id := w.openSession(t)
	if given := id != ""; given != w.stateful {
		t.Errorf("initialize gives a session id: %v, want %v", given, w.stateful)
	}
	within := func(id string, status int) row {
		return row{
			name: "a session", method: http.MethodPost, path: w.endpoint, token: w.good, body: listCall, status: status,
			header: post("Mcp-Protocol-Version", sessions, "Mcp-Session-Id", id),
		}
	}
	w.check(t, within("unknown", http.StatusNotFound))
	if !w.stateful {
		return
	}
	w.check(t, within(id, http.StatusOK))
	end := within(id, 0)
	end.method, end.body = http.MethodDelete, ""
	if ended := w.ask(t, end); ended.status/100 != 2 {
		t.Errorf("ending a session: status %d", ended.status)
	}
	w.check(t, within(id, http.StatusNotFound))
}

// openSession has alice open a session and returns its id, if it got one.
func (w *world) openSession(t *testing.T) string {
	t.Helper()
	opened := w.ask(t, row{method: http.MethodPost, path: w.endpoint, token: w.good, header: post(), body: initializeCall})
	id := opened.header.Get("Mcp-Session-Id")
	if opened.status != http.StatusOK {
		t.Fatalf("initialize: status %d", opened.status)
	}
	if id != "" {
		w.ask(t, row{
			method: http.MethodPost, path: w.endpoint, token: w.good, header: post("Mcp-Session-Id", id, "Mcp-Protocol-Version", sessions),
			body: `{"jsonrpc":"2.0","method":"notifications/initialized"}`,
		})
	}
	return id
}

// checkAudit checks that each tool run left one line, with the caller of the
// very request.
func (w *world) checkAudit(t *testing.T, file string) {
	t.Helper()
	before := len(auditLines(t, file))
	if before == 0 {
		t.Error("the audit log is empty after tool runs")
	}
	want := []string{"alice", "bob", "alice"}
	for _, subject := range want {
		session := connectWith(t, w.address+w.endpoint, w.token(t, subject, w.resource, w.scopes...), w.version())
		checkWeather(t, session, "Oslo", w.seen(subject))
	}
	lines := auditLines(t, file)[before:]
	if len(lines) != len(want) {
		t.Fatalf("%d runs left %d lines", len(want), len(lines))
	}
	for i, line := range lines {
		if line.Tool != "get_weather" || line.Sub != want[i] || line.Iss != w.issuer || line.ClientID == "" {
			t.Errorf("line %d is %+v, want get_weather by %s of %s", i, line, want[i], w.issuer)
		}
	}
}

type auditLine struct {
	Tool, Sub, Iss string
	ClientID       string `json:"client_id"`
}

func auditLines(t testing.TB, file string) []auditLine {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines []auditLine
	for line := range bytes.Lines(text) {
		var l auditLine
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("the audit line %q: %v", line, err)
		}
		lines = append(lines, l)
	}
	return lines
}

// checkIdentity runs tools for two callers at the same time: each sees its own
// (S49, S55). In stateful mode one caller then tries the other's session, and
// must never be taken for its owner.
func (w *world) checkIdentity(t *testing.T) {
	t.Helper()
	ctx := timeout(t)
	failures := make(chan string, 64)
	var group sync.WaitGroup
	for _, subject := range []string{"alice", "bob"} {
		token := w.token(t, subject, w.resource, w.scopes...)
		for i := range 4 {
			session := connectWith(t, w.address+w.endpoint, token, w.version())
			group.Go(func() { callOften(ctx, session, fmt.Sprintf("%s-%d", subject, i), subject, failures) })
		}
	}
	group.Wait()
	close(failures)
	for failure := range failures {
		t.Error("S49: " + failure)
	}
	if w.stateful {
		w.checkStolenSession(t)
	}
}

func callOften(ctx context.Context, session *mcp.ClientSession, city, subject string, failures chan<- string) {
	for range 8 {
		text, err := weather(ctx, session, city)
		if want := "sunny in " + city + ", sub=" + subject; err != nil || text != want {
			failures <- fmt.Sprintf("got %q, error %v, want %q", text, err, want)
			return
		}
	}
}

// checkStolenSession has bob call a tool on alice's session.
func (w *world) checkStolenSession(t *testing.T) {
	t.Helper()
	inSession := post("Mcp-Session-Id", w.openSession(t), "Mcp-Protocol-Version", sessions)
	call := row{
		method: http.MethodPost, path: w.endpoint, header: inSession,
		body: `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Rome"}}}`,
	}
	call.token = w.good
	if own := w.ask(t, call); own.status != http.StatusOK || !strings.Contains(string(own.body), "sub=alice") {
		t.Errorf("S49: alice on her own session: status %d, body %s", own.status, own.body)
	}
	call.token = w.token(t, "bob", w.resource, w.scopes...)
	stolen := w.ask(t, call)
	if strings.Contains(string(stolen.body), "sub=alice") {
		t.Errorf("S49: bob on alice's session runs as alice: %s", stolen.body)
	}
	if stolen.status == http.StatusOK && !strings.Contains(string(stolen.body), "sub=bob") {
		t.Errorf("S49: bob on alice's session: %s", stolen.body)
	}
}

// checkNoToken checks that no token that was sent has been printed.
func (w *world) checkNoToken(t *testing.T) {
	t.Helper()
	for _, token := range []string{w.good, w.strong, w.alien, w.narrow} {
		if strings.Contains(w.output.String(), token) {
			t.Errorf("the process has printed a token of %d bytes", len(token))
		}
	}
}
