package authtest_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// recorder is a testing.TB that notes a fatal error in place of ending the
// test.
type recorder struct {
	testing.TB
	failed   bool
	cleanups []func()
}

func (r *recorder) Helper()                  {}
func (r *recorder) Cleanup(f func())         { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Context() context.Context { return r.TB.Context() }
func (r *recorder) Fatal(...any)             { r.Fatalf("") }
func (r *recorder) Fatalf(string, ...any) {
	r.failed = true
	runtime.Goexit()
}

// fails reports whether f fails the test that it is given.
func fails(t *testing.T, f func(tb testing.TB)) bool {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, cleanup := range r.cleanups {
				cleanup()
			}
		}()
		f(r)
	}()
	<-done
	return r.failed
}

// What can't be minted fails the test, and never yields a good token by chance.
func TestMisuseFailsTheTest(t *testing.T) {
	for name, f := range map[string]func(tb testing.TB){
		"a configuration with mistakes": func(tb testing.TB) {
			authtest.NewServer(tb, func(c *devissuer.Config) { c.Issuer = "x" })
		},
		"keys of one's own": func(tb testing.TB) {
			authtest.NewServer(tb, func(c *devissuer.Config) { c.Keys = nil })
		},
		"an unknown algorithm": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{Algorithm: "XX256"})
		},
		"an unknown algorithm with a key": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{Algorithm: "XX256", Key: []byte("k")})
		},
		"a stranger of an unknown algorithm": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{Algorithm: "XX256", Key: []byte("k"), Flaw: authtest.StrangerKey})
		},
		"no signature without saying so": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{Algorithm: "none"})
		},
		"a key of another kind": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{Algorithm: "RS256", Key: []byte("k")})
		},
		"a flaw that nobody knows": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{Flaw: "unheard of"})
		},
		"a flaw of raw text": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{Flaw: authtest.Garbage, RawPayload: "{}"})
		},
		"loose bits where there are none": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{Algorithm: "ES384", Flaw: authtest.NonCanonicalSignature})
		},
		"a twin of nothing": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{
				Flaw: authtest.DuplicatePayloadMember, Claims: map[string]any{"sub": authtest.Absent},
			})
		},
		"a fault that nobody knows": func(tb testing.TB) { authtest.NewServer(tb).Break("/jwks.json", "unheard of") },
		"claims that are no JSON": func(tb testing.TB) {
			authtest.NewServer(tb).Mint(authtest.Token{Claims: map[string]any{"f": func() {}}})
		},
		"the kid of an unknown algorithm": func(tb testing.TB) { authtest.NewServer(tb).KeyID("HS256") },
		"the JWK of no key":               func(tb testing.TB) { authtest.NewServer(tb).JWK("x", "kid") },
	} {
		if !fails(t, f) {
			t.Errorf("%s: the test went on", name)
		}
	}
	if fails(t, func(tb testing.TB) { authtest.NewServer(tb).Mint(authtest.Token{}) }) {
		t.Error("proper use fails")
	}
}
