package keyset_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/keyset"
)

const (
	cooldown = 10 * time.Second
	stale    = time.Hour
)

// endpoint is a key endpoint without a network, so that it can live in the
// fake time of synctest. It counts the fetches.
type endpoint struct {
	fetches atomic.Int64
	mu      sync.Mutex
	answer  func(*http.Request) (*http.Response, error)
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	e.fetches.Add(1)
	e.mu.Lock()
	answer := e.answer
	e.mu.Unlock()
	return answer(r)
}

func (e *endpoint) set(answer func(*http.Request) (*http.Response, error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = answer
}

func respond(body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(body)), Request: r,
		}, nil
	}
}

func refuse(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

// after answers late, as a slow authorization server does.
func after(d time.Duration, answer func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return answer(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func (e *endpoint) start(ctx context.Context, t *testing.T) *keyset.Set {
	t.Helper()
	set, err := keyset.Start(ctx,
		func(context.Context) (string, error) { return "https://as.example/keys", nil },
		keyset.Options{
			Getter: fetch.Getter{Client: &http.Client{Transport: e}, Limit: 1 << 20, Timeout: 5 * time.Second},
			Clock:  environ.System(), Logger: slog.New(slog.DiscardHandler), Issuer: "https://as.example",
			Cooldown: cooldown, Stale: stale,
		})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// signer is one key pair of the authorization server.
type signer struct {
	kid string
	key *ecdsa.PrivateKey
}

func newSigner(t *testing.T, kid string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, key}
}

func published(t *testing.T, signers ...signer) string {
	t.Helper()
	var keys []jwkset.JWKMarshal
	for _, s := range signers {
		jwk, err := jwkset.NewJWKFromKey(s.key.Public(), jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: s.kid}})
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, jwk.Marshal())
	}
	body, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// verify has the set verify a fresh signature of s.
func verify(ctx context.Context, t *testing.T, set *keyset.Set, s signer, kid *string) error {
	t.Helper()
	_, err := keyOf(ctx, t, set, s, kid)
	return err
}

// keyOf is verify, and returns the key that did.
func keyOf(ctx context.Context, t *testing.T, set *keyset.Set, s signer, kid *string) (*keyset.Key, error) {
	t.Helper()
	signature, err := jwt.SigningMethodES256.Sign("head.body", s.key)
	if err != nil {
		t.Fatal(err)
	}
	return set.Verify(ctx, jwt.SigningMethodES256, kid, "head.body", signature)
}

// run runs a test in fake time with a set that ends with it.
func run(t *testing.T, answer func(*http.Request) (*http.Response, error), test func(t *testing.T, e *endpoint, set *keyset.Set)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		e := &endpoint{answer: answer}
		test(t, e, e.start(ctx, t))
	})
}

// pass lets fake time pass, and what it wakes run.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestS27HealsByItself(t *testing.T) {
	a := newSigner(t, "a")
	run(t, refuse, func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		if err := verify(t.Context(), t, set, a, &a.kid); !errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("with no set ever fetched: %v, want ErrUnavailable", err)
		}
		soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := set.Ready(soon); !errors.Is(err, keyset.ErrUnavailable) || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("Ready = %v, want ErrUnavailable and the cause", err)
		}
		pass(30 * time.Second)
		if got := e.fetches.Load(); got != 31 {
			t.Errorf("%d attempts in the first 30 seconds, want one a second", got)
		}
		e.set(respond(published(t, a)))
		if err := set.Ready(t.Context()); err != nil {
			t.Errorf("Ready = %v after the server is back", err)
		}
		if err := verify(t.Context(), t, set, a, &a.kid); err != nil {
			t.Errorf("after the server is back: %v", err)
		}
	})
}

func TestS28BacksOffAfterAMinute(t *testing.T) {
	run(t, refuse, func(t *testing.T, e *endpoint, _ *keyset.Set) {
		pass(2 * time.Minute)
		before := e.fetches.Load()
		pass(10 * cooldown)
		if got := e.fetches.Load() - before; got != 10 {
			t.Errorf("%d attempts in ten cooldowns, want 10", got)
		}
	})
}

func TestS28UnknownKeysProvokeOneFetchACooldown(t *testing.T) {
	a := newSigner(t, "a")
	run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		for range 1000 {
			kid := rand.Text()
			if err := verify(t.Context(), t, set, a, &kid); !errors.Is(err, keyset.ErrUnknownKey) {
				t.Fatalf("an unknown key id: %v, want ErrUnknownKey", err)
			}
		}
		if got := e.fetches.Load(); got != 2 {
			t.Errorf("%d fetches, want the first and one that was provoked", got)
		}
		if err := verify(t.Context(), t, set, a, &a.kid); err != nil {
			t.Errorf("a valid token meanwhile: %v", err)
		}
		b := newSigner(t, "b")
		e.set(respond(published(t, b)))
		if err := verify(t.Context(), t, set, b, &b.kid); !errors.Is(err, keyset.ErrUnknownKey) {
			t.Errorf("within the cooldown: %v, want ErrUnknownKey", err)
		}
		pass(cooldown)
		if err := verify(t.Context(), t, set, b, &b.kid); err != nil {
			t.Errorf("a rotated key after one cooldown: %v", err)
		}
		if err := verify(t.Context(), t, set, a, &a.kid); !errors.Is(err, keyset.ErrUnknownKey) {
			t.Errorf("the key that the set dropped: %v, want ErrUnknownKey", err)
		}
	})
}

func TestS29ConcurrentRequestsShareOneFetch(t *testing.T) {
	a := newSigner(t, "a")
	run(t, after(time.Second, respond(published(t, a))), func(t *testing.T, e *endpoint, set *keyset.Set) {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if err := verify(t.Context(), t, set, a, &a.kid); err != nil {
					t.Errorf("a first request: %v", err)
				}
			})
		}
		all.Wait()
		if got := e.fetches.Load(); got != 1 {
			t.Errorf("%d fetches, want 1", got)
		}
	})
}

func TestTokensWithoutKeyIDFollowARotation(t *testing.T) {
	a, b := newSigner(t, "a"), newSigner(t, "b")
	run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		if err := verify(t.Context(), t, set, a, nil); err != nil {
			t.Errorf("without a key id: %v", err)
		}
		e.set(respond(published(t, b)))
		if err := verify(t.Context(), t, set, b, nil); err != nil {
			t.Errorf("without a key id after a rotation: %v", err)
		}
		if err := verify(t.Context(), t, set, a, nil); !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			t.Errorf("by a dropped key: %v, want ErrTokenSignatureInvalid", err)
		}
	})
}

func TestAKnownKeyIDWithABadSignatureProvokesNothing(t *testing.T) {
	a, stranger := newSigner(t, "a"), newSigner(t, "a")
	run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
		synctest.Wait()
		for range 100 {
			if err := verify(t.Context(), t, set, stranger, &a.kid); !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
				t.Fatalf("a stranger's signature: %v, want ErrTokenSignatureInvalid", err)
			}
		}
		if got := e.fetches.Load(); got != 1 {
			t.Errorf("%d fetches, want only the first", got)
		}
	})
}

// TestKeysOfOneID: each of them may have signed the token, though an id should
// name one.
func TestKeysOfOneID(t *testing.T) {
	a, b, stranger := newSigner(t, "same"), newSigner(t, "same"), newSigner(t, "same")
	run(t, respond(published(t, a, b)), func(t *testing.T, _ *endpoint, set *keyset.Set) {
		synctest.Wait()
		for i, s := range []signer{a, b} {
			if err := verify(t.Context(), t, set, s, &s.kid); err != nil {
				t.Errorf("key %d: %v", i, err)
			}
		}
		if err := verify(t.Context(), t, set, stranger, &stranger.kid); !errors.Is(err, jwt.ErrTokenSignatureInvalid) {
			t.Errorf("a stranger's signature: %v, want ErrTokenSignatureInvalid", err)
		}
	})
}

func TestS30LastGoodSetIsKeptForTheStaleWindow(t *testing.T) {
	a := newSigner(t, "a")
	for name, broken := range map[string]func(*http.Request) (*http.Response, error){
		"refusing":      refuse,
		"an empty set":  respond(`{"keys":[]}`),
		"HTML":          respond("<html>sign in</html>"),
		"only bad keys": respond(`{"keys":[{"kty":"oct","k":"AAAA"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			run(t, respond(published(t, a)), func(t *testing.T, e *endpoint, set *keyset.Set) {
				synctest.Wait()
				e.set(broken)
				pass(stale)
				if err := verify(t.Context(), t, set, a, &a.kid); err != nil {
					t.Errorf("within the stale window: %v", err)
				}
				kid := "unknown"
				if err := verify(t.Context(), t, set, a, &kid); !errors.Is(err, keyset.ErrUnknownKey) {
					t.Errorf("an unknown key id during the outage: %v, want ErrUnknownKey", err)
				}
				pass(time.Second)
				if err := verify(t.Context(), t, set, a, &a.kid); !errors.Is(err, keyset.ErrUnavailable) {
					t.Errorf("after the stale window: %v, want ErrUnavailable", err)
				}
				if err := set.Ready(t.Context()); !errors.Is(err, keyset.ErrUnavailable) {
					t.Errorf("Ready = %v after the stale window, want ErrUnavailable", err)
				}
			})
		})
	}
}

func TestWaitingIsBounded(t *testing.T) {
	a := newSigner(t, "a")
	run(t, after(time.Hour, refuse), func(t *testing.T, _ *endpoint, set *keyset.Set) {
		synctest.Wait()
		began := time.Now()
		var waited, atOnce atomic.Int64
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if err := verify(t.Context(), t, set, a, &a.kid); !errors.Is(err, keyset.ErrUnavailable) {
					t.Errorf("while the endpoint hangs: %v, want ErrUnavailable", err)
				}
				switch time.Since(began) {
				case 0:
					atOnce.Add(1)
				case 2 * time.Second:
					waited.Add(1)
				}
			})
		}
		all.Wait()
		if waited.Load() != 128 || atOnce.Load() != 72 {
			t.Errorf("%d waited two seconds and %d not at all, want 128 and 72", waited.Load(), atOnce.Load())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if err := verify(ctx, t, set, a, &a.kid); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("with a deadline of a second: %v after %v", err, time.Since(began))
		}
	})
}

func TestCacheControlSetsTheRefreshWithinBounds(t *testing.T) {
	a := newSigner(t, "a")
	for header, want := range map[string]time.Duration{
		"":                           5 * time.Minute,
		"no-cache":                   5 * time.Minute,
		"public, max-age=600":        10 * time.Minute,
		"MAX-AGE=1":                  time.Minute,
		"max-age=99999999":           time.Hour,
		"max-age=-5":                 5 * time.Minute,
		"max-age=999999999999999999": 5 * time.Minute,
	} {
		t.Run(header, func(t *testing.T) {
			answer := respond(published(t, a))
			run(t, func(r *http.Request) (*http.Response, error) {
				response, err := answer(r)
				response.Header.Set("Cache-Control", header)
				return response, err
			}, func(t *testing.T, e *endpoint, _ *keyset.Set) {
				pass(want - time.Second)
				if got := e.fetches.Load(); got != 1 {
					t.Errorf("%d fetches before %v, want 1", got, want)
				}
				pass(time.Second)
				if got := e.fetches.Load(); got != 2 {
					t.Errorf("%d fetches after %v, want 2", got, want)
				}
			})
		})
	}
}

func TestEndsWithItsContext(t *testing.T) {
	a := newSigner(t, "a")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e := &endpoint{answer: respond(published(t, a))}
		set := e.start(ctx, t)
		synctest.Wait()
		cancel()
		synctest.Wait()
		// The bubble would not end while a worker were left.
		kid := "unknown"
		if err := verify(t.Context(), t, set, a, &kid); !errors.Is(err, keyset.ErrUnknownKey) {
			t.Errorf("after the end: %v, want ErrUnknownKey at once", err)
		}
		pass(time.Hour)
		if got := e.fetches.Load(); got != 1 {
			t.Errorf("%d fetches, want 1", got)
		}
	})
}
