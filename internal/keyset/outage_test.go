package keyset_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/internal/keyset"
)

// bogus has the set verify a token under a key id that nobody has, by a
// signature that took no time.
func bogus(ctx context.Context, set *keyset.Set) error {
	kid := rand.Text()
	_, err := set.Verify(ctx, jwt.SigningMethodES256, &kid, "head.body", make([]byte, 64))
	return err
}

func TestP5AFloodProvokesOneFetchACooldown(t *testing.T) {
	a := newSigner(t, "a")
	run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		const cooldowns = 12
		before := e.fetches.Load()
		for range cooldowns * 100 {
			for range 50 {
				if err := bogus(t.Context(), set); !errors.Is(err, keyset.ErrUnknownKey) {
					t.Fatalf("an unknown key id: %v, want ErrUnknownKey", err)
				}
			}
			if err := verify(t.Context(), t, set, a, &a.kid); err != nil {
				t.Fatalf("a valid token in the flood: %v", err)
			}
			pass(cooldown / 100)
		}
		if got := e.fetches.Load() - before; got != cooldowns {
			t.Errorf("%d fetches in %d cooldowns", got, cooldowns)
		}
	})
}

func TestP5AFloodWaitsBoundedWhereTheEndpointIsSlow(t *testing.T) {
	a := newSigner(t, "a")
	run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		e.set(after(2*time.Second, respond(published(t, a))))
		began, goroutines := time.Now(), ofSets(t)
		var waited, atOnce atomic.Int64
		var all sync.WaitGroup
		for range 2000 {
			all.Go(func() {
				if err := bogus(t.Context(), set); !errors.Is(err, keyset.ErrUnknownKey) {
					t.Errorf("an unknown key id: %v, want ErrUnknownKey", err)
				}
				switch time.Since(began) {
				case 0:
					atOnce.Add(1)
				case 2 * time.Second:
					waited.Add(1)
				}
			})
		}
		synctest.Wait()
		if err := verify(t.Context(), t, set, a, &a.kid); err != nil || time.Since(began) != 0 {
			t.Errorf("a valid token meanwhile: %v after %v", err, time.Since(began))
		}
		all.Wait()
		if waited.Load() != 128 || atOnce.Load() != 2000-128 {
			t.Errorf("%d waited for the fetch and %d not at all, want 128 and the rest", waited.Load(), atOnce.Load())
		}
		if got := e.fetches.Load(); got != 2 {
			t.Errorf("%d fetches, want the first and one that was provoked", got)
		}
		synctest.Wait()
		if now := ofSets(t); now != goroutines {
			t.Errorf("%d goroutines after the flood, %d before", now, goroutines)
		}
	})
}

// ofSets counts the goroutines that run for a key set, or were begun by one. The
// process has others that come and go, such as the one for finalizers.
func ofSets(t *testing.T) int {
	t.Helper()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "/internal/keyset.") {
			n++
		}
	}
	if n == 0 {
		t.Fatal("no goroutine of a key set is seen, not even its worker")
	}
	return n
}

// TestP6NoValidRequestIsRefusedWhenTheKeyRotates sends 200 requests a second,
// while the key is replaced at an endpoint that takes 200 milliseconds.
func TestP6NoValidRequestIsRefusedWhenTheKeyRotates(t *testing.T) {
	a, b := newSigner(t, "a"), newSigner(t, "b")
	const latency = 200 * time.Millisecond
	run(t, after(latency, respond(published(t, a))), func(t *testing.T, e *endpoint, set *keyset.Set) {
		if err := set.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		current := a
		var all sync.WaitGroup
		for i := range 1000 {
			if i == 300 {
				current = b
				e.set(after(latency, respond(published(t, b))))
			}
			all.Go(func() {
				began := time.Now()
				if err := verify(t.Context(), t, set, current, &current.kid); err != nil {
					t.Errorf("request %d: %v", i, err)
				}
				if waited := time.Since(began); waited > latency {
					t.Errorf("request %d waited %v", i, waited)
				}
			})
			pass(5 * time.Millisecond)
		}
		all.Wait()
		if got := e.fetches.Load(); got != 2 {
			t.Errorf("%d fetches, want 2", got)
		}
	})
}

func TestP6ARotatedKeyIsAcceptedWithinOneCooldownUnderAFlood(t *testing.T) {
	a, b := newSigner(t, "a"), newSigner(t, "b")
	run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		rotated := time.Now()
		for verify(t.Context(), t, set, b, &b.kid) != nil {
			for range 10 {
				_ = bogus(t.Context(), set) // what it gets is another test's matter
			}
			if time.Since(rotated) == 0 {
				e.set(respond(published(t, b)))
			}
			pass(10 * time.Millisecond)
		}
		if took := time.Since(rotated); took > cooldown {
			t.Errorf("accepted after %v, want at most %v", took, cooldown)
		}
	})
}

// TestS29QuickRotationsAreFollowed: a fetch that brought a new key shortens the
// cooldown to a second, and only such a fetch does.
func TestS29QuickRotationsAreFollowed(t *testing.T) {
	first := newSigner(t, "first")
	run(t, respond(published(t, first)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		pass(cooldown)
		for i := range 20 {
			next := newSigner(t, rand.Text())
			e.set(respond(published(t, next)))
			if err := verify(t.Context(), t, set, next, &next.kid); err != nil {
				t.Errorf("rotation %d: %v", i, err)
			}
			early := newSigner(t, rand.Text())
			e.set(respond(published(t, early)))
			if err := verify(t.Context(), t, set, early, &early.kid); !errors.Is(err, keyset.ErrUnknownKey) {
				t.Errorf("another rotation in the same second: %v, want ErrUnknownKey", err)
			}
			pass(time.Second)
		}
		before := e.fetches.Load()
		for range 100 {
			_ = bogus(t.Context(), set) // what it gets is another test's matter
			pass(cooldown / 100)
		}
		// The first of these still finds the key of the last rotation, which it
		// did not ask for, and allows one more.
		if got := e.fetches.Load() - before; got != 2 {
			t.Errorf("%d fetches in a cooldown after the last rotation, want 2", got)
		}
	})
}

func TestP7ServesSoonAfterTheEndpointIsBack(t *testing.T) {
	a := newSigner(t, "a")
	run(t, refuse, func(t *testing.T, e *endpoint, set *keyset.Set) {
		began := time.Now()
		var served atomic.Int64
		var all sync.WaitGroup
		for i := range 1000 { // one each 10 milliseconds
			all.Go(func() {
				asked := time.Now()
				err := verify(t.Context(), t, set, a, &a.kid)
				if waited := time.Since(asked); waited > 2*time.Second {
					t.Errorf("request %d waited %v", i, waited)
				}
				switch back := time.Since(began) - 5*time.Second; {
				case err == nil:
					served.Add(1)
				case !errors.Is(err, keyset.ErrUnavailable):
					t.Errorf("request %d: %v, want ErrUnavailable", i, err)
				case back > 2*time.Second:
					t.Errorf("request %d is refused %v after the endpoint is back", i, back)
				}
			})
			if i == 500 {
				e.set(respond(published(t, a)))
			}
			pass(10 * time.Millisecond)
		}
		all.Wait()
		if served.Load() < 300 {
			t.Errorf("%d requests were served", served.Load())
		}
	})
}

// TestP8NoValidRequestIsRefusedDuringAnOutage goes through the ways in which an
// endpoint that worked can fail.
func TestP8NoValidRequestIsRefusedDuringAnOutage(t *testing.T) {
	a := newSigner(t, "a")
	status := func(code int) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			response, err := respond(published(t, a))(r)
			response.StatusCode = code
			return response, err
		}
	}
	for name, broken := range map[string]func(*http.Request) (*http.Response, error){
		"refusing":  refuse,
		"failing":   status(http.StatusInternalServerError),
		"forbidden": status(http.StatusForbidden),
		"hanging":   after(1000*time.Hour, refuse),
		"slow":      after(4*time.Second, respond(published(t, a))),
		"HTML":      respond("<html>sign in</html>"),
		"empty set": respond(`{"keys":[]}`),
		"null":      respond(`null`),
		"malformed": respond(`{"keys":[{"kty":"EC`),
	} {
		t.Run(name, func(t *testing.T) {
			run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
				synctest.Wait()
				goroutines := ofSets(t)
				e.set(broken)
				for range 600 { // ten minutes
					began := time.Now()
					if err := verify(t.Context(), t, set, a, &a.kid); err != nil || time.Since(began) != 0 {
						t.Fatalf("a valid token: %v after %v", err, time.Since(began))
					}
					pass(time.Second)
				}
				if e.fetches.Load() < 2 {
					t.Error("the broken endpoint was never asked")
				}
				e.set(respond(published(t, a, newSigner(t, "b"))))
				pass(cooldown + 5*time.Second)
				if err := set.Ready(t.Context()); err != nil {
					t.Errorf("after the outage: %v", err)
				}
				if now := ofSets(t); now != goroutines {
					t.Errorf("%d goroutines after the outage, %d before", now, goroutines)
				}
			})
		})
	}
}

// TestS30RetriesSoonAndThenOnceACooldown: a short outage is over in a second or
// two, and a long one costs the authorization server next to nothing.
func TestS30RetriesSoonAndThenOnceACooldown(t *testing.T) {
	a := newSigner(t, "a")
	run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		e.set(refuse)
		began := time.Now()
		if err := bogus(t.Context(), set); !errors.Is(err, keyset.ErrUnknownKey) {
			t.Errorf("an unknown key id: %v, want ErrUnknownKey", err)
		}
		var at []time.Duration
		for seen := e.fetches.Load(); time.Since(began) < 50*time.Second; pass(500 * time.Millisecond) {
			if now := e.fetches.Load(); now > seen {
				at = append(at, time.Since(began))
				seen = now
			}
		}
		want := []time.Duration{1 * time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second, 25 * time.Second, 35 * time.Second, 45 * time.Second}
		if !slices.Equal(at, want) {
			t.Errorf("attempts after %v, want %v", at, want)
		}
	})
}

// TestWaitingIsBoundedOverSeveralFetches has a token wait for a fetch that began
// before it came, and for the one after.
func TestWaitingIsBoundedOverSeveralFetches(t *testing.T) {
	a, b := newSigner(t, "a"), newSigner(t, "b")
	run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		e.set(after(1500*time.Millisecond, respond(published(t, a))))
		pass(5 * time.Minute) // the worker has begun a fetch by itself
		for _, kid := range []*string{nil, &b.kid} {
			began := time.Now()
			if err := verify(t.Context(), t, set, b, kid); err == nil {
				t.Error("an unknown key was accepted")
			}
			if waited := time.Since(began); waited > 2*time.Second {
				t.Errorf("waited %v, want at most two seconds", waited)
			}
		}
	})
}

func TestAKeyIsUsableAsLongAsTheSetHasIt(t *testing.T) {
	a, b := newSigner(t, "a"), newSigner(t, "b")
	run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		first, err := keyOf(t.Context(), t, set, a, &a.kid)
		if err != nil {
			t.Fatal(err)
		}
		e.set(respond(published(t, b, a)))
		pass(5 * time.Minute)
		again, err := keyOf(t.Context(), t, set, a, nil)
		if err != nil || again != first || !first.Usable(time.Now()) {
			t.Errorf("after the set has grown: %v, the same key: %v, usable: %v", err, again == first, first.Usable(time.Now()))
		}
		other := signer{"a", b.key} // the same id, another key
		e.set(respond(published(t, other)))
		pass(5 * time.Minute)
		if first.Usable(time.Now()) {
			t.Error("a key whose id was given to another is still usable")
		}
		e.set(respond(published(t, a)))
		pass(5 * time.Minute)
		if first.Usable(time.Now()) {
			t.Error("a key that was dropped is usable again")
		}
		back, err := keyOf(t.Context(), t, set, a, &a.kid)
		if err != nil || back == first || !back.Usable(time.Now()) {
			t.Errorf("a key that came back: %v, the same: %v", err, back == first)
		}
		e.set(refuse)
		pass(stale - 5*time.Minute)
		if !back.Usable(time.Now()) {
			t.Error("not usable within the stale window")
		}
		pass(6 * time.Minute)
		if back.Usable(time.Now()) {
			t.Error("usable after the stale window")
		}
	})
}
