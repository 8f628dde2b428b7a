package gate

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// TestS46WithoutAPolicy the scopes of the endpoint suffice for everything, and are
// needed for everything.
func TestS46WithoutAPolicy(t *testing.T) {
	everything := map[string]string{
		"tool get_weather": call("get_weather"), "tool purge": call("purge"), "tool spare": call("spare"), "tool read /secret": readPath(`{"path":"/secret"}`),
		"prompt danger_prompt": message("prompts/get", `{"name":"danger_prompt"}`), "resource notes://secret": message("resources/read", `{"uri":"notes://secret"}`),
		"complete danger_prompt": complete(`{"type":"ref/prompt","name":"danger_prompt"}`),
	}
	none := option{policy: func(p *core.Policy) { *p = core.Policy{} }, lets: hasBase}
	onEverySite(t, none, func(t *testing.T, s *site) {
		s.session = s.begin(t, s.token("alice", baseScope))
		for runs, body := range everything {
			s.checkRuns(t, s.token("alice", baseScope), body, http.StatusOK, runs)
			s.checkRuns(t, s.token("alice", writeScope), body, http.StatusForbidden, "")
			s.checkRuns(t, "", body, http.StatusUnauthorized, "")
			s.checkRuns(t, s.token("alice", baseScope), "["+body+"]", http.StatusBadRequest, "")
		}
	})
}

// TestS46Unlisted is what the tables don't name: denied unless the policy says
// that the scopes of the endpoint, or others, suffice.
func TestS46Unlisted(t *testing.T) {
	unlisted := func(need core.Requirement) option {
		return option{policy: func(p *core.Policy) { p.Unlisted = need }, lets: func(r *run) bool { return r.what == "tool spare" && hasBase(r) }}
	}
	for name, c := range map[string]struct {
		need     core.Requirement
		low, all int
	}{
		"denied":                  {core.Requirement{}, http.StatusForbidden, http.StatusForbidden},
		"the endpoint's":          {core.Scopes(), http.StatusOK, http.StatusOK},
		"a scope of all":          {core.Scopes(writeScope), http.StatusForbidden, http.StatusOK},
		"denied in so many words": {core.Never(), http.StatusForbidden, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			onEverySite(t, unlisted(c.need), func(t *testing.T, s *site) {
				s.session = s.begin(t, s.token("alice", baseScope))
				for token, status := range map[string]int{s.token("alice", baseScope): c.low, s.token("alice", baseScope, writeScope): c.all} {
					runs := ""
					if status == http.StatusOK {
						runs = "tool spare"
					}
					s.checkRuns(t, token, call("spare"), status, runs)
				}
				s.checkRuns(t, s.token("alice", baseScope), call("get_weather"), http.StatusOK, "tool get_weather")
				s.checkRuns(t, s.token("alice", baseScope, writeScope), call("gone"), http.StatusForbidden, "")
			})
		})
	}
}

// hasBase is all that a policy of one scope for everything asks for.
func hasBase(r *run) bool {
	return slices.Contains(r.scopes, baseScope)
}

// TestS46Lint holds the policy against what the server really lists.
func TestS46Lint(t *testing.T) {
	misspelled := option{policy: func(p *core.Policy) { p.Tools["get_whether"] = core.Scopes() }}
	onEverySite(t, misspelled, func(t *testing.T, s *site) {
		s.session = s.begin(t, s.token("alice", baseScope))
		err := s.rs.Lint(t.Context(), core.Inventory{
			Tools: s.list(t, "tools/list"), Prompts: s.list(t, "prompts/list"),
			Resources: append(s.list(t, "resources/list"), s.list(t, "resources/templates/list")...),
		})
		checkFindings(t, err, `rule Policy.Tools["get_whether"]: the server has no such tool`, `tool "spare" has no rule in Policy.Tools`)
		if s.sdk.official {
			own := gosdk.Lint(t.Context(), s.rs, officialServer(&journal{}))
			checkFindings(t, own, `rule Policy.Tools["get_whether"]: the server has no such tool`, `tool "spare" has no rule in Policy.Tools`)
		}
	})
}

// checkFindings looks for these and no others.
func checkFindings(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil || len(strings.Split(err.Error(), "\n")) != len(want) {
		t.Fatalf("not %d findings: %v", len(want), err)
	}
	for _, finding := range want {
		if !strings.Contains(err.Error(), finding) {
			t.Errorf("no finding %q in %v", finding, err)
		}
	}
}
