package keyset_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/keyset"
)

// broken is a logger that breaks down with every line.
type broken struct{ slog.Handler }

func (broken) Enabled(context.Context, slog.Level) bool          { return true }
func (broken) Handle(context.Context, slog.Record) error         { panic("no log") }
func (b broken) WithAttrs([]slog.Attr) slog.Handler              { return b }
func (b broken) WithGroup(string) slog.Handler                   { return b }
func panicking(*http.Request) (answer *http.Response, err error) { panic("no transport") }

// TestS30ABrokenTransportIsAnOutage has the caller's own code panic in the
// worker, which must live on: with the set that it holds, until the next fetch.
func TestS30ABrokenTransportIsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer cancel()
		a, b := newSigner(t, "a"), newSigner(t, "b")
		e := &endpoint{answer: panicking}
		set, err := keyset.Start(ctx, func(context.Context) (string, error) { return "https://as.example/keys", nil }, keyset.Options{
			Getter: fetch.Getter{Client: &http.Client{Transport: e}, Limit: 1 << 20, Timeout: 5 * time.Second},
			Clock:  environ.System(), Logger: slog.New(broken{}), Issuer: "https://as.example",
			Cooldown: cooldown, Stale: stale,
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := verify(t.Context(), t, set, a, &a.kid); err == nil {
			t.Fatal("a token is good while no key was ever there")
		}
		e.set(respond(published(t, a)))
		if err := set.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		e.set(panicking)
		pass(10 * time.Minute)
		if err := verify(t.Context(), t, set, a, &a.kid); err != nil {
			t.Errorf("a held key while the transport breaks down: %v", err)
		}
		e.set(respond(published(t, b)))
		pass(10 * time.Minute)
		if err := verify(t.Context(), t, set, b, &b.kid); err != nil {
			t.Errorf("a new key once it is whole again: %v", err)
		}
	})
}

// TestReadyWaitsForNoWorkerThatHasEnded: S27, a service that stops while it still
// waits for its keys stops.
func TestReadyWaitsForNoWorkerThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		e.set(refuse)
		ctx, cancel := context.WithCancel(t.Context())
		set := e.start(ctx, t)
		synctest.Wait()
		cancel()
		if err := set.Ready(t.Context()); !errors.Is(err, keyset.ErrUnavailable) {
			t.Errorf("Ready = %v, want ErrUnavailable", err)
		}
	})
}
