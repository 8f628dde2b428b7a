package core_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

const worldResource = "https://mcp.example/mcp"

// world is a resource server with an authorization server, a clock that stands
// still, and a record of what was decided and fetched.
type world struct {
	*testing.T
	rs    *core.ResourceServer
	as    *authtest.Server
	clock *environ.Manual
	bell  chan struct{} // something happened that a test may wait for

	fetches atomic.Int64

	mu     sync.Mutex
	events []core.Event
	caller core.Principal // whom the handler saw last
}

func newWorld(t *testing.T, change ...func(*core.Config)) *world {
	t.Helper()
	w := newAuthority(t)
	w.start(change...)
	return w
}

// newAuthority is a world without its resource server, which start adds.
func newAuthority(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, clock: environ.NewManual(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)), bell: make(chan struct{}, 1)}
	w.as = authtest.NewServer(t, func(c *devissuer.Config) { c.Now, c.AccessTokenTTL = w.clock.Now, time.Hour })
	// Keys are made when they are first asked for. On a busy machine an RSA key takes
	// longer than a resource server waits for a key set, and this clock, by which it
	// would ask again, stands still.
	w.as.KeyID("RS256")
	return w
}

func (w *world) start(change ...func(*core.Config)) {
	w.Helper()
	config := core.Config{
		Resource: worldResource, AuthorizationServers: []string{w.as.Issuer()},
		Issuers: []core.Issuer{{URL: w.as.Issuer(), JWKSURL: w.as.Endpoints().KeySet}}, Scopes: []string{"a"},
		Logger: slog.New(slog.DiscardHandler), HTTPClient: &http.Client{Transport: w},
		Observe: w.observe,
	}
	for _, f := range change {
		f(&config)
	}
	rs, err := core.New(environ.With(w.Context(), environ.Clock{Now: w.clock.Now, Timer: w.timer}), config)
	if err != nil {
		w.Fatal(err)
	}
	w.rs = rs
}

// newReadyWorld is newWorld, with the keys there.
func newReadyWorld(t *testing.T, change ...func(*core.Config)) *world {
	t.Helper()
	w := newWorld(t, change...)
	if err := w.rs.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.rest()
	return w
}

func (w *world) observe(_ context.Context, e core.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// RoundTrip counts what is asked of the authorization server.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.fetches.Add(1)
	w.ring()
	return http.DefaultTransport.RoundTrip(r)
}

func (w *world) timer(d time.Duration) (<-chan time.Time, func()) {
	defer w.ring()
	return w.clock.Clock().Timer(d)
}

func (w *world) ring() {
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// await waits for what another goroutine brings about.
func (w *world) await(what string, holds func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	defer cancel()
	for !holds() {
		select {
		case <-w.bell:
		case <-ctx.Done():
			w.Fatalf("still waiting for %s", what)
		}
	}
}

// rest waits until the key worker has nothing to do but to wait.
func (w *world) rest() {
	w.Helper()
	w.await("the key worker", func() bool { return w.clock.Waiting() == 1 })
}

// refetch lets the pause of the key worker pass, and the fetch that follows.
func (w *world) refetch() {
	w.Helper()
	before := w.fetches.Load()
	w.clock.Advance(5 * time.Minute)
	w.await("another fetch", func() bool { return w.fetches.Load() > before })
	w.rest()
}

// mint returns a token that is quickly signed and good for an hour.
func (w *world) mint(change ...func(*authtest.Token)) string {
	w.Helper()
	t := authtest.Token{Algorithm: "EdDSA", Audience: worldResource, Scopes: []string{"a"}}
	for _, f := range change {
		f(&t)
	}
	return w.as.Mint(t)
}

// ask sends a request with the token and returns what was decided.
func (w *world) ask(token string) core.Event {
	w.Helper()
	answer, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/mcp", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	w.rs.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		w.caller, _ = core.PrincipalFrom(r.Context())
	})).ServeHTTP(answer, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.events[len(w.events)-1]
	if e.Status == 0 && answer.Code != http.StatusOK || e.Status != 0 && e.Status != answer.Code {
		w.Errorf("the answer is %d, the event says %d", answer.Code, e.Status)
	}
	return e
}

// check asks and compares: the reason, empty for a request let in, and whether
// the verdict was one that was kept.
func (w *world) check(about, token, reason string, kept bool) {
	w.Helper()
	if e := w.ask(token); e.Reason != reason || e.CacheHit != kept {
		w.Errorf("%s: reason %q, kept %v; want %q, %v (%s)", about, e.Reason, e.CacheHit, reason, kept, e.Got)
	}
}

func newStranger(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
