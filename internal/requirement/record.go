package requirement

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// bell lets a row wait for what is recorded, without asking over and over.
type bell struct {
	mu    sync.Mutex
	ring  chan struct{}
	waits int // that a clock was asked for
}

func newBell() *bell { return &bell{ring: make(chan struct{})} }

// next returns a channel that is closed when the bell rings.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ring
}

func (b *bell) sound() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ring)
	b.ring = make(chan struct{})
}

// clock is the view of a clock that rings when somebody begins or ends to wait.
func (b *bell) clock(of *environ.Manual) environ.Clock {
	clock := of.Clock()
	return environ.Clock{Now: clock.Now, Timer: func(d time.Duration) (<-chan time.Time, func()) {
		fired, stop := clock.Timer(d)
		b.mu.Lock()
		b.waits++
		b.mu.Unlock()
		b.sound()
		return fired, func() {
			stop()
			b.sound()
		}
	}}
}

// begun reports how often somebody began to wait for a clock.
func (b *bell) begun() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waits
}

// record collects what happened, from any goroutine.
type record[T any] struct {
	bell *bell // may be nil

	mu   sync.Mutex
	list []T
}

func (l *record[T]) add(entry T) {
	l.mu.Lock()
	l.list = append(l.list, entry)
	l.mu.Unlock()
	if l.bell != nil {
		l.bell.sound()
	}
}

func (l *record[T]) all() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

func (l *record[T]) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

// network is the transport that resource servers get. It records every attempt
// to reach anybody, also one that fails.
type network struct {
	record[string]
	issuer string
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	// A path stands for the authorization server that every row has.
	n.add(strings.TrimPrefix(r.URL.String(), n.issuer))
	return n.next.RoundTrip(r)
}

// verifier is asked before any other. No token is its own.
type verifier struct{ record[string] }

// Verify implements core.Verifier.
func (v *verifier) Verify(_ context.Context, token string) (core.Principal, error) {
	v.add(token)
	return core.Principal{}, core.ErrNotMine
}

// line is one line of the log.
type line struct {
	level   slog.Level
	message string
	attrs   map[string]string
}

func (l line) String() string { return fmt.Sprint(l.level, " ", l.message, " ", l.attrs) }

// logger records the log.
type logger struct{ record[line] }

// Enabled implements slog.Handler.
func (*logger) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (l *logger) Handle(_ context.Context, r slog.Record) error {
	entry := line{r.Level, r.Message, make(map[string]string)}
	r.Attrs(func(a slog.Attr) bool {
		entry.attrs[a.Key] = a.Value.String()
		return true
	})
	l.add(entry)
	return nil
}

// WithAttrs implements slog.Handler. The kit doesn't use it.
func (l *logger) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup implements slog.Handler. The kit doesn't use it.
func (l *logger) WithGroup(string) slog.Handler { return l }

// decisions are the lines that tell a decision. Others are about key sets, and
// of another goroutine.
func (l *logger) decisions() []line {
	return slices.DeleteFunc(l.all(), func(entry line) bool { return !strings.HasPrefix(entry.message, "request ") })
}

// handled is a request that the wrapped handler got.
type handled struct {
	body          string
	authorization []string
}

// handler is the handler behind the gate: it tells who calls.
type handler struct{ record[handled] }

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body) // What is missing shows in the comparison.
	}
	h.add(handled{string(body), r.Header["Authorization"]})
	p, _ := core.PrincipalFrom(r.Context())
	whoAmI(w, r, p)
}

// whoAmI tells what a handler sees of its caller.
func whoAmI(w http.ResponseWriter, r *http.Request, p core.Principal) {
	c := caller{
		Issuer: p.Issuer, Subject: p.Subject, Client: p.ClientID,
		Audience: p.Audience, Scopes: p.Scopes, Authorization: "withheld",
	}
	if values := r.Header["Authorization"]; len(values) > 0 {
		c.Authorization = fmt.Sprintf("%d seen", len(values))
	}
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(c); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body.Bytes()) // The client is gone if this fails.
}
