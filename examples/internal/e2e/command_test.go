package e2e

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// ran is a command that has ended.
type ran struct {
	stdout, stderr string
	status         int
	// asked are the authorization URLs that it printed.
	asked []*url.URL
}

// runClient runs examples/client, whose browser is the person's.
func (p *person) runClient(t *testing.T, args ...string) ran {
	t.Helper()
	ctx := timeout(t)
	browser, err := newBrowser(p.wire.by("browser"), p.name)
	if err != nil {
		t.Fatal(err)
	}
	browser.deny = p.deny
	cmd := exec.CommandContext(ctx, filepath.Join(os.Getenv(binaries), "client"), append([]string{"-browser=false"}, args...)...)
	cmd.Env = []string{"HOME=" + t.TempDir()}
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var r ran
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		page, isPage := strings.CutPrefix(lines.Text(), "authorize: ")
		if !isPage {
			r.stderr += lines.Text() + "\n"
			continue
		}
		at, err := url.Parse(page)
		if err != nil {
			t.Fatal(err)
		}
		r.asked = append(r.asked, at)
		if p.name == "" {
			continue // nobody is there
		}
		if err := browser.visit(ctx, page, at.Query().Get("redirect_uri")); err != nil {
			t.Error(err)
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r.stdout, r.status = stdout.String(), cmd.ProcessState.ExitCode()
	return r
}

// check checks how a command has ended, and how often it asked.
func (r ran) check(t *testing.T, status int, stdout string, asked int) {
	t.Helper()
	if r.status != status || r.stdout != stdout || len(r.asked) != asked {
		t.Errorf("status %d, asked %d times, printed %q; want %d, %d, %q\n%s", r.status, len(r.asked), r.stdout, status, asked, stdout, r.stderr)
	}
}

// C1, C9, C12: the client gets into each example by itself; a second process
// asks nobody; a tool that needs more is asked for once.
func TestClientCommand(t *testing.T) {
	eachProgram(t, func(t *testing.T, program string) {
		example := start(t, program)
		endpoint := example.address + "/mcp"
		store := filepath.Join(t.TempDir(), "tokens.json")
		me := &person{name: "bob", wire: &wire{}}
		first := me.runClient(t, "-store", store, endpoint)
		if first.status != 0 || len(first.asked) != 1 || !strings.Contains(first.stdout, "get_weather") || !strings.Contains(first.stdout, "purge") {
			t.Fatalf("status %d, asked %d times, printed %q\n%s", first.status, len(first.asked), first.stdout, first.stderr)
		}
		weather := []string{"-store", store, endpoint, "call", "get_weather", `{"city":"Oslo"}`}
		me.runClient(t, weather...).check(t, 0, "sunny in Oslo, sub=bob\n", 0)
		purge := []string{"-store", store, endpoint, "call", "purge"}
		stepUp := me.runClient(t, purge...)
		stepUp.check(t, 0, "purged\n", 1)
		if scope := stepUp.asked[0].Query().Get("scope"); !strings.Contains(scope, "notes:write") || !strings.Contains(scope, "mcp:read") {
			t.Errorf("asked for %q", scope)
		}
		me.runClient(t, purge...).check(t, 0, "purged\n", 0)
		// Without a store, all begins anew.
		me.runClient(t, endpoint, "call", "get_weather", `{"city":"Rome"}`).check(t, 0, "sunny in Rome, sub=bob\n", 1)
		stored, err := os.ReadFile(store)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secretsIn(string(stored)) {
			if strings.Contains(first.stdout+first.stderr+stepUp.stdout+stepUp.stderr+example.output.String(), secret) {
				t.Error("a secret was printed")
			}
		}
	})
}

// secretsIn returns the tokens of a store.
func secretsIn(text string) []string {
	var secrets []string
	for line := range strings.Lines(text) {
		for _, member := range []string{`"access_token": "`, `"refresh_token": "`} {
			if _, rest, ok := strings.Cut(line, member); ok {
				secret, _, _ := strings.Cut(rest, `"`)
				secrets = append(secrets, secret)
			}
		}
	}
	return secrets
}

// C18: the exit status tells a refusal from trouble, and stderr says what to do.
func TestClientCommandIsRefused(t *testing.T) {
	example := start(t, "nethttp")
	endpoint := example.address + "/mcp"
	nobody := httptest.NewServer(http.NotFoundHandler())
	nobody.Close()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(refusing.Close)
	unprotected := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/mcp" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(unprotected.Close)
	for _, row := range []struct {
		name   string
		user   string
		deny   bool
		args   []string
		status int
		says   []string
	}{
		{"denied", "alice", true, []string{endpoint}, 3, []string{"access_denied", "what to do: run the command again"}},
		{"unknown client", "alice", false, []string{"-client-id", "nobody", "-timeout", "3s", endpoint}, 1, []string{"gave up after 3s"}},
		{"forbidden", "alice", false, []string{refusing.URL + "/mcp"}, 3, []string{"status 403", "what to do: "}},
		{"no metadata", "alice", false, []string{unprotected.URL + "/mcp"}, 3, []string{"protected resource metadata", "what to do: "}},
		{"nobody comes", "", false, []string{"-timeout", "1s", endpoint}, 1, []string{"gave up after 1s"}},
		{"no server", "alice", false, []string{nobody.URL + "/mcp"}, 1, nil},
		{"no such tool", "alice", false, []string{endpoint, "call", "nothing"}, 3, []string{"what to do: "}},
		{"plain http", "alice", false, []string{"http://mcp.example/mcp"}, 1, []string{"Resource", "use https"}},
		{"no URL", "alice", false, nil, 1, []string{"URL"}},
		{"no such command", "alice", false, []string{endpoint, "purge"}, 1, []string{"-help"}},
		{"no JSON", "alice", false, []string{endpoint, "call", "get_weather", "Oslo"}, 1, []string{"JSON object"}},
		{"unknown flag", "alice", false, []string{"-nothing", endpoint}, 1, []string{"-nothing"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			user := row.user
			if row.name == "unknown client" {
				user = "" // their browser shows an error
			}
			me := &person{name: user, deny: row.deny, wire: &wire{}}
			r := me.runClient(t, row.args...)
			if r.status != row.status || r.stdout != "" || len(r.asked) > 1 {
				t.Errorf("status %d, want %d; asked %d times, printed %q\n%s", r.status, row.status, len(r.asked), r.stdout, r.stderr)
			}
			for _, part := range append(row.says, "\n") {
				if !strings.Contains(r.stderr, part) {
					t.Errorf("stderr doesn't say %q:\n%s", part, r.stderr)
				}
			}
		})
	}
}

// C5: a response of another issuer is refused, and its code goes nowhere.
func TestClientCommandRefusesAMixUp(t *testing.T) {
	as := authtest.NewServer(t)
	as.Answer(mustPath(t, as.Endpoints().Authorization), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		response := url.Values{"code": {"c"}, "state": {q.Get("state")}, "iss": {"https://evil.example"}}
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+response.Encode(), http.StatusSeeOther)
	}))
	example := start(t, "nethttp", "ISSUER="+as.Issuer())
	me := &person{name: "alice", wire: &wire{}}
	r := me.runClient(t, example.address+"/mcp")
	if r.status != 3 || !strings.Contains(r.stderr, "another issuer") || !strings.Contains(r.stderr, "what to do: ") {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
	if n := as.Requests(mustPath(t, as.Endpoints().Token)); n != 0 {
		t.Errorf("%d token requests", n)
	}
}

// C7: the client is known by its credentials, or by the document it publishes.
func TestClientCommandIsKnown(t *testing.T) {
	as := authtest.NewServer(t)
	example := start(t, "nethttp", "ISSUER="+as.Issuer())
	endpoint := example.address + "/mcp"
	me := &person{name: "alice", wire: &wire{}}
	var id string
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"client_id":"` + id + `","redirect_uris":["http://127.0.0.1/callback"]}`))
	}))
	t.Cleanup(site.Close)
	id = site.URL + "/client.json"
	for client, args := range map[string][]string{
		authtest.ClientID: {"-client-id", authtest.ClientID, "-client-secret", authtest.ClientSecret},
		id:                {"-client-metadata-url", id},
	} {
		r := me.runClient(t, append(args, endpoint, "call", "purge")...)
		r.check(t, 0, "purged\n", 2)
		if got := r.asked[0].Query().Get("client_id"); got != client {
			t.Errorf("the client is %q, want %q", got, client)
		}
	}
	if n := as.Requests("/register"); n != 0 {
		t.Errorf("%d registrations", n)
	}
}

// C8: a machine gets in by its secret, and by its key.
func TestMachineCommand(t *testing.T) {
	as := authtest.NewServer(t)
	example := start(t, "nethttp", "ISSUER="+as.Issuer())
	endpoint := example.address + "/mcp"
	run := func(env ...string) (string, error) {
		cmd := exec.CommandContext(timeout(t), filepath.Join(os.Getenv(binaries), "machine"), endpoint, "get_weather", `{"city":"Oslo"}`)
		cmd.Env = env
		out, err := cmd.Output()
		return string(out), err
	}
	out, err := run("CLIENT_ID="+authtest.ClientID, "CLIENT_SECRET="+authtest.ClientSecret)
	if err != nil || !strings.Contains(out, "sunny in Oslo, sub="+authtest.ClientID) {
		t.Errorf("by secret: %q, %v", out, err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	as.EditMetadata(func(m map[string]any) { m["token_endpoint_auth_methods_supported"] = []string{"private_key_jwt"} })
	token := as.Mint(authtest.Token{Audience: endpoint, Subject: "machine", Scopes: []string{"mcp:read"}})
	as.Answer(mustPath(t, as.Endpoints().Token), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_id") != "machine" || strings.Count(r.FormValue("client_assertion"), ".") != 2 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"token_type":"Bearer","access_token":"` + token + `"}`))
	}))
	if out, err := run("CLIENT_ID=machine", "CLIENT_KEY="+path); err != nil || !strings.Contains(out, "sunny in Oslo, sub=machine") {
		t.Errorf("by key: %q, %v", out, err)
	}
	if out, err := run("CLIENT_ID=machine", "CLIENT_SECRET=wrong"); err == nil {
		t.Errorf("a wrong secret: %q", out)
	}
}

func mustPath(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}
