package e2e

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// steppedUp are the tools that run in every test of stepping up, in this order:
// what the first token is good for, what it isn't, and the former again.
func steppedUp() []string { return []string{"get_weather", "purge", "get_weather"} }

// modes are the two ways in which an example serves.
func modes() []setup {
	return []setup{
		{name: "stateless", scopes: []string{"mcp:read"}},
		{name: "stateful", scopes: []string{"mcp:read"}, stateful: true, env: []string{"STATEFUL=1"}},
	}
}

// The official SDK's client steps up by itself: the one call that needs more
// goes through, after a new authorization, and the session lives on (S40, S13).
func TestClientStepsUp(t *testing.T) {
	for _, mode := range modes() {
		t.Run(mode.name, func(t *testing.T) {
			eachProgram(t, func(t *testing.T, program string) {
				audit := filepath.Join(t.TempDir(), "audit.jsonl")
				example := start(t, program, append([]string{"AUDIT_LOG=" + audit}, mode.env...)...)
				clientStepsUp(t, example, mode.stateful, "alice", audit)
			})
		})
	}
}

// clientStepsUp has alice call what needs notes:write and further scopes; the
// tools take her for seen.
func clientStepsUp(t *testing.T, example *process, stateful bool, seen, audit string, further ...string) {
	t.Helper()
	wire := &wire{}
	me := &person{name: "alice", wire: wire}
	version := newest
	if stateful {
		version = sessions
	}
	session, err := me.connect(t, example.address+"/mcp", version)
	if err != nil {
		t.Fatal(err)
	}
	checkWeather(t, session, "Oslo", seen)
	result, err := session.CallTool(timeout(t), &mcp.CallToolParams{Name: "purge", Arguments: map[string]any{}})
	if text, err := textOf(result, err); err != nil || text != "purged" {
		t.Errorf("purge: %q, error %v", text, err)
	}
	checkWeather(t, session, "Rome", seen)
	checkSteppedUp(t, wire, auditLines(t, audit), stateful, further...)
	checkProtected(t, session) // without another authorization
	checkOneStep(t, wire, further...)
	wire.checkSecrets(t, example.output.String())
}

// checkSteppedUp checks on the wire what a client has done to step up, and that
// each tool ran once.
func checkSteppedUp(t *testing.T, wire *wire, ran []auditLine, stateful bool, further ...string) {
	t.Helper()
	checkOneStep(t, wire, further...)
	var tools []string
	for _, line := range ran {
		tools = append(tools, line.Tool)
		if line.Sub != "alice" {
			t.Errorf("%s ran for %q", line.Tool, line.Sub)
		}
	}
	if !slices.Equal(tools, steppedUp()) {
		t.Errorf("the tools that ran are %v, want %v", tools, steppedUp())
	}
	ids := wire.sessionIDs()
	slices.Sort(ids)
	if ids = slices.Compact(ids); stateful && len(ids) != 1 || !stateful && len(ids) != 0 {
		t.Errorf("%d sessions, in stateful mode %v", len(ids), stateful)
	}
}

// checkOneStep checks that there was one denial, and that the authorization
// after it asked for what the client had and what it lacked.
func checkOneStep(t *testing.T, wire *wire, further ...string) {
	t.Helper()
	var asked []string
	for _, scope := range wire.asked() {
		fields := slices.DeleteFunc(strings.Fields(scope), func(s string) bool { return s == "offline_access" })
		slices.Sort(fields)
		asked = append(asked, strings.Join(fields, " "))
	}
	stepped := strings.Join(append([]string{"mcp:read", "notes:write"}, further...), " ")
	if want := []string{"mcp:read", stepped}; !slices.Equal(asked, want) {
		t.Errorf("the authorizations asked for %q, want %q", asked, want)
	}
	counts := map[string]int{}
	for _, line := range wire.log() {
		counts[line]++
	}
	if got := counts["client POST /mcp 403"]; got != 1 {
		t.Errorf("%d denials, want one:\n%s", got, strings.Join(wire.log(), "\n"))
	}
	if got := counts["client "+http.MethodPost+" /mcp 401"]; got != 1 {
		t.Errorf("%d requests without a good token, want one:\n%s", got, strings.Join(wire.log(), "\n"))
	}
}
