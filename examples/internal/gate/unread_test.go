package gate

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// refusedUnread is a request whose token isn't good.
type refusedUnread struct {
	path    string
	headers []string
	status  int
	code    string // of the challenge
}

// TestG1BodiesAreNotReadBeforeTheTokenIsGood: the body is announced and never
// sent, so whoever waits for it has no answer.
func TestG1BodiesAreNotReadBeforeTheTokenIsGood(t *testing.T) {
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		table := s.badCredentials()
		table["no token"] = refusedUnread{status: http.StatusUnauthorized}
		table["a token in the URL"] = refusedUnread{path: "/mcp?access_token=" + s.token("alice", baseScope), status: http.StatusUnauthorized}
		s.checkUnread(t, table)
	})
}

// TestG1BadCredentialsAreNotAnonymous: where some operations are for everybody,
// the body of a request without credentials is read, and that of no other.
func TestG1BadCredentialsAreNotAnonymous(t *testing.T) {
	onEverySite(t, option{policy: forEverybody, lets: letsEverybody}, func(t *testing.T, s *site) {
		s.checkUnread(t, s.badCredentials())
		a := s.ask(t, &request{session: s.begin(t, ""), body: call("get_weather")})
		if ran := s.log.news(); a.status != http.StatusOK || ran != "tool get_weather" {
			t.Errorf("without credentials: status %d, ran %q: %s", a.status, ran, a.body)
		}
	})
}

func (s *site) badCredentials() map[string]refusedUnread {
	const invalid, malformed = `error="invalid_token"`, `error="invalid_request"`
	low, full := s.token("alice", baseScope), s.token("alice", baseScope, writeScope)
	return map[string]refusedUnread{
		"a bad token":            {headers: []string{"Authorization: Bearer junk"}, status: http.StatusUnauthorized, code: invalid},
		"a token that is over":   {headers: []string{"Authorization: Bearer " + s.lasting("alice", -time.Minute, baseScope)}, status: http.StatusUnauthorized, code: invalid},
		"an empty token":         {headers: []string{"Authorization: Bearer "}, status: http.StatusUnauthorized},
		"another scheme":         {headers: []string{"Authorization: Basic YTpi"}, status: http.StatusUnauthorized},
		"two tokens":             {headers: []string{"Authorization: Bearer " + low, "Authorization: Bearer " + full}, status: http.StatusBadRequest, code: malformed},
		"a token with a space":   {headers: []string{"Authorization: Bearer " + low + " x"}, status: http.StatusBadRequest, code: malformed},
		"a token that is huge":   {headers: []string{"Authorization: Bearer " + strings.Repeat("x", 17<<10)}, status: http.StatusBadRequest, code: malformed},
		"another one's audience": {headers: []string{"Authorization: Bearer " + s.foreign()}, status: http.StatusUnauthorized, code: invalid},
	}
}

// checkUnread withholds the body, and then sends the same with a good token.
func (s *site) checkUnread(t *testing.T, table map[string]refusedUnread) {
	t.Helper()
	full := s.token("alice", baseScope, writeScope)
	s.session = s.begin(t, full)
	for name, c := range table {
		a := s.ask(t, &request{path: c.path, session: s.session, headers: c.headers, body: call("purge"), withheld: true})
		challenge := a.header.Get("WWW-Authenticate")
		if a.status != c.status || !strings.Contains(challenge, c.code) || c.code == "" && strings.Contains(challenge, "error=") {
			t.Errorf("%s: status %d, challenge %s, want %d with %s", name, a.status, challenge, c.status, c.code)
		}
		if ran := s.log.news(); ran != "" {
			t.Errorf("%s: ran %s", name, ran)
		}
	}
	s.checkRuns(t, full, call("purge"), http.StatusOK, "tool purge")
}
