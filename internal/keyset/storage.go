package keyset

import (
	"context"
	"errors"
	"time"

	"github.com/MicahParks/jwkset"

	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// storage is the view of a Set that keyfunc reads. It only ever reads: the
// embedded interface stands for the rest of jwkset.Storage, which keyfunc does
// not call.
type storage struct {
	jwkset.Storage
	set *Set
}

// search is the way of one token to its key. It travels through keyfunc as a
// context. It tells the storage which algorithm the token uses, so that a key
// that doesn't fit is never handed out, with or without a key id, and brings
// back the keys that were.
type search struct {
	context.Context
	algorithm string
	found     []*Key

	timeout <-chan time.Time // nil until there is something to wait for
	stop    func()
}

type searchKey struct{}

// Value finds the search itself, and asks the outer context for the rest.
func (s *search) Value(key any) any {
	if key == (searchKey{}) {
		return s
	}
	return s.Context.Value(key)
}

// patience returns the channel that ends all waiting of this search together.
func (s *search) patience(clock environ.Clock) <-chan time.Time {
	if s.timeout == nil {
		s.timeout, s.stop = clock.Timer(maxWait)
	}
	return s.timeout
}

// among finds the keys that fit, and reports whether there are any.
func (s *search) among(keys []*Key) bool {
	s.found = s.found[:0]
	for _, key := range keys {
		if key.fits(s.algorithm) {
			s.found = append(s.found, key)
		}
	}
	return len(s.found) > 0
}

func (s *search) end() {
	if s.stop != nil {
		s.stop()
	}
}

var errNoSearch = errors.New("the key set is searched by Verify alone")

// KeyRead returns a key that the id names and that fits the token's algorithm.
// There should be one; where there are several, any may have signed the token.
func (s storage) KeyRead(ctx context.Context, keyID string) (jwkset.JWK, error) {
	search, ok := ctx.Value(searchKey{}).(*search)
	if !ok {
		return jwkset.JWK{}, errNoSearch
	}
	err := s.set.find(search, func(held *snapshot) bool {
		return search.among(held.byID[keyID])
	})
	if err != nil {
		return jwkset.JWK{}, err
	}
	return search.found[0].jwk, nil
}

// KeyReadAll returns every key that fits the token's algorithm.
func (s storage) KeyReadAll(ctx context.Context) ([]jwkset.JWK, error) {
	search, ok := ctx.Value(searchKey{}).(*search)
	if !ok {
		return nil, errNoSearch
	}
	err := s.set.find(search, func(held *snapshot) bool {
		return search.among(held.keys)
	})
	if err != nil {
		return nil, err
	}
	jwks := make([]jwkset.JWK, 0, len(search.found))
	for _, key := range search.found {
		jwks = append(jwks, key.jwk)
	}
	return jwks, nil
}
