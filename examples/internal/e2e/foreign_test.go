//go:build interop

package e2e

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// A person's whole life with a foreign authorization server, through the client
// command: getting in, a new process, a refresh without a browser, a step-up,
// and a revocation (C1, C9, C10, C12).
func TestInteropClientCommand(t *testing.T) {
	as := startForeign(t)
	example := start(t, "nethttp", "ISSUER="+as.issuer)
	store := filepath.Join(t.TempDir(), "tokens.json")
	l := &life{T: t, store: client.FileStorage(store), key: client.Key{Issuer: as.issuer, Resource: example.address + "/mcp"}}
	me := &person{name: "carol", wire: &wire{}}
	weather := func(asked int) ran {
		t.Helper()
		r := me.runClient(t, "-store", store, l.key.Resource, "call", "get_weather", `{"city":"Oslo"}`)
		r.check(t, 0, "sunny in Oslo, sub=carol\n", asked)
		return r
	}
	purge := []string{"-store", store, l.key.Resource, "call", "purge"}

	weather(1)
	first := l.token()
	if first.RefreshToken == "" || first.Client.ClientID == "" {
		t.Fatalf("there is no refresh token or no registration: %v", first)
	}
	weather(0)
	if l.token().AccessToken != first.AccessToken {
		t.Error("a new process got a new token, though the old one was good")
	}

	l.expire()
	weather(0)
	second := l.token()
	if second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken {
		t.Error("nothing was refreshed, or the refresh token wasn't rotated")
	}

	stepUp := me.runClient(t, purge...)
	stepUp.check(t, 0, "purged\n", 1)
	if scope := stepUp.asked[0].Query().Get("scope"); !strings.Contains(scope, "mcp:read") || !strings.Contains(scope, "notes:write") {
		t.Errorf("the step-up asked for %q", scope)
	}
	if l.token().Client != first.Client {
		t.Error("the client has registered anew")
	}
	l.expire()
	me.runClient(t, purge...).check(t, 0, "purged\n", 0)

	as.revokeGrant(t, l.token())
	l.expire()
	again := weather(1)
	if got := again.asked[0].Query().Get("client_id"); got != first.Client.ClientID {
		t.Errorf("after the revocation the client is %q, want the registered one", got)
	}
}

// life is what a client keeps.
type life struct {
	*testing.T

	store client.Storage
	key   client.Key
}

func (l *life) token() client.Token {
	l.Helper()
	state, err := l.store.Load(timeout(l.T), l.key)
	if err != nil || state.Token == nil {
		l.Fatalf("nothing is stored: %v", err)
	}
	return *state.Token
}

// expire has the access token be one of yesterday.
func (l *life) expire() {
	l.Helper()
	err := l.store.Update(timeout(l.T), l.key, func(s client.State) (client.State, error) {
		s.Token.Issued, s.Token.Expiry = time.Unix(0, 0), time.Unix(1, 0)
		return s, nil
	})
	if err != nil {
		l.Fatal(err)
	}
}

// revokeGrant revokes a refresh token, and all that came of it (RFC 7009).
func (f *foreign) revokeGrant(t *testing.T, token client.Token) {
	t.Helper()
	metadata, err := auth.GetAuthServerMetadata(timeout(t), f.issuer, http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.PostForm(metadata.RevocationEndpoint, url.Values{
		"token": {token.RefreshToken}, "token_type_hint": {"refresh_token"}, "client_id": {token.Client.ClientID},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("revoking: %s", response.Status)
	}
}
