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
	onEverySite(t, option{}, func(t *testing.T, s *site) {
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
		s.log.check(t, false)
	})
}

// prove sends one row with every token.
func (s *site) prove(t *testing.T, r *row, tokens map[string]string) {
	t.Helper()
	headers := r.headers
	if !contains(headers, "Content-Type:") {
		headers = append([]string{jsonType}, headers...)
	}
	if !r.modern {
		headers = append(inSession(s.session), headers...)
	}
	for holder, token := range tokens {
		// What is refused before the policy is asked needs no more than these.
		if (r.verdict == refused || r.verdict == forbidden) && (holder == "bad" || holder == "no scope" || holder == "write alone") {
			continue
		}
		a := s.exchange(t, http.MethodPost, token, headers, r.body)
		ran := strings.Join(s.log.news(), ", ")
		status, runs := r.wants(holder)
		if r.modern && status == http.StatusOK && s.sdk.legacy {
			status, runs = http.StatusBadRequest, ""
		}
		switch {
		case status != 0 && a.status != status:
			t.Errorf("%s, token %s: status %d, want %d: %.200s", r.name, holder, a.status, status, a.body)
		case status == 0 && (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden):
			t.Errorf("%s, token %s: status %d: a legitimate request is refused: %.200s", r.name, holder, a.status, a.body)
		}
		if ran != runs && !(r.verdict == silent && holder == "full") {
			t.Errorf("%s, token %s: ran %q, want %q", r.name, holder, ran, runs)
		}
		r.checkBody(t, holder, a)
	}
}

// wants returns the status, or 0 for the SDK's own, and what runs.
func (r *row) wants(holder string) (status int, runs string) {
	early := r.status == http.StatusForbidden || strings.Contains(r.name, "Origin") && r.verdict == refused
	switch {
	case early: // Origin is looked at before the token
		return r.status, ""
	case holder == "none" || holder == "bad":
		if holder == "bad" && strings.Contains(r.name, "two Authorization") {
			return http.StatusBadRequest, ""
		}
		return http.StatusUnauthorized, ""
	case r.verdict == refused:
		return r.status, ""
	case r.verdict == forbidden, holder == "no scope", holder == "write alone":
		return http.StatusForbidden, ""
	case r.verdict == passed:
		return 0, ""
	case r.verdict == silent && holder == "full":
		return 0, ""
	case holder == "low" && r.verdict != honest:
		return http.StatusForbidden, ""
	}
	return http.StatusOK, r.runs
}

// checkBody checks S13 and S42: an answer to the very request, and its code.
func (r *row) checkBody(t *testing.T, holder string, a answer) {
	t.Helper()
	if a.status < 400 || holder == "none" || holder == "bad" || strings.Contains(r.name, "Origin") {
		return
	}
	if r.code != "" && !strings.Contains(a.body, `"code":`+r.code) {
		t.Errorf("%s, token %s: no code %s in %.200s", r.name, holder, r.code, a.body)
	}
	if a.status != http.StatusForbidden || !strings.Contains(r.body, `"id":7`) {
		return
	}
	var answer struct {
		ID    int
		Error struct{ Code int }
	}
	if err := json.Unmarshal([]byte(a.body), &answer); err != nil || answer.Error.Code != -32003 || answer.ID != 7 {
		t.Errorf("%s, token %s: the denial answers no request 7: %.200s", r.name, holder, a.body)
	}
	challenge := a.header.Get("WWW-Authenticate")
	switch {
	case r.verdict == forbidden:
		if challenge != "" {
			t.Errorf("%s, token %s: a challenge that doesn't help: %s", r.name, holder, challenge)
		}
	case r.verdict == honest || r.verdict == passed:
		if !strings.Contains(challenge, `scope="mcp:read"`) {
			t.Errorf("%s, token %s: challenge %s", r.name, holder, challenge)
		}
	case !strings.Contains(challenge, `scope="mcp:read notes:write"`):
		t.Errorf("%s, token %s: challenge %s", r.name, holder, challenge)
	}
}
