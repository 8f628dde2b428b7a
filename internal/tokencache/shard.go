package tokencache

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// entry is one value. Only used and index change after it was made.
type entry[V any] struct {
	hash  hash
	value V
	until time.Time
	used  atomic.Bool // since the hand last passed
	index int         // in the ring, under the shard's lock
}

// shard is a part of the cache with a lock of its own. Its entries stand in a
// ring that a hand goes round, as of a clock: it passes by what was used since
// its last round, once, and takes the place of what was not.
type shard[V any] struct {
	mu   sync.RWMutex
	most int
	held map[hash]*entry[V]
	ring []*entry[V]
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
	return s.held[*h]
}

// put keeps the entry if it still may be kept, which it asks under the lock: who
// forgets looks through the shard after it has said so.
func (s *shard[V]) put(e *entry[V], now time.Time, allowed func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !allowed() {
		return
	}
	if old := s.held[e.hash]; old != nil {
		e.index = old.index
		e.used.Store(old.used.Load())
	} else {
		e.index = s.room(now)
	}
	if s.held == nil {
		s.held = make(map[hash]*entry[V])
	}
	s.ring[e.index] = e
	s.held[e.hash] = e
}

// room returns an empty place of the ring. What has ended makes room before the
// shard grows: the hand looks at two entries for one that comes, so the shard
// grows to little more than what is alive.
func (s *shard[V]) room(now time.Time) int {
	for range min(2, len(s.ring)) {
		if !now.Before(s.ring[s.hand].until) {
			return s.vacate()
		}
		if len(s.ring) == s.most {
			break
		}
		s.advance()
	}
	if len(s.ring) < s.most {
		s.ring = append(s.ring, nil)
		return len(s.ring) - 1
	}
	s.seek(now)
	return s.vacate()
}

// seek moves the hand to an entry that has ended or was not used since the hand
// last passed it. It goes round at most once and one step.
func (s *shard[V]) seek(now time.Time) {
	for {
		e := s.ring[s.hand]
		if !e.used.Load() || !now.Before(e.until) {
			return
		}
		e.used.Store(false)
		s.advance()
	}
}

// vacate empties the place at the hand, moves on and returns the place.
func (s *shard[V]) vacate() int {
	index := s.hand
	delete(s.held, s.ring[index].hash)
	s.advance()
	return index
}

func (s *shard[V]) advance() { s.hand = (s.hand + 1) % len(s.ring) }

// drop takes the entry out, unless another has taken its place. The last of the
// ring fills the gap.
func (s *shard[V]) drop(e *entry[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[e.hash] != e {
		return
	}
	delete(s.held, e.hash)
	last := len(s.ring) - 1
	s.ring[e.index] = s.ring[last]
	s.ring[e.index].index = e.index
	s.ring[last] = nil
	s.ring = s.ring[:last]
	if s.hand >= last {
		s.hand = 0
	}
}

// entries returns what is held at this moment.
func (s *shard[V]) entries() []*entry[V] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.ring)
}
