package keyset

import (
	"context"

	"github.com/MicahParks/jwkset"
)

// storage is the view of a Set that keyfunc reads. It only ever reads: the
// embedded interface stands for the rest of jwkset.Storage, which keyfunc does
// not call.
type storage struct {
	jwkset.Storage
	set *Set
}

type algorithmKey struct{}

// withAlgorithm tells the storage which algorithm the token uses, so that a key
// that doesn't fit is never handed out, with or without a key id.
func withAlgorithm(ctx context.Context, algorithm string) context.Context {
	return context.WithValue(ctx, algorithmKey{}, algorithm)
}

// KeyRead returns the key that the id names and that fits the token's algorithm.
func (s storage) KeyRead(ctx context.Context, keyID string) (jwkset.JWK, error) {
	algorithm, _ := ctx.Value(algorithmKey{}).(string)
	var found jwkset.JWK
	err := s.set.find(ctx, func(held *snapshot) bool {
		for _, key := range held.byID[keyID] {
			if fits(key, algorithm) {
				found = key
				return true
			}
		}
		return false
	})
	return found, err
}

// KeyReadAll returns every key that fits the token's algorithm.
func (s storage) KeyReadAll(ctx context.Context) ([]jwkset.JWK, error) {
	algorithm, _ := ctx.Value(algorithmKey{}).(string)
	var found []jwkset.JWK
	err := s.set.find(ctx, func(held *snapshot) bool {
		found = found[:0]
		for _, key := range held.keys {
			if fits(key, algorithm) {
				found = append(found, key)
			}
		}
		return len(found) > 0
	})
	return found, err
}
