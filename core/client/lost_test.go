package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// C9, C10: what the storage has failed to take is stored as soon as it can be, not
// when the next refresh is due: the process may end before, and what is stored
// until then is spent.
func TestC9UnsavedTokenIsSavedSoon(t *testing.T) {
	for name, change := range map[string]func(*world, *client.Transport) error{
		"login": func(w *world, transport *client.Transport) error {
			_, err := w.call(transport, "read")
			return err
		},
		"refresh": func(w *world, transport *client.Transport) error {
			w.clock.Advance(time.Hour)
			_, err := w.call(transport, "read")
			return err
		},
		"step-up": func(w *world, transport *client.Transport) error {
			_, err := w.call(transport, "purge")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			storage := newFailing()
			keep := func(c *client.Config) { c.Storage = storage }
			transport := w.transport(keep)
			if name != "login" {
				storage.fails.Store(false)
				w.mustCall(transport, "read")
				storage.fails.Store(true)
			}
			if err := change(w, transport); !errors.Is(err, errDisk) {
				t.Fatalf("the error is %v", err)
			}
			w.mustCall(transport, "read") // The storage fails still.
			storage.fails.Store(false)
			asked := len(w.asked())
			w.mustCall(transport, "read")
			w.clock.Advance(time.Hour)
			w.mustCall(w.transport(keep), "read") // The process ends, and another one begins.
			if n := len(w.asked()); n != asked {
				t.Errorf("%d further authorizations\n%s", n-asked, w.wire)
			}
		})
	}
}
