package devissuer

import (
	"container/list"
	"crypto/sha256"
	"slices"
	"time"
)

// Limits of what is remembered. Where one is reached the oldest is forgotten,
// so that a client in a loop costs memory once and no more.
const (
	maxClients   = 1000
	maxDocuments = 1000
	maxTickets   = 1000
	maxCodes     = 1000
	maxTokens    = 10000
)

// store holds everything that changes. Its owner guards it with a mutex.
type store struct {
	known      map[string]*client // from the configuration: never forgotten
	registered *bounded[string, *client]
	documents  *bounded[string, *published]
	tickets    *bounded[digest, *ticket]
	codes      *bounded[digest, *code]
	access     *bounded[digest, *accessToken]
	refresh    *bounded[digest, *refreshToken]
}

// digest stands for a secret, so that the secret itself is kept nowhere and
// looking it up takes no time that depends on it.
type digest [sha256.Size]byte

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

// client is a registered client.
type client struct {
	id, name     string
	secret       digest
	confidential bool
	grants       []string
	redirectURIs []string
}

func (c *client) may(grant string) bool { return slices.Contains(c.grants, grant) }

// ticket is an authorization request that waits for the user.
type ticket struct {
	authorization authorization
	expires       time.Time
}

// code is an authorization code. It stays after its use, so that a second use
// is noticed (RFC 6749 §4.1.2).
type code struct {
	authorization authorization
	grant         *grant
	used          bool
	expires       time.Time
}

// grant is what a user, or a client for itself, has been granted. Every token
// that descends from it points to it, so that one word ends them all.
type grant struct {
	client    *client
	subject   string
	scopes    []string
	resources []string
	noRefresh bool // the user declined offline_access
	revoked   bool
}

type accessToken struct {
	grant     *grant
	id        string
	scopes    []string
	resources []string
	issued    time.Time
	expires   time.Time
	revoked   bool
}

type refreshToken struct {
	grant   *grant
	used    bool
	expires time.Time
}

func newStore(clients []Client) *store {
	s := &store{
		known:      make(map[string]*client, len(clients)),
		registered: newBounded[string, *client](maxClients),
		documents:  newBounded[string, *published](maxDocuments),
		tickets:    newBounded[digest, *ticket](maxTickets),
		codes:      newBounded[digest, *code](maxCodes),
		access:     newBounded[digest, *accessToken](maxTokens),
		refresh:    newBounded[digest, *refreshToken](maxTokens),
	}
	for _, c := range clients {
		s.known[c.ID] = knownClient(c)
	}
	return s
}

func knownClient(c Client) *client {
	k := &client{id: c.ID, name: c.Name, redirectURIs: c.RedirectURIs, confidential: c.Secret != ""}
	if k.name == "" {
		k.name = c.ID
	}
	if len(c.RedirectURIs) > 0 {
		k.grants = []string{grantCode, grantRefresh}
	}
	if k.confidential {
		k.secret = digestOf(c.Secret)
		k.grants = append(k.grants, grantClientCredentials)
	}
	return k
}

func (s *store) client(id string) (*client, bool) {
	if c, ok := s.known[id]; ok {
		return c, true
	}
	return s.registered.get(id)
}

// bounded is a map that forgets its oldest entry when it is full.
type bounded[K comparable, V any] struct {
	limit   int
	entries map[K]*list.Element
	order   *list.List // of pair[K, V], oldest first
}

type pair[K comparable, V any] struct {
	key   K
	value V
}

func newBounded[K comparable, V any](limit int) *bounded[K, V] {
	return &bounded[K, V]{limit: limit, entries: make(map[K]*list.Element), order: list.New()}
}

func (b *bounded[K, V]) get(key K) (V, bool) {
	if e, ok := b.entries[key]; ok {
		return e.Value.(pair[K, V]).value, true //nolint:forcetypeassert // the list holds nothing else
	}
	var none V
	return none, false
}

// put adds a key that is not there yet.
func (b *bounded[K, V]) put(key K, value V) {
	if len(b.entries) >= b.limit {
		b.take(b.order.Front().Value.(pair[K, V]).key) //nolint:forcetypeassert // the list holds nothing else
	}
	b.entries[key] = b.order.PushBack(pair[K, V]{key, value})
}

// take removes key and returns what it held.
func (b *bounded[K, V]) take(key K) (V, bool) {
	value, ok := b.get(key)
	if ok {
		b.order.Remove(b.entries[key])
		delete(b.entries, key)
	}
	return value, ok
}
