package guides

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// robotsKeys knows the one key of the robot, and a key that it can't look up.
func robotsKeys() *apiKeys {
	return &apiKeys{
		resource: apptest.Resource,
		ownerOf: func(_ context.Context, hash [sha256.Size]byte) (string, bool, error) {
			if hash == sha256.Sum256([]byte("key_unlucky")) {
				return "", false, errors.New("dial db.internal: connection refused")
			}
			return "robot", hash == sha256.Sum256([]byte("key_of_the_robot")), nil
		},
	}
}

// TestAPIKeys: keys and JWTs at one endpoint (S54, S12).
func TestAPIKeys(t *testing.T) {
	b := newBench(t)
	rs, err := core.New(t.Context(), keysAndTokens(b.AS.Issuer(), robotsKeys()))
	if err != nil {
		t.Fatal(err)
	}
	s := b.Serve(acceptKeyField(rs.InFront(nil, b.MCP)))
	wantCalls(s, []toolCall{
		{"a JWT", "/mcp", b.Token(apptest.Resource), http.StatusOK},
		{"a key", "/mcp", "key_of_the_robot", http.StatusOK},
		{"an unknown key", "/mcp", "key_of_nobody", http.StatusUnauthorized},
		{"something else", "/mcp", "neither", http.StatusUnauthorized},
		{"a key that can't be looked up", "/mcp", "key_unlucky", http.StatusServiceUnavailable},
		{"nothing", "/mcp", "", http.StatusUnauthorized},
	})
	if got := s.CallTool(apptest.Call("/mcp", "key_of_the_robot", apptest.WhoAmI)); got != "sub=robot bearer=withheld" {
		t.Errorf("the tool saw %q", got)
	}

	inField := apptest.Call("/mcp", "", apptest.WhoAmI).With("X-Api-Key", "key_of_the_robot")
	if got := s.CallTool(inField); got != "sub=robot bearer=withheld" {
		t.Errorf("with the key in its own field the tool saw %q", got)
	}
	s.CheckStatus("a JWT in the key's field", s.Do(inField.With("X-Api-Key", b.Token(apptest.Resource))), http.StatusUnauthorized)
	inField.Token = "neither"
	s.CheckStatus("a key beside a bad token", s.Do(inField), http.StatusUnauthorized)
	inField.Token = ""
	s.CheckStatus("a key from a foreign page", s.Do(inField.With("Origin", "https://elsewhere.example")), http.StatusForbidden)
}

// TestRevokedKey: a key that is revoked opens nothing from then on (S34).
func TestRevokedKey(t *testing.T) {
	b := newBench(t)
	keys := robotsKeys()
	var revoked atomic.Bool
	known := keys.ownerOf
	keys.ownerOf = func(ctx context.Context, hash [sha256.Size]byte) (string, bool, error) {
		owner, found, err := known(ctx, hash)
		return owner, found && !revoked.Load(), err
	}
	rs, err := core.New(t.Context(), keysAndTokens(b.AS.Issuer(), keys))
	if err != nil {
		t.Fatal(err)
	}
	s := b.Serve(rs.InFront(nil, b.MCP))
	wantCalls(s, []toolCall{{"a key", "/mcp", "key_of_the_robot", http.StatusOK}})
	revoked.Store(true)
	wantCalls(s, []toolCall{{"the key, revoked", "/mcp", "key_of_the_robot", http.StatusUnauthorized}})
}

// TestKeysAlone: without an issuer the metadata names no authorization server.
func TestKeysAlone(t *testing.T) {
	b := newBench(t)
	rs, err := core.New(t.Context(), core.Config{
		Resource: apptest.Resource, Verifiers: []core.Verifier{robotsKeys()}, Scopes: []string{apptest.Scope},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := b.Serve(rs.InFront(nil, b.MCP))
	s.CheckNamedMetadata(rs, apptest.Resource)
	if a := s.Do(apptest.Request{Path: "/.well-known/oauth-protected-resource/mcp"}); strings.Contains(a.Body, "authorization_servers") {
		t.Errorf("the metadata is %s", a.Body)
	}
	wantCalls(s, []toolCall{{"a key", "/mcp", "key_of_the_robot", http.StatusOK}, {"a JWT", "/mcp", b.Token(apptest.Resource), http.StatusUnauthorized}})
}

// TestSessionOrToken: credentials decide where there are any, and else the
// session (S54).
func TestSessionOrToken(t *testing.T) {
	b := newBench(t)
	s := b.Serve(sessionOrToken(b.Server(apptest.Resource), http.HandlerFunc(inbox)))
	withSession := apptest.Request{Path: "/"}.With("Cookie", "session=1")
	s.CheckApp(withSession, http.StatusOK, "inbox")
	s.CheckApp(apptest.Request{Path: "/", Token: b.AS.Token(apptest.Resource, "notes:read")}, http.StatusOK, "inbox")
	s.CheckStatus("neither", s.Do(apptest.Request{Path: "/"}), http.StatusFound)
	withSession.Token = "not a good one"
	s.CheckStatus("a session beside bad credentials", s.Do(withSession), http.StatusBadRequest)
	withSession.Token = b.AS.Token(apptest.Resource, "other")
	s.CheckStatus("a session beside a token without the scope", s.Do(withSession), http.StatusForbidden)
}
