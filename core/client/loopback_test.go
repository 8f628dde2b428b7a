package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

func receive(t *testing.T, l client.Loopback, redirectURI string) *client.Reception {
	t.Helper()
	r, err := l.Receive(t.Context(), redirectURI)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// page gets what a browser is shown.
func page(t *testing.T, method, target string, host ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, nil)
	must(t, err)
	if len(host) > 0 {
		r.Host = host[0]
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return answer{resp.StatusCode, resp.Header, string(body), resp}
}

// C16: 127.0.0.1 only, one result, and everything that isn't one is told so.
func TestC16LoopbackReceivesOneResponse(t *testing.T) {
	r := receive(t, client.Loopback{}, "")
	at, err := url.Parse(r.RedirectURI)
	if err != nil || at.Scheme != "http" || at.Hostname() != "127.0.0.1" || at.Path != "/callback" || at.Port() == "" {
		t.Fatalf("the redirect URI is %s", r.RedirectURI)
	}
	for _, elsewhere := range []string{"[::1]", "127.0.0.2"} {
		if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", elsewhere+":"+at.Port()); err == nil {
			_ = conn.Close()
			t.Errorf("it listens on %s, too", elsewhere)
		}
	}
	for name, row := range map[string]struct {
		method, target string
		host           []string
		status         int
	}{
		"another path":     {http.MethodGet, "http://" + at.Host + "/favicon.ico?code=c&state=s", nil, http.StatusNotFound},
		"no parameters":    {http.MethodGet, r.RedirectURI, nil, http.StatusBadRequest},
		"others":           {http.MethodGet, r.RedirectURI + "?x=y", nil, http.StatusBadRequest},
		"unreadable":       {http.MethodGet, r.RedirectURI + "?code=%zz&state=s", nil, http.StatusBadRequest},
		"another method":   {http.MethodPost, r.RedirectURI + "?code=c&state=s", nil, http.StatusMethodNotAllowed},
		"a rebound name":   {http.MethodGet, r.RedirectURI + "?code=c&state=s", []string{"evil.example"}, http.StatusMisdirectedRequest},
		"another port":     {http.MethodGet, r.RedirectURI + "?code=c&state=s", []string{"127.0.0.1:1"}, http.StatusMisdirectedRequest},
		"without its port": {http.MethodGet, r.RedirectURI + "?code=c&state=s", []string{"127.0.0.1"}, http.StatusMisdirectedRequest},
	} {
		if got := page(t, row.method, row.target, row.host...); got.status != row.status {
			t.Errorf("%s: status %d, want %d", name, got.status, row.status)
		}
	}
	for mode, want := range map[string]int{"no-cors": http.StatusForbidden, "cors": http.StatusForbidden, "navigate": http.StatusBadRequest} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.RedirectURI, nil)
		must(t, err)
		request.Header.Set("Sec-Fetch-Mode", mode)
		resp, err := http.DefaultTransport.RoundTrip(request)
		must(t, err)
		must(t, resp.Body.Close())
		if resp.StatusCode != want {
			t.Errorf("Sec-Fetch-Mode %s: status %d, want %d", mode, resp.StatusCode, want)
		}
	}
	if got := page(t, http.MethodGet, r.RedirectURI+"?code=first&state=s"); got.status != http.StatusOK || !strings.Contains(got.body, "Answer received") {
		t.Errorf("status %d, body %q", got.status, got.body)
	}
	if got := page(t, http.MethodGet, r.RedirectURI+"?code=second&state=s"); got.status != http.StatusConflict {
		t.Errorf("a second response: status %d", got.status)
	}
	got, err := r.Wait(t.Context())
	if err != nil || got.Get("code") != "first" || got.Get("state") != "s" {
		t.Errorf("got %v, error %v", got, err)
	}
}

// C16: a connection that the browser has opened ahead ends with the reception.
func TestC16ConnectionOpenedAhead(t *testing.T) {
	r := receive(t, client.Loopback{}, "")
	at, err := url.Parse(r.RedirectURI)
	must(t, err)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at.Host)
	must(t, err)
	defer func() { _ = conn.Close() }()
	page(t, http.MethodGet, r.RedirectURI+"?code=c&state=s") // by then the other one is accepted
	r.Close()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ends with %v", err)
	}
}

// C16: what a page of evil intent puts into the address comes out as text.
func TestC16ErrorPageIsEscaped(t *testing.T) {
	for _, evil := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</p><iframe src=javascript:alert(1)>`, "\x00<svg/onload=alert(1)>", `{{.}}`, `&lt;script&gt;`,
	} {
		r := receive(t, client.Loopback{}, "")
		q := url.Values{"error": {evil}, "error_description": {evil}, "state": {evil}, "iss": {evil}}
		got := page(t, http.MethodGet, r.RedirectURI+"?"+q.Encode())
		if got.status != http.StatusOK || !strings.Contains(got.body, "Not authorized") {
			t.Errorf("status %d, body %q", got.status, got.body)
		}
		for _, tag := range []string{"<script", "<img", "<iframe", "<svg", "&lt;script&gt;</"} {
			if strings.Contains(got.body, tag) && !strings.HasPrefix(tag, "&") {
				t.Errorf("%q became markup:\n%s", evil, got.body)
			}
		}
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s is %q", name, got.header.Get(name))
			}
		}
		if policy := got.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("the policy is %q", policy)
		}
	}
	r := receive(t, client.Loopback{}, "")
	got := page(t, http.MethodGet, r.RedirectURI+"?error=access_denied&error_description=not+you&state=s")
	if !strings.Contains(got.body, "<code>access_denied</code>: not you") {
		t.Errorf("the page is %q", got.body)
	}
}

// C16: the registered port if it is free, any other if it isn't and may vary.
func TestC16Ports(t *testing.T) {
	first := receive(t, client.Loopback{Path: "/back"}, "")
	first.Close()
	again := receive(t, client.Loopback{}, first.RedirectURI)
	if again.RedirectURI != first.RedirectURI || !strings.HasSuffix(again.RedirectURI, "/back") {
		t.Errorf("the redirect URI is %s, want the registered %s", again.RedirectURI, first.RedirectURI)
	}
	other := receive(t, client.Loopback{}, first.RedirectURI)
	if other.RedirectURI == first.RedirectURI || !strings.HasPrefix(other.RedirectURI, "http://127.0.0.1:") || !strings.HasSuffix(other.RedirectURI, "/back") {
		t.Errorf("the redirect URI is %s while %s is taken", other.RedirectURI, first.RedirectURI)
	}
	named := strings.Replace(first.RedirectURI, "127.0.0.1", "localhost", 1)
	if r, err := (client.Loopback{}).Receive(t.Context(), named); err == nil {
		r.Close()
		t.Errorf("the port of localhost was changed: %s", r.RedirectURI)
	}
	again.Close()
	if r := receive(t, client.Loopback{}, named); r.RedirectURI != named {
		t.Errorf("the redirect URI is %s, want %s", r.RedirectURI, named)
	}
	for _, uri := range []string{"https://127.0.0.1/cb", "http://[::1]/cb", "http://example.com/cb", "app:/cb", "http://0.0.0.0/cb", "http://u@127.0.0.1/cb", "http://127.0.0.1/cb?x=y"} {
		if r, err := (client.Loopback{}).Receive(t.Context(), uri); err == nil {
			r.Close()
			t.Errorf("it serves %s", uri)
		}
	}
}

// C16: nobody waits forever.
func TestC16Timeout(t *testing.T) {
	clock := environ.NewManual(time.Now())
	ctx := environ.With(t.Context(), clock.Clock())
	for timeout, l := range map[time.Duration]client.Loopback{5 * time.Minute: {}, time.Second: {Timeout: time.Second}} {
		r := receive(t, l, "")
		done := make(chan error, 1)
		go func() { _, err := r.Wait(ctx); done <- err }()
		for clock.Waiting() == 0 {
			select {
			case err := <-done:
				t.Fatalf("it ended at once: %v", err)
			case <-t.Context().Done():
				t.Fatal("it doesn't wait")
			default:
			}
		}
		clock.Advance(timeout - 1)
		select {
		case err := <-done:
			t.Errorf("it ended too early: %v", err)
		default:
		}
		clock.Advance(1)
		if err := <-done; err == nil || !strings.Contains(err.Error(), "in time") {
			t.Errorf("it ended with %v", err)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := receive(t, client.Loopback{}, "").Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

// C16: a registration whose port is taken is made anew where the port counts,
// and kept where it doesn't.
func TestC16TakenPort(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	var redirectURI string
	config := func(c *client.Config) {
		c.Storage, c.NoRefresh, c.Receive = storage, true, recorded(&redirectURI)
	}
	w.mustCall(w.transport(config), "read")
	registered := redirectURI
	w.clock.Advance(time.Hour)
	w.mustCall(w.transport(config), "read")
	if redirectURI != registered || w.wire.count("AS POST /register 201") != 1 {
		t.Errorf("the redirect URI is %s, want the registered %s", redirectURI, registered)
	}
	taken, err := (client.Loopback{}).Receive(w.ctx, registered)
	must(t, err)
	defer taken.Close()
	w.clock.Advance(time.Hour)
	w.mustCall(w.transport(config), "read")
	w.wantCount("AS POST /register 201", 2)

	portless := strings.Replace(registered, ":"+mustParse(t, registered).Port(), "", 1)
	stored := w.stored(storage).Client
	stored.RedirectURI = portless
	put(w, storage, stored)
	w.clock.Advance(time.Hour)
	w.mustCall(w.transport(config), "read")
	w.wantCount("AS POST /register 201", 2)
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	must(t, err)
	return u
}

// C7, C16: a user who was shown an error page never comes back; a registration
// that may be why is not used again.
func TestC16NobodyComesBack(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	put(w, storage, client.Registration{ClientID: "forgotten", AuthMethod: "none", RedirectURI: "http://127.0.0.1/callback"})
	transport := w.transport(func(c *client.Config) {
		c.Storage = storage
		c.Redirect = func(ctx context.Context, page string) error {
			if strings.Contains(page, "forgotten") {
				return nil
			}
			return w.browse(ctx, page)
		}
	})
	failed := w.callLater(w.ctx, transport, "read")
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for r := (result{}); r.err == nil; {
		select {
		case r = <-failed:
			if r.err == nil || !strings.Contains(r.err.Error(), "in time") {
				t.Fatalf("status %d, error %v", r.got.status, r.err)
			}
		case <-tick.C:
			w.clock.Advance(time.Minute)
		}
	}
	w.clock.Advance(10 * time.Second)
	w.mustCall(transport, "read")
	w.wantCount("AS POST /register 201", 1)
}

// C16: the browser gets the URL as one argument, and nothing but https and http.
func TestC16OpenBrowser(t *testing.T) {
	dir := t.TempDir()
	note := filepath.Join(dir, "note")
	script := "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$1\" > " + note + ".new && mv " + note + ".new " + note + "\n"
	for _, name := range []string{"xdg-open", "open"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700))
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	const target = "https://as.example/authorize?a=b&c=$(touch%20evil)`x`;--help"
	must(t, client.OpenBrowser(t.Context(), target))
	got := awaitFile(t, note)
	if got != "1\n"+target+"\n" {
		t.Errorf("the browser was called with %q", got)
	}
	for _, evil := range []string{"javascript:alert(1)", "file:///etc/passwd", "--help", "", "http://", "ftp://x/y", "//as.example"} {
		if err := client.OpenBrowser(t.Context(), evil); err == nil {
			t.Errorf("%q was opened", evil)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if err := client.OpenBrowser(t.Context(), target); err == nil || !strings.Contains(err.Error(), "Config.Redirect") {
		t.Errorf("without a browser: %v", err)
	}
}

// awaitFile waits for another process to write a file.
func awaitFile(t *testing.T, path string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(path)
		if err == nil {
			return string(text)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}
