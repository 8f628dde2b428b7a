//go:build interop

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// seenPage is what the browser finds on a page of the development issuer.
type seenPage struct {
	Title, Heading, Text string
	Users, Scopes        []string
	// Sideways says that the page is wider than its window.
	Sideways, Styled bool
	End              string // where the browser ends up, without the query
}

// visitWithChromium has a real browser go to the page. The pictures that it
// takes are for people: SCREENSHOTS names the folder that keeps them.
func visitWithChromium(ctx context.Context, t *testing.T, page, name, user, decision string) (seenPage, error) {
	t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		folder = t.TempDir()
	}
	cmd := exec.CommandContext(ctx, "node", "consent.mjs", page, folder, name, user, decision)
	cmd.Dir = installed(t, "browser")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir()}
	// A browser is many processes; they end together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var output, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &complaints
	var seen seenPage
	if err := cmd.Run(); err != nil {
		return seen, fmt.Errorf("%w\n%s", err, &complaints)
	}
	taken, err := filepath.Glob(filepath.Join(folder, name+"-*.png"))
	if err == nil && len(taken) < 3 {
		err = fmt.Errorf("%d pictures", len(taken))
	}
	if err == nil {
		err = json.Unmarshal(output.Bytes(), &seen)
	}
	return seen, err
}

// The consent page works in a real browser: chromium lets the person choose and
// decide, by keyboard too, has nothing to complain of, and comes back to the
// client, which gets in or is told that it may not.
func TestInteropConsentPage(t *testing.T) {
	example := start(t, "nethttp", "SCOPES=mcp:read mcp:list")
	for _, decision := range []string{"approve", "deny"} {
		t.Run(decision, func(t *testing.T) {
			var seen seenPage
			var home string
			me := &person{name: "bob", wire: &wire{}}
			me.visit = func(ctx context.Context, page, to string) error {
				var err error
				home = to
				seen, err = visitWithChromium(ctx, t, page, decision, "bob", decision)
				return err
			}
			session, err := me.connect(t, example.address+"/mcp", newest)
			switch {
			case decision == "deny" && (err == nil || !strings.Contains(err.Error(), "access_denied")):
				t.Errorf("connecting: %v, want access_denied", err)
			case decision == "approve" && err != nil:
				t.Fatalf("connecting: %v", err)
			case decision == "approve":
				checkWeather(t, session, "Oslo", "bob")
			}
			checkConsentPage(t, &seen, example, home)
		})
	}
}

func checkConsentPage(t *testing.T, seen *seenPage, example *process, home string) {
	t.Helper()
	at, err := url.Parse(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"end-to-end test", example.address + "/mcp", at.Host, home, "not for production", example.address} {
		if !strings.Contains(seen.Text, part) {
			t.Errorf("the page doesn't show %q: %q", part, seen.Text)
		}
	}
	if want := []string{"alice", "bob"}; !slices.Equal(seen.Users, want) {
		t.Errorf("it offers %q, want %q", seen.Users, want)
	}
	slices.Sort(seen.Scopes)
	if want := []string{"mcp:list", "mcp:read"}; !slices.Equal(seen.Scopes, want) {
		t.Errorf("the scopes are %q, want %q", seen.Scopes, want)
	}
	if seen.Heading != "Allow end-to-end test access?" || seen.Sideways || !seen.Styled || seen.End != home {
		t.Errorf("the page is %+v", *seen)
	}
}

// A request that is refused for good says so on a page of its own, and the
// browser stays there.
func TestInteropRefusalPage(t *testing.T) {
	example := start(t, "nethttp")
	page := example.address + "/authorize?response_type=code&client_id=nobody&redirect_uri=" + url.QueryEscape("https://evil.example/<script>")
	seen, err := visitWithChromium(timeout(t), t, page, "refused", "", "refused")
	if err != nil {
		t.Fatal(err)
	}
	if seen.Heading != "Request refused" || seen.Sideways || !seen.Styled || strings.Contains(seen.Text, "evil.example") {
		t.Errorf("the page is %+v", seen)
	}
}
