package core_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestS29NoVerdictComesBackAfterItsKeyIsGone has many requests verify and use
// kept verdicts while one key after another leaves the set. Once a key is known
// to be gone, no request that begins later may be let in by it.
func TestS29NoVerdictComesBackAfterItsKeyIsGone(t *testing.T) {
	const generations = 8
	w := newReadyWorld(t)
	letIn := func(token string) bool {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		_, err := w.rs.Authorize(r, "a")
		return err == nil
	}
	var tokens [generations]atomic.Pointer[string]
	var gone atomic.Int64 // how many generations
	done := make(chan struct{})
	var all sync.WaitGroup
	defer all.Wait()
	defer close(done)
	for range 4 {
		all.Go(func() {
			for {
				for g := range tokens {
					token, dropped := tokens[g].Load(), int64(g) < gone.Load()
					if token != nil && letIn(*token) && dropped {
						t.Errorf("a token was let in by key %d, which is gone", g)
						return
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for g := range tokens {
		token := w.mint()
		tokens[g].Store(&token)
		for seconds := 0; !letIn(token); seconds++ {
			if seconds > 60 {
				t.Fatal("a new key was not accepted within a minute")
			}
			w.clock.Advance(time.Second)
		}
		gone.Store(int64(g))
		w.as.Rotate()
	}
}
