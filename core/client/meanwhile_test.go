package client_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// C13, C10: while one waits for its user to step up, a token that is refused is
// refreshed for all others.
func TestC13RefusedTokenWhileSteppingUp(t *testing.T) {
	w := start(t)
	user := w.paused()
	stepping := false
	transport := w.transport(func(c *client.Config) {
		c.Redirect = func(ctx context.Context, page string) error {
			if stepping {
				return user.redirect(w)(ctx, page)
			}
			return w.browse(ctx, page)
		}
	})
	w.mustCall(transport, "read")
	stepping = true
	stepUp := w.callLater(w.ctx, transport, "purge")
	<-user.shown
	w.refuse(w.wire.find("R POST /mcp 200")[0].authorization)
	if r := <-w.callLater(w.ctx, transport, "read"); r.err != nil || r.got.status != http.StatusOK {
		t.Errorf("status %d, error %v", r.got.status, r.err)
	}
	close(user.open)
	if r := <-stepUp; r.err != nil || r.got.status != http.StatusOK {
		t.Errorf("the step-up: status %d, error %v", r.got.status, r.err)
	}
}
