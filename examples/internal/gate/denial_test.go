package gate

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/oauth2"

	"github.com/mcpbearer/mcpbearer/core"
)

// TestS10AnyAlternativeSuffices, and no half of one does. The challenge names the
// smallest.
func TestS10AnyAlternativeSuffices(t *testing.T) {
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		s.session = s.begin(t, s.token("alice", baseScope))
		for scopes, status := range map[string]int{
			baseScope + " export audit": http.StatusOK, baseScope + " " + writeScope: http.StatusOK,
			baseScope + " export": http.StatusForbidden, baseScope + " audit": http.StatusForbidden, "export audit": http.StatusForbidden,
		} {
			a := s.ask(t, &request{token: s.token("alice", strings.Fields(scopes)...), session: s.session, body: call("export")})
			if ran := s.log.news(); a.status != status || (ran == "tool export") != (status == http.StatusOK) {
				t.Errorf("%s: status %d, want %d, ran %q", scopes, a.status, status, ran)
			}
			if challenge := a.header.Get("WWW-Authenticate"); status != http.StatusOK && !strings.Contains(challenge, `scope="mcp:read notes:write"`) {
				t.Errorf("%s: challenge %s", scopes, challenge)
			}
		}
	})
}

// TestS13ClientsSurviveADenial: the official client's session dies of any 403 that
// doesn't answer its very request.
func TestS13ClientsSurviveADenial(t *testing.T) {
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		low := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: s.token("alice", baseScope)})
		session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
			Endpoint: "http://" + s.address + "/mcp", HTTPClient: oauth2.NewClient(t.Context(), low), DisableStandaloneSSE: true,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for _, denied := range []string{"purge", "gone"} {
				if _, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: denied}); err == nil {
					t.Errorf("%s is not denied", denied)
				}
			}
			if _, err := session.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "notes://secret"}); err == nil {
				t.Error("the resource is not denied")
			}
			if _, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "get_weather"}); err != nil {
				t.Errorf("the session is dead: %v", err)
			}
		}
		if ran := s.log.news(); ran != "tool get_weather, tool get_weather" {
			t.Errorf("ran %q", ran)
		}
		if err := session.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestS13UnreadRequestsGetOAuthErrors: a 401 is decided before there is an id.
func TestS13UnreadRequestsGetOAuthErrors(t *testing.T) {
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		for token, code := range map[string]string{"": "unauthorized", "junk": "invalid_token"} {
			a := s.ask(t, &request{token: token, body: call("purge")})
			var body map[string]string
			if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != http.StatusUnauthorized || body["error"] != code || body["error_description"] == "" || len(body) != 2 {
				t.Errorf("token %q: status %d, body %s", token, a.status, a.body)
			}
		}
	})
}

// TestDenyWithToolResult is the answer that some clients act on in place of a 403.
func TestDenyWithToolResult(t *testing.T) {
	onEverySite(t, option{policy: func(p *core.Policy) { p.DenyWithToolResult = true }}, func(t *testing.T, s *site) {
		s.session = s.begin(t, s.token("alice", baseScope))
		a := s.ask(t, &request{token: s.token("alice", baseScope), session: s.session, body: call("purge")})
		var answer struct {
			ID     int
			Result struct {
				IsError bool
				Meta    map[string][]string `json:"_meta"`
			}
		}
		err := json.Unmarshal([]byte(a.body), &answer)
		challenges := answer.Result.Meta["mcp/www_authenticate"]
		if err != nil || a.status != http.StatusOK || answer.ID != 7 || !answer.Result.IsError || len(challenges) != 1 || !strings.Contains(challenges[0], `scope="mcp:read notes:write"`) {
			t.Errorf("status %d: %s", a.status, a.body)
		}
		if ran := s.log.news(); ran != "" {
			t.Errorf("ran %q", ran)
		}
		full := s.token("alice", baseScope, writeScope)
		s.checkRuns(t, s.token("alice", baseScope), message("resources/read", `{"uri":"notes://secret"}`), http.StatusForbidden, "")
		s.checkRuns(t, full, call("gone"), http.StatusForbidden, "")
		s.checkRuns(t, full, call("purge"), http.StatusOK, "tool purge")
	})
}
