package gate

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestTable sends every row with tokens that do and don't suffice.
func TestTable(t *testing.T) {
	table := rows()
	t.Logf("%d rows", len(table))
	onEverySite(t, option{between: remembering}, func(t *testing.T, s *site) {
		tokens := map[string]string{
			"none": "", "bad": "junk", "no scope": s.token("alice", "other"), "write alone": s.token("alice", writeScope),
			"low": s.token("alice", baseScope), "full": s.token("alice", baseScope, writeScope),
		}
		if s.adapter != "nethttp" { // one adapter shows what no adapter can change
			tokens = map[string]string{"low": tokens["low"], "full": tokens["full"]}
		}
		s.session = s.begin(t, tokens["low"])
		for i := range table {
			s.prove(t, &table[i], tokens)
		}
	})
}

// prove sends one row with every token.
func (s *site) prove(t *testing.T, r *row, tokens map[string]string) {
	t.Helper()
	session := s.session
	if r.Modern {
		session = ""
	}
	for holder, token := range tokens {
		// What is refused before the policy is asked needs no more than these.
		if (r.Verdict == refused || r.Verdict == forbidden) && (holder == "bad" || holder == "no scope" || holder == "write alone") {
			continue
		}
		a := s.ask(t, &request{token: token, session: session, headers: r.Headers, body: r.Body, chunked: r.Chunked})
		ran := s.log.news()
		status, runs := wants(r, holder)
		if r.Modern && status == http.StatusOK && s.sdk.legacy {
			status, runs = http.StatusBadRequest, ""
		}
		switch {
		case status != 0 && a.status != status:
			t.Errorf("%s, token %s: status %d, want %d: %.200s", r.Name, holder, a.status, status, a.body)
		case status == 0 && (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden):
			t.Errorf("%s, token %s: status %d: a legitimate request is refused: %.200s", r.Name, holder, a.status, a.body)
		}
		if ran != runs && !(r.Verdict == silent && holder == "full") {
			t.Errorf("%s, token %s: ran %q, want %q", r.Name, holder, ran, runs)
		}
		if got := s.log.handed(); ran != "" && got != r.Body {
			t.Errorf("%s, token %s: G5: the MCP server gets other bytes than were checked: %.200s", r.Name, holder, got)
		}
		checkBody(t, r, holder, a)
	}
}

// wants returns the status, or 0 for the SDK's own, and what runs.
func wants(r *row, holder string) (status int, runs string) {
	early := r.Status == http.StatusForbidden || strings.Contains(r.Name, "Origin") && r.Verdict == refused
	switch {
	case early: // Origin is looked at before the token
		return r.Status, ""
	case holder == "none" || holder == "bad":
		if holder == "bad" && strings.Contains(r.Name, "two Authorization") {
			return http.StatusBadRequest, ""
		}
		return http.StatusUnauthorized, ""
	case r.Verdict == refused:
		return r.Status, ""
	case r.Verdict == forbidden, holder == "no scope", holder == "write alone":
		return http.StatusForbidden, ""
	case r.Verdict == passed:
		return 0, ""
	case r.Verdict == silent && holder == "full":
		return 0, ""
	case holder == "low" && r.Verdict != honest:
		return http.StatusForbidden, ""
	}
	return http.StatusOK, r.Runs
}

// checkBody checks S13 and S42: an answer to the very request, and its code.
func checkBody(t *testing.T, r *row, holder string, a answer) {
	t.Helper()
	if a.status < 400 || holder == "none" || holder == "bad" || strings.Contains(r.Name, "Origin") {
		return
	}
	if r.Code != "" && !strings.Contains(a.body, `"code":`+r.Code) {
		t.Errorf("%s, token %s: no code %s in %.200s", r.Name, holder, r.Code, a.body)
	}
	if a.status != http.StatusForbidden || !strings.Contains(r.Body, `"id":7`) {
		return
	}
	var answer struct {
		ID    int
		Error struct{ Code int }
	}
	if err := json.Unmarshal([]byte(a.body), &answer); err != nil || answer.Error.Code != -32003 || answer.ID != 7 {
		t.Errorf("%s, token %s: the denial answers no request 7: %.200s", r.Name, holder, a.body)
	}
	challenge := a.header.Get("WWW-Authenticate")
	switch {
	case r.Verdict == forbidden:
		if challenge != "" {
			t.Errorf("%s, token %s: a challenge that doesn't help: %s", r.Name, holder, challenge)
		}
	case r.Verdict == honest || r.Verdict == passed:
		if !strings.Contains(challenge, `scope="mcp:read"`) {
			t.Errorf("%s, token %s: challenge %s", r.Name, holder, challenge)
		}
	case !strings.Contains(challenge, `scope="mcp:read notes:write"`):
		t.Errorf("%s, token %s: challenge %s", r.Name, holder, challenge)
	}
}
