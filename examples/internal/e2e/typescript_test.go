//go:build interop

package e2e

import (
	"bufio"
	"bytes"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The clients of the TypeScript SDKs step up against each example: one denial,
// one more authorization, for what the client had and what it lacked; then the
// same call goes through, in the same session.
func TestInteropTypeScriptClientsStepUp(t *testing.T) {
	if _, err := os.Stat(filepath.Join("typescript", "node_modules")); err != nil {
		t.Fatalf("%v: run npm ci in examples/internal/e2e/typescript first", err)
	}
	for _, script := range []string{"v1.mjs", "v2.mjs"} {
		for _, mode := range modes() {
			t.Run(script+", "+mode.name, func(t *testing.T) {
				eachProgram(t, func(t *testing.T, program string) { typeScriptStepsUp(t, script, program, mode) })
			})
		}
	}
}

func typeScriptStepsUp(t *testing.T, script, program string, mode setup) {
	wire := &wire{}
	proxy := httptest.NewUnstartedServer(nil)
	t.Cleanup(proxy.Close)
	endpoint := "http://" + proxy.Listener.Addr().String() + "/mcp"
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	example := start(t, program, append([]string{"RESOURCE=" + endpoint, "AUDIT_LOG=" + audit}, mode.env...)...)
	target, err := url.Parse(example.address)
	if err != nil {
		t.Fatal(err)
	}
	proxy.Config.Handler = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     wire.by("client"),
		FlushInterval: -1, // event streams
	}
	proxy.Start()
	if got, want := runScript(t, wire, script, endpoint), []string{
		"text: sunny in Oslo, sub=alice", "text: purged", "text: sunny in Rome, sub=alice",
	}; !slices.Equal(got, want) {
		t.Errorf("the client printed %q, want %q\n%s", got, want, strings.Join(wire.log(), "\n"))
	}
	// mcp-go serves single requests beside its sessions.
	single := program == "mcpgo" && script == "v2.mjs"
	checkSteppedUp(t, wire, auditLines(t, audit), mode.stateful && !single)
	wire.checkSecrets(t, example.output.String())
}

// runScript runs a client, whose browser the test is, and returns what else it
// prints.
func runScript(t *testing.T, wire *wire, script, endpoint string) []string {
	t.Helper()
	ctx := timeout(t)
	browser, err := newBrowser(wire.by("browser"), "alice")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "node", script, endpoint)
	cmd.Dir = "typescript"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var printed []string
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		page, asked := strings.CutPrefix(lines.Text(), "authorize: ")
		if !asked {
			printed = append(printed, lines.Text())
			continue
		}
		to, err := url.Parse(page)
		if err != nil {
			t.Error("the client prints an address that is none")
			break
		}
		if err := browser.visit(ctx, page, to.Query().Get("redirect_uri")); err != nil {
			t.Errorf("authorizing: %v", err)
			break
		}
	}
	if t.Failed() {
		_ = cmd.Process.Kill() // it waits for an answer that will not come
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s: %v\n%s", script, err, &complaints)
	}
	return printed
}
