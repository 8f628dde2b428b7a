package e2e

import (
	"cmp"
	"context"
	"path/filepath"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// TestConform proves of every example, stateless and stateful, what users prove
// of their own servers.
func TestConform(t *testing.T) {
	for _, mode := range []struct{ name, stateful, resource string }{
		{"stateless", "", ""},
		{"stateful", "1", "https://mcp.example/team/mcp"},
	} {
		t.Run(mode.name, func(t *testing.T) {
			eachProgram(t, func(t *testing.T, program string) {
				t.Parallel()
				authtest.Conform(t, conformTarget(t, program, mode.resource, "STATEFUL="+mode.stateful))
			})
		})
	}
}

// conformTarget describes an example, whose resource is where it is reached if
// none is given.
func conformTarget(t *testing.T, program, resource string, env ...string) authtest.Target {
	return authtest.Target{
		Start: func(tb testing.TB, issuer string) authtest.Endpoint {
			audit := filepath.Join(tb.TempDir(), "audit.jsonl")
			ctx, cancel := context.WithCancel(context.Background())
			p := launch(t, program, command(ctx, program, append(env, "RESOURCE="+resource, "ISSUER="+issuer, "AUDIT_LOG="+audit)...), cancel)
			return authtest.Endpoint{
				Resource: cmp.Or(resource, p.address+p.path),
				URL:      p.address + p.path,
				Ran: func() []string {
					var names []string
					for _, line := range auditLines(tb, audit) {
						names = append(names, line.Tool)
					}
					return names
				},
			}
		},
		Scopes:    []string{"mcp:read"},
		Tools:     map[string][]string{"get_weather": nil, "purge": {"notes:write"}},
		Arguments: map[string]any{"get_weather": map[string]string{"city": "Oslo"}},
		Prompts:   map[string][]string{"hello": nil, "danger_prompt": {"notes:write"}},
		Resources: map[string][]string{"notes://public": nil, "notes://secret": {"notes:write"}},
	}
}
