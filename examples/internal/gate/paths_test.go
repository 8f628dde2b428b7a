package gate

import (
	"net/http"
	"testing"
)

// TestOtherPathsLeadToNoTool: whatever a router makes of a path that is almost the
// endpoint's, nothing runs that the policy doesn't let run.
func TestOtherPathsLeadToNoTool(t *testing.T) {
	paths := []string{
		"/mcp/", "//mcp", "/./mcp", "/x/../mcp", "/mcp/.", "/mcp/..", "/MCP", "/mcp;x=1", "/mcp%2f", "/%6dcp", "/mcp%00", "/mcp?x=1", "/mcp?/other",
		"/mcp#x", "/other", "/other/../mcp", "http://evil.example/mcp", "*", "/mcp/tools/call", "/.well-known/oauth-protected-resource/mcp",
	}
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		s.session = s.begin(t, s.token("alice", baseScope))
		for _, path := range paths {
			for holder, token := range map[string]string{"nobody": "", "a caller without the scope": s.token("alice", baseScope)} {
				a := s.ask(t, &request{path: path, token: token, session: s.session, body: call("purge")})
				if ran := s.log.news(); ran != "" || a.status == http.StatusOK {
					t.Errorf("%s, %s: status %d, ran %q: %.100s", path, holder, a.status, ran, a.body)
				}
			}
		}
		s.checkRuns(t, s.token("alice", baseScope, writeScope), call("purge"), http.StatusOK, "tool purge")
	})
}
