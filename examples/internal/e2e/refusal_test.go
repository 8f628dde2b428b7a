package e2e

import (
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// With settings that it can't honour an example doesn't start: it ends with
// status 1 and a message that names the setting and what to do.
func TestRefusesToStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		env  string
		says []string
	}{
		{"introspection", "INTROSPECTION_URL=http://127.0.0.1:1/introspect", []string{"INTROSPECTION_CLIENT_ID is not set"}},
		{"introspection client", "INTROSPECTION_CLIENT_ID=me", []string{"INTROSPECTION_CLIENT_SECRET is not set"}},
		{"introspection secret", "INTROSPECTION_CLIENT_SECRET=hidden-value", []string{"INTROSPECTION_CLIENT_ID is not set"}},
		{"mistyped introspection", "INTROSPECTION_ENDPOINT=http://127.0.0.1:1", []string{"INTROSPECTION_ENDPOINT", "no such setting"}},
		{"no port", "PORT=none", []string{"PORT", "from 0 to 65535"}},
		{"a port too high", "PORT=65536", []string{"PORT", "from 0 to 65535"}},
		{"a taken port", "PORT=" + port, []string{"127.0.0.1:" + port, "choose another PORT"}},
		{"no switch for lists", "FILTER_LISTS=some", []string{"FILTER_LISTS", "choose 1 or 0"}},
		{"no switch", "STATEFUL=maybe", []string{"STATEFUL", "choose 1 or 0"}},
		{"resource over plain http", "RESOURCE=http://mcp.example/mcp", []string{"Resource", "use https"}},
		{"resource with a pattern", "RESOURCE=https://mcp.example/{id}/mcp", []string{"Resource", "pattern"}},
		{"issuer without a scheme", "ISSUER=auth.example", []string{"AuthorizationServers", "auth.example"}},
		{"scopes that are none", `SCOPES=mcp:"read"`, []string{"Scopes", "RFC 6749"}},
		{"offline_access", "SCOPES_SUPPORTED=mcp:read offline_access", []string{"ScopesSupported", "offline_access"}},
		{"an origin with a path", "ORIGINS=https://app.example/", []string{"AllowedOrigins", "https://app.example/"}},
		{"an audit log nowhere", "AUDIT_LOG=" + filepath.Join(t.TempDir(), "none", "audit"), []string{"AUDIT_LOG", "can be written"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachProgram(t, func(t *testing.T, program string) {
				refusesToStart(t, program, test.says, test.env)
			})
		})
	}
}

// refusesToStart checks that a program ends at once with status 1 and says each
// part.
func refusesToStart(t *testing.T, program string, says []string, env ...string) {
	t.Helper()
	output, err := command(timeout(t), program, env...).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("it ended with %v, want status 1", err)
	}
	for _, part := range says {
		if !strings.Contains(string(output), part) {
			t.Errorf("it says %q, which doesn't mention %q", output, part)
		}
	}
	for _, never := range []string{"listening on", "hidden-value", "panic"} {
		if strings.Contains(string(output), never) {
			t.Errorf("it prints %q", never)
		}
	}
}
