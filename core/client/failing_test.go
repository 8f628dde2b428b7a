package client_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// failing is a storage whose tokens can't be written while fails is set.
type failing struct {
	client.Storage
	fails *atomic.Bool
}

func newFailing() failing {
	s := failing{client.MemoryStorage(), new(atomic.Bool)}
	s.fails.Store(true)
	return s
}

var errDisk = errors.New("disk full")

// Update implements client.Storage.
func (f failing) Update(ctx context.Context, key client.Key, change func(client.State) (client.State, error)) error {
	if key.Resource == "" || !f.fails.Load() {
		return f.Storage.Update(ctx, key, change)
	}
	state, err := f.Load(ctx, key)
	if err == nil {
		_, err = change(state)
	}
	return errors.Join(err, errDisk)
}

// C9: a storage that fails says so, and the token that was got is not lost.
func TestC9StorageFails(t *testing.T) {
	w := start(t)
	transport := w.transport(func(c *client.Config) { c.Storage = newFailing() })
	if e := w.mustFail(transport, "storage"); !errors.Is(e, errDisk) {
		t.Errorf("the error is %v", e)
	}
	w.mustCall(transport, "read")
	if n := len(w.asked()); n != 1 {
		t.Errorf("%d authorizations", n)
	}
}

// C9, C10: once the storage works again, what it has is older than what is in
// use: its refresh token is spent, or goes with fewer scopes.
func TestC9StorageFailsForAWhile(t *testing.T) {
	for name, change := range map[string]func(*world, *client.Transport) error{
		"at a refresh": func(w *world, transport *client.Transport) error {
			w.clock.Advance(time.Hour)
			_, err := w.call(transport, "read")
			return err
		},
		"at a step-up": func(w *world, transport *client.Transport) error {
			_, err := w.call(transport, "purge")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			storage := newFailing()
			keep := func(c *client.Config) { c.Storage = storage }
			storage.fails.Store(false)
			transport := w.transport(keep)
			w.mustCall(transport, "read")
			storage.fails.Store(true)
			if err := change(w, transport); !errors.Is(err, errDisk) {
				t.Fatalf("the error is %v", err)
			}
			asked := len(w.asked())
			storage.fails.Store(false)
			for range 2 {
				w.clock.Advance(time.Hour)
				w.mustCall(transport, "read")
				w.clock.Advance(time.Hour)
				w.mustCall(w.transport(keep), "read") // another process
			}
			if name == "at a step-up" {
				w.mustCall(transport, "purge")
			}
			if n := len(w.asked()); n != asked {
				t.Errorf("%d further authorizations\n%s", n-asked, w.wire)
			}
		})
	}
}

// repeating is a storage that runs changes anew, as one does that is locked by
// hope alone.
type repeating struct{ client.Storage }

// Update implements client.Storage.
func (r repeating) Update(ctx context.Context, key client.Key, change func(client.State) (client.State, error)) error {
	return r.Storage.Update(ctx, key, func(s client.State) (client.State, error) {
		if _, err := change(s); err != nil {
			return s, err
		}
		return change(s)
	})
}

// C9, C10: a code or a refresh token is good for one use. A storage that would have
// it used twice is told, and nothing is stored in silence.
func TestC9StorageThatRepeatsChanges(t *testing.T) {
	w := start(t)
	e := w.mustFail(w.transport(func(c *client.Config) { c.Storage = repeating{client.MemoryStorage()} }), "storage")
	if !strings.Contains(e.Error(), "twice") {
		t.Errorf("the error is %v", e)
	}
}
