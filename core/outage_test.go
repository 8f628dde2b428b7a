package core_test

import (
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

const keySetPath = "/jwks.json"

// TestP8NoValidRequestIsRefusedDuringAnOutage breaks the key endpoint of a
// resource server that has its keys, in every way that there is, and has the
// worker meet it. Tokens that were kept and tokens that are new stay good.
func TestP8NoValidRequestIsRefusedDuringAnOutage(t *testing.T) {
	outages := map[string]func(*authtest.Server){
		"down": (*authtest.Server).Down,
		"slow": func(as *authtest.Server) { as.Slow(keySetPath, time.Hour) },
		"a stranger's keys, that nobody signs with": func(as *authtest.Server) {
			as.PublishJWK(as.JWK(newStranger(t).Public(), "stranger"))
		},
	}
	for _, fault := range []authtest.Fault{
		authtest.Failing, authtest.NotFound, authtest.Hanging, authtest.Stalling, authtest.HTML,
		authtest.Malformed, authtest.EmptySet, authtest.Huge, authtest.Redirected,
	} {
		outages[string(fault)] = func(as *authtest.Server) { as.Break(keySetPath, fault) }
	}
	for name, begin := range outages {
		t.Run(name, func(t *testing.T) {
			w := newReadyWorld(t)
			kept := w.mint()
			w.check("before", kept, "", false)
			begin(w.as)
			before := w.fetches.Load()
			w.clock.Advance(5 * time.Minute)
			w.await("a fetch during the outage", func() bool { return w.fetches.Load() > before })
			for range 20 {
				w.check("a kept token", kept, "", true)
				w.check("a new token", w.mint(), "", false)
			}
			stranger := w.mint(func(t *authtest.Token) { t.Flaw = authtest.StrangerKey })
			w.check("a stranger's token", stranger, "bad_signature", false)
		})
	}
}

// TestP7HealsByItself: the authorization server is down at first, for an hour
// and a half.
func TestP7HealsByItself(t *testing.T) {
	w := newAuthority(t)
	w.as.Down()
	w.start()
	w.rest()
	w.check("while it is down", w.mint(), "keys_unavailable", false)
	for range 90 {
		before := w.fetches.Load()
		w.clock.Advance(time.Minute)
		w.await("another attempt", func() bool { return w.fetches.Load() > before })
		w.rest()
	}
	w.as.Up()
	w.clock.Advance(10 * time.Second) // one cooldown
	if err := w.rs.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.check("when it is back", w.mint(), "", false)
}
