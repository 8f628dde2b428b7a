// Package keyset holds the verification keys of one authorization server: it
// fetches them in the background, keeps the last good set through outages, and
// lets a token that names an unknown key provoke a fetch only so often.
//
// keyfunc chooses the key for a token; this package is the storage that it
// reads from, in place of jwkset's own HTTP storage, whose limiter would let
// one bogus key id delay a rotated key by minutes.
package keyset

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

// ErrUnknownKey says that the set, as far as it may be fetched now, has no key
// that fits the token.
var ErrUnknownKey = errors.New("no such key in the key set")

// ErrUnavailable says that no usable set is held: none was ever fetched, or the
// last good one is older than the stale window.
var ErrUnavailable = errors.New("key set unavailable")

// Locate tells where the key set is, asking the authorization server's metadata
// if need be. It is called again after a failed fetch.
type Locate func(context.Context) (url string, err error)

// Options are the bounds of a Set. All durations must be positive.
type Options struct {
	Getter fetch.Getter
	Clock  environ.Clock
	Logger *slog.Logger
	// Issuer names the set in the log.
	Issuer string
	// Cooldown is the least time between two fetches that tokens provoke, unless
	// the earlier one brought a new key: then it is a second. Nobody can bring
	// that about with tokens, and where keys change quickly, each change is
	// followed.
	Cooldown time.Duration
	// Stale is how long after its fetch the last good set may be used.
	Stale time.Duration
}

const (
	// maxWaiters bounds the requests that wait for a fetch at one time.
	maxWaiters = 128
	// maxWait bounds how long a request waits for fetches in all.
	maxWait = 2 * time.Second
	// changePause replaces the cooldown after a fetch that brought a new key.
	changePause = time.Second
)

// Set is the key set of one issuer. Its methods may be called concurrently.
type Set struct {
	options Options
	locate  Locate
	choose  keyfunc.Keyfunc

	current atomic.Pointer[snapshot]
	loaded  chan struct{}   // closed when the first set is in
	ended   <-chan struct{} // closed when no fetch will follow

	wanted chan struct{} // wakes the worker before its pause is over

	mu      sync.Mutex
	pending chan struct{} // closed when the fetch under way, or promised, has ended
	waiters int
	cooling time.Time // until when no token provokes a fetch
	lastErr error
	stopped bool
}

// Start returns the set that locate leads to, and starts the worker that
// fetches it. The worker ends with ctx. Start itself does no network I/O.
func Start(ctx context.Context, locate Locate, options Options) (*Set, error) {
	s := &Set{
		options: options,
		locate:  locate,
		loaded:  make(chan struct{}),
		ended:   ctx.Done(),
		wanted:  make(chan struct{}, 1),
		pending: make(chan struct{}), // the first fetch is promised from the start
	}
	choose, err := keyfunc.New(keyfunc.Options{Ctx: ctx, Storage: storage{set: s}})
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	s.choose = choose
	go s.work(ctx)
	return s, nil
}

// Ready waits until a usable set is held, or returns why none is once ctx ends, or
// the worker has.
func (s *Set) Ready(ctx context.Context) error {
	select {
	case <-s.loaded:
	case <-s.ended:
	case <-ctx.Done():
		return errors.Join(s.unavailable(), ctx.Err())
	}
	_, err := s.usable()
	return err
}

// Verify checks signature over signed with the key that kid names, or, without
// a kid, with each key that fits the method, and returns the key that it is by.
// A token that no held key verifies waits for at most two shared fetches, and
// for no longer than ctx and two seconds, unless its kid names a held key, whose
// word is final.
// Its errors wrap ErrUnknownKey, ErrUnavailable, jwt.ErrTokenSignatureInvalid
// or what ctx ended with.
func (s *Set) Verify(ctx context.Context, method jwt.SigningMethod, kid *string, signed string, signature []byte) (*Key, error) {
	search := &search{Context: ctx, algorithm: method.Alg()}
	defer search.end()
	key, err := s.verifyHeld(search, method, kid, signed, signature)
	if kid == nil && errors.Is(err, jwt.ErrTokenSignatureInvalid) && s.await(search) {
		// Without a kid, only the signature can tell that the key was rotated.
		key, err = s.verifyHeld(search, method, kid, signed, signature)
	}
	return key, err
}

func (s *Set) verifyHeld(search *search, method jwt.SigningMethod, kid *string, signed string, signature []byte) (*Key, error) {
	header := map[string]any{"alg": method.Alg()}
	if kid != nil {
		header["kid"] = *kid
	}
	if _, err := s.choose.KeyfuncCtx(search)(&jwt.Token{Header: header, Method: method}); err != nil {
		return nil, err
	}
	// keyfunc returns one key for an id; the search has all that share it.
	for _, key := range search.found {
		if method.Verify(signed, signature, key.public) == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%w by any of %d keys", jwt.ErrTokenSignatureInvalid, len(search.found))
}

// usable returns the set that may be used now.
func (s *Set) usable() (*snapshot, error) {
	held := s.current.Load()
	if held == nil || !s.fresh(held, s.options.Clock.Now()) {
		return nil, s.unavailable()
	}
	return held, nil
}

// fresh reports whether the stale window is not over.
func (s *Set) fresh(held *snapshot, now time.Time) bool {
	return now.Sub(held.fetched) <= s.options.Stale
}

func (s *Set) unavailable() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lastErr == nil {
		return fmt.Errorf("%w: not fetched yet", ErrUnavailable)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, s.lastErr)
}

// find looks for keys in the held set, and waits for a newer one if there is
// none. A fetch that was under way when the token came may have begun before
// its key was published, so one more is awaited after it.
func (s *Set) find(search *search, look func(*snapshot) bool) error {
	for range 2 {
		if held, err := s.usable(); err == nil && look(held) {
			return nil
		}
		if !s.await(search) {
			break
		}
	}
	if err := search.Err(); err != nil {
		return errors.Join(ErrUnavailable, err)
	}
	held, err := s.usable()
	if err != nil {
		return err
	}
	if look(held) {
		return nil
	}
	return ErrUnknownKey
}

// await waits for the fetch under way, or provokes one if the cooldown allows.
// It reports whether a fetch has ended since it was called.
func (s *Set) await(search *search) bool {
	fetched, ok := s.join()
	if !ok {
		return false
	}
	defer s.leave()
	select {
	case <-fetched:
		return true
	case <-search.patience(s.options.Clock):
	case <-search.Done():
	}
	return false
}

func (s *Set) join() (<-chan struct{}, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.waiters == maxWaiters {
		return nil, false
	}
	if s.pending == nil {
		// Before the first set is in, the worker tries often enough by itself.
		now := s.options.Clock.Now()
		if s.current.Load() == nil || now.Before(s.cooling) {
			return nil, false
		}
		s.cooling = now.Add(s.options.Cooldown)
		s.pending = make(chan struct{})
		select {
		case s.wanted <- struct{}{}:
		default:
		}
	}
	s.waiters++
	return s.pending, true
}

func (s *Set) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiters--
}
