package client_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// givesUp sends requests on, but has the caller give up while one for a token is
// under way: the server answers it, to whoever is there still.
func (w *world) givesUp(giveUp func(), gone <-chan struct{}) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/token" || w.ctx.Err() != nil {
			return w.wire.RoundTrip(r)
		}
		select {
		case <-gone:
			return w.wire.RoundTrip(r)
		default:
		}
		giveUp()
		<-gone
		resp, err := w.wire.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
		if ended := r.Context().Err(); ended != nil {
			_ = resp.Body.Close()
			return nil, ended
		}
		return resp, err
	})
}

// C10, C13: a refresh token or a code that was sent is spent. Whoever gives up
// meanwhile leaves what comes of it to the next request.
func TestC10GivenUpWhileATokenIsRequested(t *testing.T) {
	for name, refresh := range map[string]bool{"refresh": true, "code": false} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			storage := client.MemoryStorage()
			keep := func(c *client.Config) { c.Storage = storage }
			if refresh {
				w.mustCall(w.transport(keep), "read")
				w.clock.Advance(time.Hour)
			}
			ctx, giveUp := context.WithCancel(w.ctx)
			defer giveUp()
			gone := make(chan struct{})
			transport := w.transport(keep, func(c *client.Config) { c.Transport = w.givesUp(giveUp, gone) })
			if r := <-w.callLater(ctx, transport, "read"); !errors.Is(r.err, context.Canceled) {
				t.Errorf("who gave up gets status %d, error %v", r.got.status, r.err)
			}
			close(gone)
			w.mustCall(transport, "read")
			w.clock.Advance(time.Hour)
			w.mustCall(w.transport(keep), "read") // another process
			if n := len(w.asked()); n != 1 {
				t.Errorf("%d authorizations, want 1\n%s", n, w.wire)
			}
		})
	}
}
