// Package tokencache keeps what was found out about access tokens, so that a
// token that comes again costs a hash and no more.
//
// A token is known by its SHA-256 hash alone: whoever reads the memory of a
// cache finds no token in it, and nobody can make two tokens share an entry. An
// entry lasts until the time that came with it, or until it is forgotten; what
// is forgotten while it is being found out anew does not come back.
package tokencache

import (
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"
	"time"
)

const (
	// maxShards keeps requests on different cores from waiting for one lock.
	maxShards = 32
	// shardEntries is how many entries a shard has at least, so that a small
	// cache isn't made of shards too small for chance.
	shardEntries = 64
)

// Cache keeps values of type V by token. Its methods may be called concurrently,
// and the values are shared by all who get them.
//
// A cache grows with what is put into it, up to its bound. Beyond that, what has
// ended makes room first, then what was not asked for since it was last passed
// by, so that a crowd of tokens used once doesn't drive out one in use.
type Cache[V any] struct {
	shards []shard[V]
	// forgettings counts the calls of Forget and ForgetToken. A value that was
	// begun before the latest is not kept.
	forgettings atomic.Uint64
}

// New returns a cache of at most the given number of entries. One of none, or
// less, keeps nothing and hashes nothing.
func New[V any](entries int) *Cache[V] {
	if entries <= 0 {
		return &Cache[V]{}
	}
	n := min(max(entries/shardEntries, 1), maxShards)
	c := &Cache[V]{shards: make([]shard[V], n)}
	for i := range c.shards {
		c.shards[i].most = entries / n
		if i < entries%n {
			c.shards[i].most++
		}
	}
	return c
}

// Place is where the value of one token belongs in a cache. It remembers when it
// was looked up. The zero Place keeps nothing.
type Place[V any] struct {
	cache       *Cache[V]
	hash        hash
	forgettings uint64
}

// hash is the SHA-256 hash of a token.
type hash struct {
	beginning uint64
	rest      rest
}

type rest [sha256.Size - 8]byte

// Get returns the value that is kept for the token, if its end is after now.
// Otherwise it returns false, and the place where to put the value once it is
// found out.
func (c *Cache[V]) Get(token string, now time.Time) (V, Place[V], bool) {
	if len(c.shards) == 0 {
		var none V
		return none, Place[V]{}, false
	}
	// The count is read before anything is looked at: what is forgotten from
	// here on is not put back.
	place := Place[V]{cache: c, forgettings: c.forgettings.Load()}
	place.hash = hashOf(token)
	value, ok := c.shard(&place.hash).get(&place.hash, now)
	return value, place, ok
}

// Put keeps value until that time, in place of what was kept before. It keeps
// nothing if now is not before until, or if anything was forgotten since Get
// returned the place: the value may be of what was meant.
func (p Place[V]) Put(value V, until, now time.Time) {
	if p.cache == nil || !now.Before(until) {
		return
	}
	e := &entry[V]{rest: p.hash.rest, value: value, until: until}
	p.cache.shard(&p.hash).put(p.hash.beginning, e, now, func() bool {
		return p.cache.forgettings.Load() == p.forgettings
	})
}

// Forget drops every entry whose value is meant, with those that are being found
// out. It calls meant for one value after another, with no lock held.
func (c *Cache[V]) Forget(meant func(V) bool) {
	c.forgettings.Add(1)
	for i := range c.shards {
		s := &c.shards[i]
		for beginning, e := range s.all() {
			if meant(e.value) {
				s.drop(beginning, e)
			}
		}
	}
}

// ForgetToken drops the entry of the token, also if it is being found out.
func (c *Cache[V]) ForgetToken(token string) {
	c.forgettings.Add(1)
	if len(c.shards) == 0 {
		return
	}
	h := hashOf(token)
	s := c.shard(&h)
	if e := s.find(&h); e != nil {
		s.drop(h.beginning, e)
	}
}

// Len returns the number of entries, with those that have ended and not made
// room yet.
func (c *Cache[V]) Len() int {
	n := 0
	for i := range c.shards {
		n += c.shards[i].len()
	}
	return n
}

func (c *Cache[V]) shard(h *hash) *shard[V] {
	return &c.shards[int(h.rest[0])%len(c.shards)]
}

// hashOf hashes the token by way of a buffer on the stack. A conversion to a
// slice would copy all of it to the heap, where it would stay for a while.
func hashOf(token string) (h hash) {
	var buffer [1024]byte
	digest := sha256.New()
	for token != "" {
		n := copy(buffer[:], token)
		digest.Write(buffer[:n])
		token = token[n:]
	}
	var sum [sha256.Size]byte
	digest.Sum(sum[:0])
	h.beginning = binary.LittleEndian.Uint64(sum[:])
	copy(h.rest[:], sum[8:])
	return h
}
