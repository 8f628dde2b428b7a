//go:build interop

package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

const foreignSecret = "the resource server's: s&cret %"

// askingForeign are the settings of an example that asks oidc-provider.
func askingForeign(as *foreign) []string {
	return []string{
		"INTROSPECTION_URL=" + as.issuer + "/token/introspection",
		"INTROSPECTION_CLIENT_ID=resource-server", "INTROSPECTION_CLIENT_SECRET=" + foreignSecret,
	}
}

// The whole contract holds with opaque tokens of a foreign authorization server.
func TestInteropOpaqueContract(t *testing.T) {
	as := startForeign(t, "FORMAT=opaque", "SECRET="+foreignSecret)
	a := authority{issuer: as.issuer, token: as.token}
	if token := a.token(t, "alice", "https://mcp.example/mcp", "mcp:read"); strings.Count(token, ".") == 2 {
		t.Fatal("its tokens are JWTs, so this would prove nothing")
	}
	for _, s := range setups() {
		s.env = append(s.env, askingForeign(as)...)
		t.Run(s.name, func(t *testing.T) {
			eachProgram(t, func(t *testing.T, program string) { contract(t, program, s, a) })
		})
	}
}

// A revoked token is refused once the kept answer has grown old. While the server
// is down nobody can tell; once it is back, they can (S12, S33, S34).
func TestInteropRevocationAndOutage(t *testing.T) {
	as := startForeign(t, "FORMAT=opaque", "SECRET="+foreignSecret)
	env := append(askingForeign(as), "ISSUER="+as.issuer)
	w := newWorld(t, start(t, "nethttp", env...), setup{scopes: []string{"mcp:read"}}, authority{issuer: as.issuer, token: as.token})
	w.checkReady(t)

	w.check(t, w.calling("a good token", w.good, http.StatusOK))
	as.revokeAccess(t, w.good)
	as.revokeAccess(t, w.narrow)
	w.check(t, w.calling("S33: revoked before it was ever shown", w.narrow, http.StatusUnauthorized))
	w.await(t, w.good, http.StatusUnauthorized) // ten seconds at most

	as.toggle(t, false)
	w.check(t, w.calling("S33: the server is down", w.strong, http.StatusServiceUnavailable))
	as.toggle(t, true)
	w.check(t, w.calling("S33: the server is back", w.strong, http.StatusOK))
	w.check(t, w.calling("revoked for good", w.good, http.StatusUnauthorized))
}

// await asks with the token until the status is that.
func (w *world) await(t *testing.T, token string, status int) {
	t.Helper()
	ctx := timeout(t)
	pause := time.NewTicker(200 * time.Millisecond)
	defer pause.Stop()
	for w.ask(t, w.calling("", token, status)).status != status {
		select {
		case <-pause.C:
		case <-ctx.Done():
			t.Fatalf("the status never becomes %d", status)
		}
	}
}

// revokeAccess has the resource server revoke an access token (RFC 7009).
func (f *foreign) revokeAccess(t *testing.T, token string) {
	t.Helper()
	request, err := http.NewRequestWithContext(timeout(t), http.MethodPost, f.issuer+"/token/revocation",
		strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth("resource-server", url.QueryEscape(foreignSecret))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("revoking: %s", response.Status)
	}
}

// toggle makes the server unreachable at its address, or reachable again, and
// waits until it is.
func (f *foreign) toggle(t *testing.T, up bool) {
	t.Helper()
	if err := f.process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	ctx := timeout(t)
	for reachable := !up; reachable != up; {
		if ctx.Err() != nil {
			t.Fatal("the server doesn't do as it is told")
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.issuer+"/.well-known/openid-configuration", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if reachable = err == nil; reachable {
			response.Body.Close()
		}
	}
}
