//go:build interop

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// everythingServer is the conformance server of the official SDK, a tool of go.mod.
const everythingServer = "github.com/modelcontextprotocol/go-sdk/conformance/everything-server"

// The kit changes nothing that the MCP conformance suite can see: behind the
// proxy, the official SDK's server answers each scenario as it does without.
func TestInteropConformance(t *testing.T) {
	program := filepath.Join(t.TempDir(), "everything-server")
	build := exec.Command("go", "build", "-o", program, everythingServer)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the conformance server: %v\n%s", err, output)
	}
	for _, set := range []struct {
		name      string
		stateless string
		scored    int
	}{
		{sessions, "-stateless=false", 30},
		{newest, "-stateless=true", 37},
	} {
		t.Run(set.name, func(t *testing.T) {
			bare := startEverything(t, program, set.stateless)
			behind := behindProxy(t, bare)
			required := requiredScenarios(t, set.name)
			var differences []string
			// Some scenarios wait a second or two for what the server does by itself,
			// and find it late on a busy machine, without the kit too.
			for range 3 {
				with, without := runConformance(t, behind, set.name), runConformance(t, bare, set.name)
				if differences = compareRuns(with, without, required); len(differences) == 0 {
					t.Logf("MCP conformance %s behind the proxy: %d of %d required scenarios, %d in all as without it",
						set.name, len(required), set.scored, len(with))
					break
				}
			}
			if len(differences) > 0 || len(required) != set.scored {
				t.Errorf("%d required scenarios, want %d\n%s", len(required), set.scored, strings.Join(differences, "\n"))
			}
		})
	}
}

// compareRuns returns where the two differ, and which required scenarios fail.
func compareRuns(with, without map[string][]string, required []string) []string {
	var differences []string
	scenarios := slices.Concat(slices.Collect(maps.Keys(with)), slices.Collect(maps.Keys(without)))
	slices.Sort(scenarios)
	for _, scenario := range slices.Compact(scenarios) {
		if !slices.Equal(with[scenario], without[scenario]) {
			differences = append(differences, fmt.Sprintf("%s: behind the proxy %q, without %q", scenario, with[scenario], without[scenario]))
		}
	}
	for _, scenario := range required {
		if checks := with[scenario]; len(checks) == 0 || slices.ContainsFunc(checks, failedCheck) {
			differences = append(differences, fmt.Sprintf("%s fails: %q", scenario, checks))
		}
	}
	return differences
}

// startEverything starts the server and returns its URL.
func startEverything(t *testing.T, program, mode string) string {
	t.Helper()
	address := freeAddress(t)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-http="+address, mode)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it knows no other end
	})
	for ctx := timeout(t); ; {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address) // refused at once until it listens
		if err == nil {
			_ = conn.Close() // nothing was sent
			return "http://" + address + "/mcp"
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

// freeAddress returns an address on loopback whose port nobody gets by chance:
// those that are given out on demand begin higher up.
func freeAddress(t *testing.T) string {
	t.Helper()
	for port := 20000 + os.Getpid()%1000; port < 30000; port++ {
		listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err == nil {
			_ = listener.Close() // for whoever asked
			return listener.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// behindProxy puts the proxy before the server, and before that what adds an
// access token, which the suite hasn't got. It returns the URL.
func behindProxy(t *testing.T, server string) string {
	t.Helper()
	as := authtest.NewServer(t)
	front := httptest.NewUnstartedServer(nil)
	t.Cleanup(front.Close)
	resource := "http://" + front.Listener.Addr().String() + "/mcp"
	proxy := start(t, "proxy", "UPSTREAM="+server, "ISSUER="+as.Issuer(), "RESOURCE="+resource)
	target, err := url.Parse(proxy.address)
	if err != nil {
		t.Fatal(err)
	}
	token := as.Token(resource, "mcp:read")
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // the suite breaks off streams
	front.Config.Handler = &httputil.ReverseProxy{
		ErrorLog: front.Config.ErrorLog,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // one of the scenarios is about it
			r.Out.Header.Set("Authorization", "Bearer "+token)
		},
		FlushInterval: -1,
	}
	front.Start()
	return resource
}

// serverSuite runs the suite's command.
func serverSuite(t *testing.T, args ...string) string {
	t.Helper()
	bin, err := filepath.Abs(filepath.Join("conformance", "node_modules", ".bin"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(bin); err != nil {
		t.Fatalf("%v: run npm ci in examples/internal/e2e/conformance first", err)
	}
	cmd := exec.CommandContext(timeout(t), filepath.Join(bin, "conformance"), args...)
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) { // a failed check ends it with a status, and is in its results
		t.Fatalf("conformance %q: %v\n%s", args, err, output)
	}
	return string(output)
}

// requiredScenarios are those of a requirement set that are scored.
func requiredScenarios(t *testing.T, set string) []string {
	t.Helper()
	_, list, found := strings.Cut(serverSuite(t, "list", "--server", "--requirements", set), "Server scenarios")
	list, _, ended := strings.Cut(list, "\n\n")
	var scenarios []string
	for line := range strings.Lines(list) {
		if name, ok := strings.CutPrefix(line, "  - "); ok {
			scenarios = append(scenarios, strings.TrimSpace(name))
		}
	}
	if !found || !ended || len(scenarios) == 0 {
		t.Fatalf("the suite's list isn't understood: %q", list)
	}
	return scenarios
}

// runConformance returns what came of each check of each scenario.
func runConformance(t *testing.T, server, set string) map[string][]string {
	t.Helper()
	dir := t.TempDir()
	serverSuite(t, "server", "--url", server, "--requirements", set, "--output-dir", dir)
	files, err := filepath.Glob(filepath.Join(dir, "server-*", "checks.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d results, error %v", len(files), err)
	}
	results := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var checks []struct{ ID, Status string }
		if err := json.Unmarshal(text, &checks); err != nil {
			t.Fatal(err)
		}
		lines := []string{}
		for _, check := range checks {
			lines = append(lines, check.ID+": "+check.Status)
		}
		slices.Sort(lines)
		// The folder is the scenario, and when it ended.
		scenario := strings.TrimPrefix(filepath.Base(filepath.Dir(file)), "server-")
		results[scenario[:len(scenario)-len("-2006-01-02T15-04-05-999Z")]] = lines
	}
	return results
}

func failedCheck(check string) bool { return !strings.HasSuffix(check, ": SUCCESS") }
