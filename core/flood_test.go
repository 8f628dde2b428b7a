package core_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// TestS33KnownTokensComeFirst floods a slow issuer with tokens that nobody knows.
// One that was good minutes ago doesn't wait in that queue, whether answers are
// kept or not, and whether they have an expiry or not.
func TestS33KnownTokensComeFirst(t *testing.T) {
	const (
		turns = 32 // of strangers
		idle  = 14 * time.Minute
	)
	for name, c := range map[string]struct {
		cache  time.Duration
		expiry string
	}{
		"kept": {0, `,"exp":4000000000`}, "kept without expiry": {0, ""},
		"not kept": {-1, `,"exp":4000000000`}, "not kept without expiry": {-1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(config *core.Config) {
				i := &config.Issuers[0]
				i.JWKSURL = ""
				i.Introspection = &core.Introspection{
					Endpoint: i.URL + "/introspect", ClientID: authtest.ClientID, ClientSecret: authtest.ClientSecret, CacheTime: c.cache,
				}
			})
			var known atomic.Int32
			release := make(chan struct{})
			w.as.Answer("/introspect", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.FormValue("token"), "stranger") {
					select {
					case <-release:
					case <-r.Context().Done():
					}
				} else {
					known.Add(1)
				}
				_, _ = io.WriteString(rw, `{"active":true,"sub":"s","aud":"`+worldResource+`","scope":"a"`+c.expiry+`}`)
			}))
			authorize := func(token string) error {
				r := httptest.NewRequest(http.MethodGet, "/mcp", http.NoBody)
				r.Header.Set("Authorization", "Bearer "+token)
				_, err := w.rs.Authorize(r, "a")
				return err
			}
			if err := authorize("good"); err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(idle)
			var all sync.WaitGroup
			defer all.Wait()
			defer close(release)
			for i := range 2 * turns {
				all.Go(func() { _ = authorize(fmt.Sprint("stranger", i)) })
			}
			w.await("the flood", func() bool { return w.fetches.Load() >= 1+turns })
			if err := authorize("good"); err != nil {
				t.Errorf("in the flood: %v", err)
			}
			if got := known.Load(); got != 2 {
				t.Errorf("%d questions about the known token, want 2", got)
			}
		})
	}
}

// TestS34NoAnswerOfBeforeAForgettingIsBelieved: a token that is revoked while the
// issuer is asked about it is refused from the forgetting on.
func TestS34NoAnswerOfBeforeAForgettingIsBelieved(t *testing.T) {
	const token = "revoked-meanwhile"
	for name, forget := range map[string]func(*core.ResourceServer){
		"by principal": func(rs *core.ResourceServer) { rs.Forget(func(core.Principal) bool { return true }) },
		"by token":     func(rs *core.ResourceServer) { rs.ForgetToken(token) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(config *core.Config) {
				i := &config.Issuers[0]
				i.JWKSURL = ""
				i.Introspection = &core.Introspection{Endpoint: i.URL + "/introspect", ClientID: authtest.ClientID, ClientSecret: authtest.ClientSecret}
			})
			var asked atomic.Int32
			release := make(chan struct{})
			w.as.Answer("/introspect", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				before := asked.Add(1) == 1
				if w.ring(); before {
					select {
					case <-release:
					case <-r.Context().Done():
					}
				}
				fmt.Fprintf(rw, `{"active":%v,"sub":"alice","aud":%q,"scope":"a","exp":4000000000}`, before, worldResource)
			}))
			ask := func() <-chan bool {
				letIn := make(chan bool, 1)
				go func() {
					r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
					r.Header.Set("Authorization", "Bearer "+token)
					_, err := w.rs.Authorize(r, "a")
					letIn <- err == nil
				}()
				return letIn
			}
			first := ask()
			w.await("the question", func() bool { return asked.Load() == 1 })
			forget(w.rs)
			second := ask()
			w.await("a question of its own", func() bool { return asked.Load() == 2 })
			if <-second {
				t.Error("a token is good by an answer that was under way when it was forgotten")
			}
			close(release)
			if !<-first {
				t.Error("the request of before is refused")
			}
			if <-ask() {
				t.Error("the answer of before was kept")
			}
		})
	}
}
