package keyset

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const maxKeys = 512

// snapshot is one fetched set: only its usable keys. It never changes.
type snapshot struct {
	fetched time.Time
	keys    []*Key
	byID    map[string][]*Key
}

// parse reads a JWK Set (RFC 7517 §5). A key that can't verify access tokens is
// passed over with its reason; it doesn't spoil the set. A set without any
// usable key is an error, so that it never replaces a good one.
func parse(body []byte) (keys []*Key, skipped []string, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, nil, errors.New("not a JSON Web Key Set")
	}
	if len(set.Keys) > maxKeys {
		return nil, nil, fmt.Errorf("%d keys; at most %d are read", len(set.Keys), maxKeys)
	}
	for i, raw := range set.Keys {
		key, err := readKey(raw)
		if err != nil {
			skipped = append(skipped, fmt.Sprintf("key %d: %v", i, err))
			continue
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, skipped, fmt.Errorf("none of its %d keys can be used: %s", len(set.Keys), strings.Join(skipped, "; "))
	}
	return keys, skipped, nil
}

// hold makes keys the current set, drops the keys that are no longer in it, and
// reports whether any is new.
func (s *Set) hold(keys []*Key, now time.Time) (grown bool) {
	before := s.current.Load()
	if before == nil {
		before = &snapshot{}
	}
	next := &snapshot{fetched: now, byID: make(map[string][]*Key)}
	for _, key := range keys {
		key.set = s
		if i := slices.IndexFunc(before.byID[key.id], key.sameAs); i >= 0 {
			key = before.byID[key.id][i]
		} else {
			grown = true
		}
		next.keys = append(next.keys, key)
		next.byID[key.id] = append(next.byID[key.id], key)
	}
	// First the old keys go, so that nobody sees the new ones beside them.
	for _, key := range before.keys {
		if !slices.Contains(next.byID[key.id], key) {
			key.dropped.Store(true)
		}
	}
	if s.current.Swap(next) == nil {
		close(s.loaded)
	}
	return grown
}
