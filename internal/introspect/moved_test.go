package introspect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

// S34: the answer to a question that was sent is of that time. Who comes later
// than it may be old gets one of their own, together, in the same turn.
func TestWhatWasSentIsNotSharedForLong(t *testing.T) {
	for _, maxAge := range []time.Duration{0, time.Second} {
		clock := environ.NewManual(time.Unix(0, 0))
		h, c := newHeld(t)
		c.options.Clock, c.options.MaxAge = clock.Clock(), maxAge
		join := func() *call {
			joined, err := c.join(t.Context(), question{"token", 0}, false)
			if err != nil {
				t.Fatal(err)
			}
			return joined
		}
		first := join()
		<-h.arrived
		if maxAge > 0 {
			clock.Advance(maxAge - 1)
			if join() != first {
				t.Error("a question that is young enough is not shared")
			}
			clock.Advance(1)
		}
		later := join()
		if later == first {
			t.Fatalf("with a greatest age of %v, a question of before is shared", maxAge)
		}
		if join() != later {
			t.Error("a question that was not sent yet is not shared")
		}
		if len(c.unknown) != 1 || c.under != 2 {
			t.Errorf("%d turns are taken by %d calls, want 1 by 2", len(c.unknown), c.under)
		}
		h.letGo()
		<-first.done
		<-later.done
		if !first.answer.Sent.Equal(time.Unix(0, 0)) || !later.answer.Sent.Equal(clock.Now()) || !later.answer.Active {
			t.Errorf("sent at %v and %v, want the times at which they were", first.answer.Sent, later.answer.Sent)
		}
		if len(c.calls) != 0 || c.under != 0 {
			t.Errorf("%d calls are left, and %d are counted", len(c.calls), c.under)
		}
	}
}

// S33: an endpoint that moved is found again, whatever answers at its old place,
// and looked for once in a pause, however many questions fail.
func TestMovedEndpointIsFound(t *testing.T) {
	for name, old := range map[string]http.HandlerFunc{
		"308":    func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusPermanentRedirect) },
		"400":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) },
		"403":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"404":    http.NotFound,
		"502":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"a page": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"nobody": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			was := httptest.NewServer(old)
			t.Cleanup(was.Close)
			is := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"active":true}`) }))
			t.Cleanup(is.Close)
			var sought atomic.Int32
			clock, at := environ.NewManual(time.Unix(0, 0)), was.URL
			c := New(Options{
				Getter: fetch.Getter{Timeout: patience}, Clock: clock.Clock(), Authentication: Authentication{Method: None},
				Locate: func(context.Context) (string, error) { sought.Add(1); return at, nil },
			})
			for seconds := range int32(3) {
				for i := range 5 {
					if _, err := c.Ask(t.Context(), fmt.Sprint(i), false, 0); err == nil {
						t.Fatal("the old place gives an answer")
					}
				}
				if got := sought.Load(); got != seconds+1 {
					t.Errorf("looked for %d times in an outage, want %d", got, seconds+1)
				}
				clock.Advance(pause)
			}
			at = is.URL
			for range 3 {
				if answer, err := c.Ask(t.Context(), "token", false, 0); err != nil || !answer.Active {
					t.Errorf("at the new place: %v, %v", answer.Active, err)
				}
				clock.Advance(pause)
			}
			if got := sought.Load(); got != 4 {
				t.Errorf("looked for %d times, want 4: not while all is well", got)
			}
		})
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// S33: a transport that breaks down takes neither the process nor a turn with it,
// and lets nobody in.
func TestTransportThatBreaksDown(t *testing.T) {
	for name, breakDown := range map[string]func(token string){
		"panic": func(token string) { panic(token) },
		"exit":  func(string) { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"active":true}`) })
			var whole atomic.Bool
			c.options.Getter.Client = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				if !whole.Load() {
					breakDown("the-token")
				}
				return http.DefaultTransport.RoundTrip(r)
			})}
			for range maxAsked + 1 {
				answer, err := c.Ask(t.Context(), "the-token", false, 0)
				if !errors.Is(err, errBroken) || answer.Active || strings.Contains(err.Error(), "the-token") {
					t.Fatalf("answer %v, error %v", answer, err)
				}
			}
			whole.Store(true)
			if answer, err := c.Ask(t.Context(), "the-token", false, 0); err != nil || !answer.Active {
				t.Errorf("once it is whole again: %v, %v", answer.Active, err)
			}
		})
	}
}
