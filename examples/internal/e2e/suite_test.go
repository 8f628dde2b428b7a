//go:build interop

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestInteropConformanceClient runs the official suite of client scenarios
// against core/client under the official SDK's transport. What may fail is named
// here; everything else that the suite plays must pass, so a scenario that a
// later version adds is noticed.
func TestInteropConformanceClient(t *testing.T) {
	absent := []string{"auth/enterprise-managed-authorization", "auth/dpop", "auth/dpop-nonce", "auth/wif-jwt-bearer"}
	machine := []string{"auth/client-credentials-basic", "auth/client-credentials-jwt"}
	for _, run := range []struct {
		name string
		args []string
		// passed is how many of those that count pass.
		passed int
		// also are those that are played and pass beside them.
		also []string
		// absent are those that are played and may fail.
		absent []string
	}{
		{"2026-07-28", []string{"--requirements", "2026-07-28"}, 32, append(machine, "json-schema-2020-12-preservation"), absent},
		{"2025-11-25", []string{"--requirements", "2025-11-25"}, 18, append(machine, "json-schema-2020-12-preservation"), absent},
		{"auth", []string{"--suite", "auth"}, 14, nil, nil},
	} {
		t.Run(run.name, func(t *testing.T) {
			results := conformance(t, run.args...)
			passed := 0
			for scenario, ok := range results {
				switch {
				case slices.Contains(run.absent, scenario):
				case !ok:
					t.Errorf("%s failed", scenario)
				case !slices.Contains(run.also, scenario):
					passed++
				}
			}
			if passed != run.passed {
				t.Errorf("%d scenarios passed, want %d: %v", passed, run.passed, results)
			}
			for _, scenario := range run.also {
				if !results[scenario] {
					t.Errorf("%s was not passed", scenario)
				}
			}
		})
	}
	t.Run("extensions", func(t *testing.T) {
		results := conformance(t, "--suite", "extensions")
		for _, scenario := range machine {
			if !results[scenario] {
				t.Errorf("%s was not passed: %v", scenario, results)
			}
		}
	})
}

// conformance plays scenarios, and returns which have passed.
func conformance(t *testing.T, args ...string) map[string]bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	client := filepath.Join(os.Getenv(binaries), "suiteclient")
	// npx puts the Node.js that came with the suite before the system's.
	cmd := exec.CommandContext(ctx, "npx", append([]string{
		"--no-install", "conformance", "client", "--command", client, "--timeout", "120000",
	}, args...)...)
	cmd.Dir = "conformance"
	if _, err := os.Stat(filepath.Join(cmd.Dir, "node_modules", "@modelcontextprotocol")); err != nil {
		t.Fatalf("%v: run npm ci in examples/internal/e2e/conformance first", err)
	}
	output, err := cmd.CombinedOutput()
	_, summary, found := strings.Cut(string(output), "=== SUITE SUMMARY ===")
	if !found {
		t.Fatalf("there is no summary: %v\n%s", err, output)
	}
	summary, _, _ = strings.Cut(summary, "\nTotal:")
	results := make(map[string]bool)
	for _, line := range regexp.MustCompile(`(?m)^([✓✗]) (\S+): `).FindAllStringSubmatch(summary, -1) {
		results[line[2]] = line[1] == "✓"
	}
	if len(results) == 0 {
		t.Fatalf("no scenario was played: %v\n%s", err, output)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s", output)
		}
	})
	return results
}
