package core_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// odd is a writer as middleware has them, with one oddity or more.
type odd struct {
	http.ResponseWriter
	status int  // what a router has set already, 404 for want of a route
	sent   bool // whether the status is out
}

func (o *odd) WriteHeader(status int) {
	if status >= http.StatusOK {
		o.status = status
		return // like Gin, it waits for the first byte
	}
	o.ResponseWriter.WriteHeader(status)
}

func (o *odd) Write(p []byte) (int, error) {
	if !o.sent {
		o.sent = true
		o.ResponseWriter.WriteHeader(o.status)
	}
	return o.ResponseWriter.Write(p)
}

// breaking is an odd writer that breaks down when it is asked to flush.
type breaking struct{ *odd }

func (breaking) Flush() { panic("this writer can't flush") }

// unwrapping is an odd writer that shows what is beneath it.
type unwrapping struct{ *odd }

func (u unwrapping) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// askThrough serves mcp behind a resource server and beneath a writer, and
// returns the answer to one call with a good token.
func askThrough(t *testing.T, writer func(*odd) http.ResponseWriter, mcp http.HandlerFunc) apptest.Answer {
	t.Helper()
	b := apptest.NewBench(t, authtest.NewServer(t))
	endpoint := b.Server(apptest.Resource).Handler(mcp)
	s := b.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := &odd{ResponseWriter: w, status: http.StatusNotFound}
		endpoint.ServeHTTP(writer(o), r)
		if !o.sent {
			w.WriteHeader(o.status)
		}
	}))
	return s.Do(apptest.Call("/mcp", s.Token(apptest.Resource), apptest.WhoAmI))
}

func plain(o *odd) http.ResponseWriter { return o }

// TestFlushNeverPanics: S52, beneath writers that can't flush or break down over
// it, on a goroutine whose panic nobody would catch.
func TestFlushNeverPanics(t *testing.T) {
	for name, writer := range map[string]func(*odd) http.ResponseWriter{
		"can't flush": plain,
		"breaks down": func(o *odd) http.ResponseWriter { return breaking{o} },
	} {
		t.Run(name, func(t *testing.T) {
			a := askThrough(t, writer, func(w http.ResponseWriter, _ *http.Request) {
				done := make(chan error)
				go func() {
					_, _ = w.Write([]byte("one "))
					w.(http.Flusher).Flush()
					done <- http.NewResponseController(w).Flush()
				}()
				if err := <-done; !errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("Flush returned %v, want errors.ErrUnsupported", err)
				}
				_, _ = w.Write([]byte("two"))
			})
			if a.Status != http.StatusOK || a.Body != "one two" {
				t.Errorf("got %d %q, want 200 with both parts", a.Status, a.Body)
			}
		})
	}
}

// TestStatus: a status that stands already is not the endpoint's (S52).
func TestStatus(t *testing.T) {
	for _, c := range []struct {
		about  string
		mcp    http.HandlerFunc
		status int
	}{
		{"set by the first byte", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) }, http.StatusOK},
		{"set by a flush", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() }, http.StatusOK},
		{"set by the handler", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			_, _ = w.Write([]byte("x"))
		}, http.StatusAccepted},
		{"set without a body", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }, http.StatusAccepted},
		{"set before a flush", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			w.(http.Flusher).Flush()
		}, http.StatusAccepted},
		{"set after an informational one", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			_, _ = w.Write([]byte("x"))
		}, http.StatusOK},
	} {
		t.Run(c.about, func(t *testing.T) {
			if a := askThrough(t, plain, c.mcp); a.Status != c.status {
				t.Errorf("got status %d, want %d", a.Status, c.status)
			}
		})
	}
}

// TestWriterBeneath: what a ResponseController does reaches net/http, where the
// writers between let it (S52).
func TestWriterBeneath(t *testing.T) {
	askThrough(t, func(o *odd) http.ResponseWriter { return unwrapping{o} }, func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		for name, err := range map[string]error{
			"SetWriteDeadline": c.SetWriteDeadline(time.Time{}),
			"Flush":            c.Flush(),
		} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
