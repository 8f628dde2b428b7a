package core_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

func TestS34AVerdictIsKept(t *testing.T) {
	g := newReadyWorld(t)
	token := g.mint()
	g.check("a new token", token, "", false)
	first := g.caller
	g.check("the same again", token, "", true)
	if fmt.Sprint(g.caller) != fmt.Sprint(first) || string(g.caller.Claims) == "" || g.caller.Subject != "alice" || !g.caller.Has("a") {
		t.Errorf("the caller is %v, at first it was %v", g.caller, first)
	}
	g.check("another", g.mint(), "", false)
	g.check("one byte more", token+"A", "bad_signature", false)
	g.check("the same once more", token, "", true)
}

func TestS34NoVerdictIsKeptPastTheExpiry(t *testing.T) {
	g := newReadyWorld(t)
	token := g.mint()
	g.check("a new token", token, "", false)
	g.clock.Advance(time.Hour - time.Nanosecond)
	g.check("just before its expiry", token, "", true)
	g.clock.Advance(time.Nanosecond)
	g.check("at its expiry, within the clock skew", token, "", false)
	g.check("again", token, "", false)
	g.clock.Advance(10 * time.Second)
	g.check("after the clock skew", token, "expired", false)
}

func TestS34NoRefusalIsKept(t *testing.T) {
	g := newReadyWorld(t)
	for _, token := range []string{
		g.mint(func(t *authtest.Token) { t.Audience = "https://elsewhere.example" }),
		g.mint(func(t *authtest.Token) { t.Flaw = authtest.StrangerKey }),
		g.mint(func(t *authtest.Token) { t.NotBefore = g.clock.Now().Add(time.Minute) }),
	} {
		first := g.ask(token)
		if first.Reason == "" {
			t.Fatal("a flawed token was let in")
		}
		g.check("the same again", token, first.Reason, false)
	}
	early := g.mint(func(t *authtest.Token) { t.NotBefore = g.clock.Now().Add(time.Minute) })
	g.check("too early", early, "not_yet_valid", false)
	g.clock.Advance(time.Minute)
	g.check("in time", early, "", false)
}

func TestS34WhatIsKeptLacksAScopeAllTheSame(t *testing.T) {
	g := newReadyWorld(t)
	token := g.mint(func(t *authtest.Token) { t.Scopes = []string{"b"} })
	g.check("without the scope", token, "insufficient_scope", false)
	g.check("again", token, "insufficient_scope", true)
}

func TestS29ADroppedKeyVoidsWhatItVerified(t *testing.T) {
	g := newReadyWorld(t)
	token := g.mint()
	g.check("a new token", token, "", false)
	g.refetch()
	g.check("after the same keys were fetched again", token, "", true)

	g.as.RotateKeeping()
	g.refetch()
	g.check("beside a new key", token, "", true)
	g.check("by the new key", g.mint(), "", false)

	g.as.Rotate()
	before := g.fetches.Load()
	g.check("by a key that nobody has fetched yet", g.mint(), "", false)
	if got := g.fetches.Load() - before; got != 1 {
		t.Errorf("%d fetches for a new key, want 1", got)
	}
	g.check("by a dropped key", token, "unknown_key", false)
}

func TestS30NothingKeptOutlivesTheStaleWindow(t *testing.T) {
	g := newReadyWorld(t, func(c *core.Config) { c.Limits.KeyStale = 3 * time.Minute })
	token := g.mint()
	g.check("a new token", token, "", false)
	g.as.Down()
	g.clock.Advance(3 * time.Minute)
	g.check("at the end of the stale window", token, "", true)
	g.clock.Advance(1)
	g.check("after it", token, "keys_unavailable", false)
}

func TestS34TheOffSwitch(t *testing.T) {
	g := newReadyWorld(t, func(c *core.Config) { c.Limits.CachedTokens = -1 })
	token := g.mint()
	for range 3 {
		g.check("with nothing kept", token, "", false)
	}
}

func TestS34TheBound(t *testing.T) {
	g := newReadyWorld(t, func(c *core.Config) { c.Limits.CachedTokens = 2 })
	var tokens []string
	for range 5 {
		tokens = append(tokens, g.mint())
		g.check("a new token", tokens[len(tokens)-1], "", false)
	}
	kept := 0
	for _, token := range slices.Backward(tokens) {
		if g.ask(token).CacheHit {
			kept++
		}
	}
	if kept > 2 {
		t.Errorf("%d verdicts are kept, want at most 2", kept)
	}
}

func TestS34Forgetting(t *testing.T) {
	g := newReadyWorld(t)
	alice, other := g.mint(), g.mint()
	bob := g.mint(func(t *authtest.Token) { t.Subject = "bob" })
	all := []string{alice, other, bob}
	for _, token := range all {
		g.check("a new token", token, "", false)
	}
	g.rs.ForgetToken(alice)
	g.rs.ForgetToken("unknown")
	g.check("a forgotten token", alice, "", false)
	g.check("another of the same principal", other, "", true)

	var seen []string
	g.rs.Forget(func(p core.Principal) bool {
		seen = append(seen, p.Subject)
		subject := p.Subject
		p.Scopes[0], p.Audience[0], p.Claims[0] = "changed", "changed", '!'
		return subject == "alice"
	})
	slices.Sort(seen)
	if !slices.Equal(seen, []string{"alice", "alice", "bob"}) {
		t.Errorf("asked about %q", seen)
	}
	g.check("of a forgotten principal", alice, "", false)
	g.check("of a forgotten principal", other, "", false)
	g.check("of another", bob, "", true)
	if g.caller.Scopes[0] != "a" || g.caller.Claims[0] != '{' {
		t.Errorf("what was handed out was not a copy: %v", g.caller)
	}
}

func TestS34WhatIsForgottenWhileItIsVerifiedIsNotKept(t *testing.T) {
	for name, forget := range map[string]func(*world, string){
		"by principal": func(g *world, _ string) { g.rs.Forget(func(core.Principal) bool { return true }) },
		"by token":     func(g *world, token string) { g.rs.ForgetToken(token) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newReadyWorld(t)
			g.as.Rotate()
			token := g.mint()
			release := g.as.Hold("/jwks.json")
			fetches := g.fetches.Load()
			decided := make(chan core.Event)
			go func() { decided <- g.ask(token) }()
			g.await("the fetch", func() bool { return g.fetches.Load() > fetches })
			forget(g, token)
			release()
			if e := <-decided; e.Reason != "" {
				t.Fatalf("the token was refused: %s", e.Reason)
			}
			g.check("the token that was being verified", token, "", false)
			g.check("the same again", token, "", true)
		})
	}
}

// denier refuses the tokens that it has, and claims no other.
type denier map[string]bool

func (d denier) Verify(_ context.Context, token string) (core.Principal, error) {
	if refused, mine := d[token]; refused {
		return core.Principal{}, fmt.Errorf("%w: revoked", core.ErrInvalid)
	} else if mine {
		return core.Principal{Issuer: "keys", Subject: "robot", Audience: []string{worldResource}, Scopes: []string{"a"}, NoExpiry: true}, nil
	}
	return core.Principal{}, core.ErrNotMine
}

func TestS34VerifiersAreAskedAboutEveryRequest(t *testing.T) {
	d := denier{"api-key": false}
	g := newReadyWorld(t, func(c *core.Config) { c.Verifiers = []core.Verifier{d} })
	token := g.mint()
	g.check("an API key", "api-key", "", false)
	g.check("again", "api-key", "", false)
	g.check("a JWT", token, "", false)
	g.check("again", token, "", true)
	d["api-key"], d[token] = true, true
	g.check("a revoked API key", "api-key", "refused_by_verifier", false)
	g.check("a JWT that a verifier refuses", token, "refused_by_verifier", false)
}

// TestS55KeptPrincipalsAreNotShared has handlers change what they get.
func TestS55KeptPrincipalsAreNotShared(t *testing.T) {
	confirmed := func(_ *http.Request, p core.Principal) error {
		p.Scopes[0], p.Claims[0] = "changed", '!'
		return nil
	}
	g := newReadyWorld(t, func(c *core.Config) { c.Confirm = confirmed })
	token := g.mint()
	for range 3 {
		g.ask(token)
		if len(g.caller.Scopes) == 0 || g.caller.Scopes[0] != "a" || g.caller.Claims[0] != '{' {
			t.Fatalf("the caller is %v", g.caller)
		}
		g.caller.Scopes[0], g.caller.Audience[0], g.caller.Claims[0] = "changed", "changed", '!'
	}
}
