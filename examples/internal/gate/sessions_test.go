package gate

import (
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// TestS48SessionsBelongToWhoOpenedThem: whoever else names one, by whatever
// method, is told what is told of a session that doesn't exist.
func TestS48SessionsBelongToWhoOpenedThem(t *testing.T) {
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		low, full := s.token("alice", baseScope), s.token("alice", baseScope, writeScope)
		if !s.sdk.stateful {
			s.checkNoSessions(t, full)
			return
		}
		id := s.begin(t, low)
		now := s.clock.Now()
		mint := func(as *authtest.Server, k authtest.Token) string {
			k.Scopes, k.IssuedAt, k.NotBefore = []string{baseScope, writeScope}, now, now
			if k.Audience == nil {
				k.Audience = resource
			}
			return as.Mint(k)
		}
		for name, stranger := range map[string]request{
			"another subject":              {token: mint(s.as, authtest.Token{Subject: "bob"})},
			"the client of the session":    {token: mint(s.as, authtest.Token{Claims: map[string]any{"sub": authtest.Absent}})},
			"that subject elsewhere":       {token: mint(s.other, authtest.Token{Subject: "alice"})},
			"the subject's other resource": {path: "/other", token: mint(s.as, authtest.Token{Subject: "alice", Audience: otherResource})},
		} {
			for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
				r, unknown := stranger, stranger
				r.method, r.session, unknown.method, unknown.session = method, id, method, "unheard-of"
				if method == http.MethodPost {
					r.body, unknown.body = call("get_weather"), call("get_weather")
				}
				got, want := s.ask(t, &r), s.ask(t, &unknown)
				if got.status != http.StatusNotFound || got.status != want.status || got.body != want.body || got.header.Get("Content-Type") != want.header.Get("Content-Type") {
					t.Errorf("%s, %s: status %d, want 404 as of no session (%d): %s, %s", name, method, got.status, want.status, got.body, want.body)
				}
				if ran := s.log.news(); ran != "" {
					t.Errorf("%s, %s: ran %s", name, method, ran)
				}
			}
		}
		// The session lives on, for other tokens of its owner and other clients too.
		s.session = id
		s.checkRuns(t, low, call("get_weather"), http.StatusOK, "tool get_weather")
		s.checkRuns(t, mint(s.as, authtest.Token{Subject: "alice", ClientID: "registered-anew"}), call("purge"), http.StatusOK, "tool purge")
		s.checkRuns(t, low, call("purge"), http.StatusForbidden, "")
		if a := s.ask(t, &request{method: http.MethodDelete, token: low, session: id}); a.status < 200 || a.status > 299 {
			t.Errorf("ending one's own session: status %d: %s", a.status, a.body)
		}
		s.checkRuns(t, low, call("get_weather"), http.StatusNotFound, "")
	})
}

// checkNoSessions: where the SDK has none, a session id names nothing, whoever
// sends it.
func (s *site) checkNoSessions(t *testing.T, token string) {
	t.Helper()
	s.checkRuns(t, token, call("purge"), http.StatusOK, "tool purge")
	s.session = "unheard-of"
	s.checkRuns(t, token, call("purge"), http.StatusNotFound, "")
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if a := s.ask(t, &request{method: method, token: token}); a.status < 400 || a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
			t.Errorf("%s without a session: status %d: %s", method, a.status, a.body)
		}
	}
}

// TestS48AnonymousSessionsAreAdopted by the first who presents one with a token.
func TestS48AnonymousSessionsAreAdopted(t *testing.T) {
	onEverySite(t, option{policy: forEverybody, lets: letsEverybody}, func(t *testing.T, s *site) {
		if s.session = s.begin(t, ""); s.session == "" {
			s.checkRuns(t, "", call("get_weather"), http.StatusOK, "tool get_weather")
			return
		}
		alice, bob := s.token("alice", baseScope, writeScope), s.token("bob", baseScope, writeScope)
		s.checkRuns(t, "", call("get_weather"), http.StatusOK, "tool get_weather")
		s.checkRuns(t, "", call("purge"), http.StatusUnauthorized, "")
		s.checkRuns(t, alice, call("purge"), http.StatusOK, "tool purge")
		s.checkRuns(t, bob, call("get_weather"), http.StatusNotFound, "")
		s.checkRuns(t, "", call("get_weather"), http.StatusNotFound, "")
		s.checkRuns(t, alice, call("get_weather"), http.StatusOK, "tool get_weather")
	})
}

// TestG2MethodsOfTheTransport: GET and DELETE need a token and the base scope as
// POST does, and no other method carries a message.
func TestG2MethodsOfTheTransport(t *testing.T) {
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		full := s.token("alice", baseScope, writeScope)
		id := s.begin(t, full)
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			for name, c := range map[string]struct {
				token  string
				status int
			}{
				"no token": {"", http.StatusUnauthorized}, "a bad token": {"junk", http.StatusUnauthorized}, "no scope": {s.token("alice", writeScope), http.StatusForbidden},
				"another resource's token": {s.foreign(), http.StatusUnauthorized},
			} {
				a := s.ask(t, &request{method: method, token: c.token, session: id})
				if a.status != c.status || a.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s with %s: status %d, want %d: %s", method, name, a.status, c.status, a.body)
				}
			}
		}
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodHead, http.MethodTrace, http.MethodOptions, "QUERY", "post", "MCP"} {
			a := s.ask(t, &request{method: method, token: full, session: id, headers: []string{jsonType}, body: call("purge")})
			if ran := s.log.news(); ran != "" || method != http.MethodOptions && (a.status < 400 || a.status > 499) {
				t.Errorf("%s: status %d, ran %q", method, a.status, ran)
			}
		}
		for _, method := range []string{http.MethodGet, http.MethodDelete} { // a message in them is none
			s.ask(t, &request{method: method, token: full, session: "unheard-of", headers: []string{jsonType}, body: call("purge")})
			if ran := s.log.news(); ran != "" {
				t.Errorf("%s with a message: ran %q", method, ran)
			}
		}
		s.session = id
		s.checkRuns(t, full, call("purge"), http.StatusOK, "tool purge")
	})
}
