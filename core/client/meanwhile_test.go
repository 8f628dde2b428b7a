package client_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// C13, C10: while one waits for its user to step up, a token that is refused is
// refreshed for all others.
func TestC13RefusedTokenWhileSteppingUp(t *testing.T) {
	w := start(t)
	user := w.paused()
	transport := user.loggedIn(w)
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

// C12, C13: who refuses one step-up has said nothing of another that waits for it.
func TestC13AnotherStepUpIsRefused(t *testing.T) {
	w := start(t)
	user := w.paused()
	transport := user.loggedIn(w)
	before := w.wire.find("R POST /mcp 200")[0].authorization
	arrived := make(chan struct{}, 10)
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == before {
			rw.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="`+r.Header.Get("X-Needs")+`"`)
			rw.WriteHeader(http.StatusForbidden)
		}
		arrived <- struct{}{}
	}))
	later := func(scope string) <-chan result {
		done := make(chan result, 1)
		go func() {
			got, err := w.send(transport, http.MethodPost, w.resource, callOf("purge"), "X-Needs", scope)
			done <- result{got, err}
		}()
		return done
	}
	w.decideBy(func(r devissuer.AuthorizationRequest) devissuer.Decision {
		if slices.Contains(r.Scopes, "notes:write") {
			return devissuer.Decision{}
		}
		return devissuer.ApproveAll("alice")(r)
	})
	refused := later("notes:write")
	<-user.shown
	<-arrived
	other, same := later("other"), later("notes:write")
	<-arrived
	<-arrived
	close(user.open)
	for _, r := range []result{<-refused, <-same} {
		if e := asError(t, r.err); e.Code != "access_denied" {
			t.Errorf("the error is %v", e)
		}
	}
	if r := <-other; r.err != nil || r.got.status != http.StatusOK {
		t.Errorf("the other: status %d, error %v", r.got.status, r.err)
	}
	if n := len(w.asked()); n != 3 {
		t.Errorf("%d authorizations, want 3: %q", n, w.asked())
	}
}
