//go:build interop

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// limit is what a foreign client can't do, and the line of its source that says
// so. Where a new version can, the matrix must ask for it.
type limit struct {
	client, what string
	file         string
	line         int
	says         string // what the line has
	env          []string
	run          func(*testing.T, *stage) ([]string, error)
	fails        string // what it ends with, when it should step up
}

func limits(t *testing.T) []limit {
	t.Helper()
	sdk := filepath.Join(installed(t, "typescript"), "node_modules", "@modelcontextprotocol", "sdk", "dist", "esm", "client")
	inspector := filepath.Join(installed(t, "inspector"), "node_modules", "@modelcontextprotocol", "inspector", "clients", "cli", "build")
	return []limit{
		{
			client: "TypeScript v1", what: "refreshes where it should step up, if it has a refresh token",
			file: filepath.Join(sdk, "auth.js"), line: 351, says: "if (tokens?.refresh_token) {",
			run: runTypeScript("v1.mjs", "refresh"), fails: "Server returned 403 after trying upscoping",
		},
		{
			client: "Inspector CLI", what: "does so too, and asks at first for what the metadata lists alone",
			file: filepath.Join(inspector, "index.js"), line: 15672, says: "auth() returned AUTHORIZED without authorization code",
			env: []string{"SCOPES_SUPPORTED=mcp:read"}, run: runInspector, fails: "auth() returned AUTHORIZED without authorization code",
		},
		{
			client: "mcp-go", what: "asks for the scopes of its configuration alone, and hands a 403 on",
			file: filepath.Join(moduleDir(t, "github.com/mark3labs/mcp-go"), "client", "transport", "oauth.go"), line: 1424,
			says: `params.Set("scope", strings.Join(h.config.Scopes, " "))`,
			run:  runMCPGo("mcp:read"), fails: "lacks a scope",
		},
	}
}

// moduleDir is where the source of a module lies.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	dir, err := exec.CommandContext(timeout(t), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(dir))
}

// A client that doesn't step up gets as far as its first token does, and its
// purge doesn't run.
func TestInteropLimits(t *testing.T) {
	for _, l := range limits(t) {
		t.Run(l.client, func(t *testing.T) {
			source, err := os.ReadFile(l.file)
			if err != nil {
				t.Fatal(err)
			}
			if lines := bytes.Split(source, []byte("\n")); len(lines) < l.line || !strings.Contains(string(lines[l.line-1]), l.says) {
				t.Errorf("%s:%d doesn't say %q any more", l.file, l.line, l.says)
			}
			t.Logf("%s %s (%s:%d)", l.client, l.what, filepath.Base(l.file), l.line)
			s := newStage(t, "nethttp", "", modes()[0], false, l.env)
			answers, err := l.run(t, s)
			if err == nil || !strings.Contains(err.Error(), l.fails) {
				t.Errorf("it ends with %v, want %q", err, l.fails)
			}
			if did := s.judge(t, answers); !slices.Equal(did, []string{logsIn}) {
				t.Errorf("it did %q, want a login alone", did)
			}
			if asked := s.askedScopes(); !slices.Equal(asked, []string{"mcp:read"}) {
				t.Errorf("it asked for %q", asked)
			}
			if ran := auditLines(t, s.audit); len(ran) != 1 || ran[0].Tool != "get_weather" {
				t.Errorf("there ran %+v", ran)
			}
		})
	}
}
