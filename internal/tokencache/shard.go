package tokencache

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// entry is one value. Only used and index change after it was made.
type entry[V any] struct {
	rest  rest // of the token's hash
	value V
	until time.Time
	used  atomic.Bool // since the hand last passed
	index int32       // in the ring, under the shard's lock
}

// shard is a part of the cache with a lock of its own. Its entries stand in a
// ring that a hand goes round, as of a clock: it passes by what was used since
// its last round, once, and takes the place of what was not.
//
// The beginning of a token's hash leads to its entry, which has the rest of the
// hash and is the token's only if that is equal, too. Where two hashes begin
// alike, the later entry takes the place of the earlier one.
type shard[V any] struct {
	mu   sync.RWMutex
	most int
	held map[uint64]*entry[V]
	ring []uint64 // the keys of held
	hand int
}

func (s *shard[V]) get(h *hash, now time.Time) (value V, ok bool) {
	e := s.find(h)
	if e == nil || !now.Before(e.until) {
		return value, false
	}
	// Most often it is set, and a read leaves the line to the other cores.
	if !e.used.Load() {
		e.used.Store(true)
	}
	return e.value, true
}

func (s *shard[V]) find(h *hash) *entry[V] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.held[h.beginning]; e != nil && e.rest == h.rest {
		return e
	}
	return nil
}

// put keeps the entry if it still may be kept, which it asks under the lock: who
// forgets looks through the shard after it has said so.
func (s *shard[V]) put(beginning uint64, e *entry[V], now time.Time, allowed func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !allowed() {
		return
	}
	if old := s.held[beginning]; old != nil {
		e.index = old.index
		e.used.Store(old.used.Load())
	} else {
		e.index = int32(s.room(now))
	}
	if s.held == nil {
		s.held = make(map[uint64]*entry[V])
	}
	s.ring[e.index] = beginning
	s.held[beginning] = e
}

// room returns an empty place of the ring. What has ended makes room before the
// shard grows: the hand looks at two entries for one that comes, so the shard
// grows to little more than what is alive.
func (s *shard[V]) room(now time.Time) int {
	for range min(2, len(s.ring)) {
		if !now.Before(s.atHand().until) {
			return s.vacate()
		}
		if len(s.ring) == s.most {
			break
		}
		s.advance()
	}
	if len(s.ring) < s.most {
		s.ring = append(s.ring, 0)
		return len(s.ring) - 1
	}
	s.seek(now)
	return s.vacate()
}

// seek moves the hand to an entry that has ended or was not used since the hand
// last passed it. It goes round at most once and one step.
func (s *shard[V]) seek(now time.Time) {
	for {
		e := s.atHand()
		if !e.used.Load() || !now.Before(e.until) {
			return
		}
		e.used.Store(false)
		s.advance()
	}
}

func (s *shard[V]) atHand() *entry[V] { return s.held[s.ring[s.hand]] }

func (s *shard[V]) advance() { s.hand = (s.hand + 1) % len(s.ring) }

// vacate empties the place at the hand, moves on and returns the place.
func (s *shard[V]) vacate() int {
	place := s.hand
	delete(s.held, s.ring[place])
	s.advance()
	return place
}

// drop takes the entry out, unless another has taken its place. The last of the
// ring fills the gap.
func (s *shard[V]) drop(beginning uint64, e *entry[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[beginning] != e {
		return
	}
	last := len(s.ring) - 1
	s.held[s.ring[last]].index = e.index
	s.ring[e.index] = s.ring[last]
	s.ring = s.ring[:last]
	delete(s.held, beginning)
	if s.hand >= last {
		s.hand = 0
	}
}

// all returns what is held at this moment.
func (s *shard[V]) all() map[uint64]*entry[V] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.held)
}

func (s *shard[V]) len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.ring)
}
