package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// Each example holds its policy against what it has and what its authorization
// server offers, and says what doesn't fit while it serves (S46).
func TestLintIsLogged(t *testing.T) {
	as := authtest.NewServer(t, func(c *devissuer.Config) { c.Scopes = []string{"mcp:read"} })
	eachProgram(t, func(t *testing.T, program string) {
		w := newWorld(t, start(t, program, "ISSUER="+as.Issuer()), setup{scopes: []string{"mcp:read"}}, authority{issuer: as.Issuer()})
		const finding = `scope \"notes:write\" is in no authorization server's scopes_supported`
		for ctx := timeout(t); !strings.Contains(w.output.String(), finding); {
			if ctx.Err() != nil {
				t.Fatal("the finding isn't logged")
			}
			// Each request waits by itself.
			w.check(t, row{name: "it serves", path: "/healthz", status: http.StatusOK})
		}
		if got := strings.Count(w.output.String(), "finding="); got != 1 {
			t.Errorf("%d findings, want one:\n%s", got, w.output)
		}
	})
}
