package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// Keys rotate under load, and the authorization server goes away and comes back.
// A token whose key is known is answered rightly at all times; one by a new key
// is refused at worst until the key was fetched, and never with 5xx (S28 to S30).
func TestKeysRotateAndTheServerComesAndGoes(t *testing.T) {
	const rotations, outages = 20, 5
	as := authtest.NewServer(t)
	crowd := newCrowd(t, as)
	for i := range rotations {
		as.RotateKeeping()
		crowd.give(fmt.Sprintf("rotation-%d", i), false)
		crowd.await("a token by a new key to be accepted", func(c *asker) bool { return c.fresh == nil })
		if i%(rotations/outages) != 0 {
			continue
		}
		as.Down()
		crowd.give(fmt.Sprintf("outage-%d", i), true) // by a key that is known
		crowd.provoke()
		crowd.await("answers during the outage", func(c *asker) bool { return c.rounds > 1 && !c.provoked })
		as.Up()
	}
	crowd.stop()

	// With the old keys out of the set their tokens are refused, also those that
	// were let in a moment ago.
	as.Rotate()
	crowd.give("last", false)
	for _, c := range crowd.clients {
		for ctx := timeout(t); c.fresh != nil; {
			if err := c.tryFresh(ctx); err != nil {
				t.Fatal(err)
			}
		}
		for _, k := range c.known[:len(c.known)-1] {
			if status, _, err := c.me(t.Context(), k); err != nil || status != http.StatusUnauthorized {
				t.Errorf("%s: %s, whose key has left the set, is answered %d (%v)", c.process.program, k.subject, status, err)
			}
		}
	}
}

// issued is a token and whom it is for.
type issued struct{ token, subject string }

// asker asks one example who it is, again and again.
type asker struct {
	process *process

	mu       sync.Mutex
	known    []issued // whose key the example has
	fresh    *issued  // whose key it must find
	bogus    issued   // whose key there isn't
	provoked bool     // whether to ask about that one
	rounds   int      // since the last token came
	failed   error
}

// me asks with one token, and returns the status and the subject in the answer.
func (c *asker) me(ctx context.Context, k issued) (status int, subject string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.process.address+"/api/me", http.NoBody)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+k.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	var body struct {
		Sub string `json:"sub"`
	}
	err = json.NewDecoder(response.Body).Decode(&body)
	return response.StatusCode, body.Sub, err
}

// round asks about the latest tokens and the first one. The lock is held, so that
// what it knows is what it was given.
func (c *asker) round(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.tryFresh(ctx); err != nil {
		return err
	}
	for i, k := range c.known {
		if i > 0 && i < len(c.known)-2 {
			continue
		}
		status, subject, err := c.me(ctx, k)
		if err != nil || status != http.StatusOK || subject != k.subject {
			return fmt.Errorf("%s: %s is answered %d for %q (%w)", c.process.program, k.subject, status, subject, err)
		}
	}
	if c.provoked {
		status, _, err := c.me(ctx, c.bogus)
		if err != nil || status != http.StatusUnauthorized {
			return fmt.Errorf("%s: a token without a key is answered %d (%w)", c.process.program, status, err)
		}
		c.provoked = false
	}
	c.rounds++
	return nil
}

// tryFresh asks about the token whose key the example may not have yet.
func (c *asker) tryFresh(ctx context.Context) error {
	if c.fresh == nil {
		return nil
	}
	status, subject, err := c.me(ctx, *c.fresh)
	switch {
	case err == nil && status == http.StatusOK && subject == c.fresh.subject:
		c.known, c.fresh = append(c.known, *c.fresh), nil
	case err != nil || status != http.StatusUnauthorized:
		return fmt.Errorf("%s: %s is answered %d for %q (%w)", c.process.program, c.fresh.subject, status, subject, err)
	}
	return nil
}

// crowd is an asker at each of the examples, which all trust one server.
type crowd struct {
	*testing.T
	as      *authtest.Server
	clients []*asker
	bell    chan struct{} // a round is over
	stop    func()
}

func newCrowd(t *testing.T, as *authtest.Server) *crowd {
	t.Helper()
	c := &crowd{T: t, as: as, bell: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	c.stop = func() {
		cancel()
		all.Wait()
	}
	t.Cleanup(c.stop)
	for _, program := range programs() {
		one := &asker{process: start(t, program, "ISSUER="+as.Issuer(), "RESOURCE="+rotationResource)}
		one.bogus = issued{token: as.Mint(authtest.Token{Audience: rotationResource, Scopes: []string{"mcp:read"}, Flaw: authtest.UnknownKeyID})}
		c.clients = append(c.clients, one)
		all.Go(func() { c.load(ctx, one) })
	}
	return c
}

const rotationResource = "https://mcp.example/mcp"

// load asks until ctx ends, or an answer is wrong.
func (c *crowd) load(ctx context.Context, one *asker) {
	pace := time.NewTicker(10 * time.Millisecond) // more would only heat the machine
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
		err := one.round(context.WithoutCancel(ctx))
		if err != nil {
			one.mu.Lock()
			one.failed = err
			one.mu.Unlock()
		}
		select {
		case c.bell <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// give hands every asker a token by the newest key. Whether the examples have
// that key already is the caller's to say.
func (c *crowd) give(subject string, known bool) {
	c.Helper()
	k := issued{subject: subject, token: c.as.Mint(authtest.Token{Audience: rotationResource, Subject: subject, Scopes: []string{"mcp:read"}})}
	for _, one := range c.clients {
		one.mu.Lock()
		if one.rounds = 0; known {
			one.known = append(one.known, k)
		} else {
			one.fresh = &k
		}
		one.mu.Unlock()
	}
}

// provoke has every example ask the server, in vain, about a key.
func (c *crowd) provoke() {
	for _, one := range c.clients {
		one.mu.Lock()
		one.provoked = true
		one.mu.Unlock()
	}
}

// await waits until it holds for every asker.
func (c *crowd) await(what string, holds func(*asker) bool) {
	c.Helper()
	ctx := timeout(c.T)
	for _, one := range c.clients {
		for done := false; !done; {
			one.mu.Lock()
			failed := one.failed
			done = holds(one)
			one.mu.Unlock()
			if failed != nil {
				c.Fatal(failed)
			}
			if done {
				break
			}
			select {
			case <-c.bell:
			case <-ctx.Done():
				c.Fatalf("%s: still waiting for %s", one.process.program, what)
			}
		}
	}
}
