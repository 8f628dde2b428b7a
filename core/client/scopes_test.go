package client_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// C6: the challenge decides, then the resource's metadata, then nothing does;
// offline_access joins them only where it is offered and refresh is wanted.
func TestC6ScopeChoice(t *testing.T) {
	const none = "(none)"
	for name, row := range map[string]struct {
		challenge string
		supported []string
		offered   []string
		change    func(*client.Config)
		want      string
	}{
		"challenge":                      {challenge: "a b", supported: []string{"c"}, want: "a b"},
		"metadata":                       {supported: []string{"c", "d"}, want: "c d"},
		"nothing":                        {offered: []string{"offline_access"}, want: none},
		"offline_access offered":         {challenge: "a", offered: []string{"a", "offline_access"}, want: "a offline_access"},
		"offline_access not offered":     {challenge: "a", offered: []string{"a"}, want: "a"},
		"offline_access not wanted":      {challenge: "a", offered: []string{"offline_access"}, change: func(c *client.Config) { c.NoRefresh = true }, want: "a"},
		"offline_access asked, not here": {challenge: "a offline_access", want: "a"},
		"hook":                           {challenge: "a", change: func(c *client.Config) { c.Scopes = scopes("x", "a", "x", "not a token", "") }, want: "x a"},
		"hook takes all":                 {challenge: "a", change: func(c *client.Config) { c.Scopes = scopes() }, want: none},
		"what is no scope is left out":   {challenge: "a  é \t b", want: "a b"},
		"a challenge without an end":     {challenge: strings.Repeat("a ", 10000), supported: []string{"c"}, want: "c"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.challengeFirst(`Bearer scope="` + row.challenge + `"`)
			w.set(wellKnown+"/mcp", document(map[string]any{
				"resource": w.resource, "authorization_servers": []string{w.as.Issuer()}, "scopes_supported": row.supported,
			}))
			w.as.EditMetadata(func(m map[string]any) { m["scopes_supported"] = row.offered })
			var change []func(*client.Config)
			if row.change != nil {
				change = append(change, row.change)
			}
			if _, err := w.call(w.transport(change...), "read"); err != nil {
				t.Fatal(err)
			}
			q := w.wire.find("browser GET /authorize")[0].url.Query()
			got := q.Get("scope")
			if !q.Has("scope") {
				got = none
			}
			if got != row.want {
				t.Errorf("asked for %q, want %q", got, row.want)
			}
			if offline := strings.Contains(got, "offline_access"); offline != (q.Get("prompt") == "consent") {
				t.Errorf("prompt is %q", q.Get("prompt"))
			}
		})
	}
}

func scopes(list ...string) func(context.Context, []string) []string {
	return func(context.Context, []string) []string { return list }
}

// C12: one 403 that asks for more is met by one authorization, for all that was
// asked for, granted and missing.
func TestC12StepUp(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.wire.forget()
	w.mustCall(transport, "purge")
	w.wantLog(
		"R POST /mcp 403",
		"R GET "+wellKnown+"/mcp 200",
		"AS GET "+asWellKnown+" 200",
		"browser GET /authorize 303",
		"browser GET /callback 200",
		"AS POST /token 200",
		"R POST /mcp 200",
	)
	if got, want := w.asked(), []string{"mcp:read offline_access", "mcp:read offline_access notes:write"}; !slices.Equal(got, want) {
		t.Errorf("asked for %q, want %q", got, want)
	}
	w.mustCall(transport, "purge")
	w.mustCall(transport, "read")
	w.wantCount("browser GET /authorize 303", 1)
}

// C12: what was asked for before and not granted is asked for again, with what
// is missing now.
func TestC12UnionOfRequestedGrantedChallenged(t *testing.T) {
	w := start(t)
	w.decideBy(func(devissuer.AuthorizationRequest) devissuer.Decision {
		if len(w.asked()) == 1 {
			return devissuer.Decision{Subject: "alice", Scopes: []string{"mcp:read"}}
		}
		return devissuer.Decision{Subject: "alice"}
	})
	transport := w.transport(func(c *client.Config) {
		c.Scopes = func(_ context.Context, proposed []string) []string {
			if len(w.asked()) == 0 {
				return append(proposed, "extra")
			}
			return proposed
		}
	})
	w.mustCall(transport, "read")
	w.mustCall(transport, "purge")
	asked := strings.Fields(w.asked()[1])
	slices.Sort(asked)
	if want := []string{"extra", "mcp:read", "notes:write", "offline_access"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
}

// C12: a server that is never content gets one authorization for each
// operation, and none for scopes that were granted.
func TestC12EndlessChallengeEnds(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.set("/mcp", forbid(`Bearer error="insufficient_scope", scope="mcp:read notes:write"`))
	for range 2 {
		got, err := w.call(transport, "purge")
		if err != nil || got.status != http.StatusForbidden {
			t.Fatalf("status %d, error %v", got.status, err)
		}
	}
	if n := len(w.asked()); n != 2 {
		t.Errorf("%d authorizations, want the first and one step-up", n)
	}
	w.wantCount("R POST /mcp 403", 3)

	// A user who grants less is asked once for each operation.
	w.decideBy(func(devissuer.AuthorizationRequest) devissuer.Decision {
		return devissuer.Decision{Subject: "alice", Scopes: []string{"mcp:read"}}
	})
	w.set("/mcp", forbid(`Bearer error="insufficient_scope", scope="other"`))
	w.wire.forget()
	if got, err := w.call(transport, "purge"); err != nil || got.status != http.StatusForbidden {
		t.Fatalf("status %d, error %v", got.status, err)
	}
	w.wantCount("R POST /mcp 403", 2)
	w.wantCount("browser GET /authorize 303", 1)
}

// C12: a resource that takes no token has the user asked once, and again only
// when that is a while ago.
func TestC12EndlessRefusalEnds(t *testing.T) {
	w := start(t)
	transport := w.transport()
	refuse := func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="not mine"`)
		rw.WriteHeader(http.StatusUnauthorized)
	}
	w.set("/mcp", http.HandlerFunc(refuse))
	for round := range 2 {
		if got, err := w.call(transport, "read"); err != nil || got.status != http.StatusUnauthorized {
			t.Errorf("status %d, error %v, want the server's 401", got.status, err)
		}
		for range 2 {
			if e := w.mustFail(transport, "request"); e.Status != http.StatusUnauthorized || e.Code != "invalid_token" || e.Description != "not mine" || e.Issuer != w.as.Issuer() {
				t.Errorf("the error is %+v", e)
			}
		}
		if n := len(w.asked()); n != round+1 {
			t.Errorf("the user was asked %d times, want %d", n, round+1)
		}
		w.clock.Advance(10 * time.Second)
	}
	w.set("/mcp", nil)
	w.mustCall(transport, "read")
}

func forbid(challenge string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("WWW-Authenticate", challenge)
		rw.WriteHeader(http.StatusForbidden)
		_, _ = rw.Write([]byte("no"))
	})
}

// C12: any other 403 is the caller's, and the request is not sent again.
func TestC12OtherRefusals(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	for name, challenge := range map[string]string{
		"no challenge":            "",
		"another error":           `Bearer error="access_denied", scope="x"`,
		"no scope":                `Bearer error="insufficient_scope"`,
		"scopes that are granted": `Bearer error="insufficient_scope", scope="mcp:read"`,
		"another scheme":          `DPoP error="insufficient_scope", scope="x"`,
		"malformed":               `Bearer error="insufficient_scope", scope="x", scope="y"`,
		"no scope tokens":         `Bearer error="insufficient_scope", scope="é"`,
	} {
		t.Run(name, func(t *testing.T) {
			w.set("/mcp", forbid(challenge))
			w.wire.forget()
			got, err := w.call(transport, "read")
			if err != nil || got.status != http.StatusForbidden || got.body != "no" {
				t.Errorf("status %d, body %q, error %v", got.status, got.body, err)
			}
			w.wantLog("R POST /mcp 403")
		})
	}
	w.set("/mcp", nil)
	w.wire.forget()
	if got, err := w.call(transport, "never"); err != nil || got.status != http.StatusForbidden {
		t.Errorf("status %d, error %v", got.status, err)
	}
	w.wantLog("R POST /mcp 403")
}

// C12, C18: a user who refuses a step-up loses nothing.
func TestC12RefusedStepUpKeepsTheToken(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.decideBy(func(devissuer.AuthorizationRequest) devissuer.Decision { return devissuer.Decision{} })
	_, err := w.call(transport, "purge")
	if e := asError(t, err); e.Code != "access_denied" || e.Stage != "authorization" || e.Description == "" {
		t.Errorf("the error is %+v", e)
	}
	w.wire.forget()
	w.mustCall(transport, "read")
	w.wantLog("R POST /mcp 200")
}

// C12, C6: a user isn't asked for a step-up that Config.Scopes leaves nothing of,
// but is for one that it words in another way.
func TestC12ScopesHookRefuses(t *testing.T) {
	w := start(t)
	transport := w.transport(func(c *client.Config) {
		c.Scopes = func(_ context.Context, _ []string) []string { return []string{"mcp:read"} }
	})
	w.mustCall(transport, "read")
	for range 2 {
		if got, err := w.call(transport, "purge"); err != nil || got.status != http.StatusForbidden {
			t.Errorf("status %d, error %v", got.status, err)
		}
	}
	if n := len(w.asked()); n != 1 {
		t.Errorf("%d authorizations, want 1", n)
	}
	transport = w.transport(func(c *client.Config) {
		c.Scopes = func(_ context.Context, proposed []string) []string {
			for i, scope := range proposed {
				proposed[i] = strings.TrimPrefix(scope, "api:")
			}
			return proposed
		}
	})
	w.mustCall(transport, "read")
	w.set("/mcp", forbid(`Bearer error="insufficient_scope", scope="api:notes:write"`))
	w.wire.forget()
	if got, err := w.call(transport, "purge"); err != nil || got.status != http.StatusForbidden {
		t.Errorf("status %d, error %v", got.status, err)
	}
	w.wantCount("browser GET /authorize 303", 1)
}
