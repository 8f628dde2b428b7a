package demo

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// Both servers have exactly what the policy has rules for (S46).
func TestPolicyFitsTheServers(t *testing.T) {
	as := authtest.NewServer(t, func(c *devissuer.Config) { c.Scopes = []string{"mcp:read", writeScope} })
	d := &Demo{Settings: Settings{Scopes: []string{"mcp:read"}}}
	rs, err := core.New(t.Context(), core.Config{
		Resource: "https://mcp.example/mcp", AuthorizationServers: []string{as.Issuer()}, Scopes: d.Scopes, Policy: d.Policy(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := gosdk.Lint(t.Context(), rs, d.GoSDK()); err != nil {
		t.Errorf("go-sdk: %v", err)
	}
	if err := rs.Lint(t.Context(), InventoryOf(d.MCPGo())); err != nil {
		t.Errorf("mcp-go: %v", err)
	}
	if err := rs.Lint(t.Context(), core.Inventory{}); err == nil {
		t.Error("a server that has nothing fits as well")
	}
}

func TestLintLogsEachFinding(t *testing.T) {
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, nil))
	d := &Demo{}
	d.lint(t.Context(), log) // without a check there is nothing to do
	d.Lint(func(context.Context) error { return nil })
	d.lint(t.Context(), log)
	if logged.Len() != 0 {
		t.Errorf("without findings it logs %q", &logged)
	}
	d.Lint(func(context.Context) error { return errors.Join(errors.New("one"), errors.New("two")) })
	d.lint(t.Context(), log)
	d.Lint(func(context.Context) error { return errors.New("three") })
	d.lint(t.Context(), log)
	for _, finding := range []string{"one", "two", "three"} {
		if strings.Count(logged.String(), "finding="+finding+"\n") != 1 {
			t.Errorf("%q isn't logged in a line of its own: %q", finding, &logged)
		}
	}
}
