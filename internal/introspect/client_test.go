package introspect

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

const patience = 30 * time.Second

// clientOf returns a client of the handler, which is asked without authentication.
func clientOf(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections() // of questions that nobody answers
		server.Close()
	})
	return New(Options{
		Getter: fetch.Getter{Timeout: patience}, Clock: environ.System(), MaxAge: patience,
		Locate:         func(context.Context) (string, error) { return server.URL, nil },
		Authentication: Authentication{Method: None},
	})
}

// held is a handler that answers when it is let go.
type held struct {
	arrived chan string
	release chan struct{}
}

// newHeld returns such a handler, which never waits for the test to see who
// arrived, and a client of it. It is let go before its server closes: what is
// asked while that goes on would be waited for until it gives up.
func newHeld(t *testing.T) (*held, *Client) {
	t.Helper()
	h := &held{arrived: make(chan string, 2*(maxAsked+maxWaiting)), release: make(chan struct{})}
	c := clientOf(t, h.serve)
	t.Cleanup(h.letGo)
	return h, c
}

func (h *held) letGo() {
	select {
	case <-h.release:
	default:
		close(h.release)
	}
}

func (h *held) serve(w http.ResponseWriter, r *http.Request) {
	h.arrived <- r.PostFormValue("token")
	select {
	case <-h.release:
	case <-r.Context().Done():
	}
	fmt.Fprint(w, `{"active":true}`)
}

// S34: those who come with one token share a question; the one who began it may
// go.
func TestQuestionsAreShared(t *testing.T) {
	h, c := newHeld(t)
	impatient, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := c.Ask(impatient, "token", false, 0)
		left <- err
	}()
	<-h.arrived
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	var answered sync.WaitGroup
	for range 8 {
		joined, err := c.join(t.Context(), question{"token", 0}, false)
		if err != nil {
			t.Fatal(err)
		}
		answered.Go(func() { <-joined.done })
	}
	h.letGo()
	answered.Wait()
	if n := len(h.arrived); n != 0 {
		t.Errorf("%d more questions were asked", n)
	}
	if answer, err := c.Ask(t.Context(), "token", false, 0); err != nil || !answer.Active || len(h.arrived) != 1 {
		t.Errorf("a later question: %v, %v, asked %d times", answer, err, len(h.arrived))
	}
}

// S34: what was begun before somebody was forgotten is not shared after.
func TestEpochsDontShare(t *testing.T) {
	h, c := newHeld(t)
	for epoch := range uint64(2) {
		if _, err := c.join(t.Context(), question{"token", epoch}, false); err != nil {
			t.Fatal(err)
		}
		<-h.arrived
	}
}

// S33: a flood of made-up tokens has a bound, and tokens that were good before
// are asked about all the same.
func TestFloodHasABound(t *testing.T) {
	h, c := newHeld(t)
	var busy int
	for i := range maxAsked + maxWaiting + 10 {
		if _, err := c.join(t.Context(), question{fmt.Sprint("made-up-", i), 0}, false); errors.Is(err, ErrBusy) {
			busy++
		}
	}
	if busy != 10 {
		t.Errorf("%d of the flood were turned away, want 10", busy)
	}
	for range maxAsked {
		<-h.arrived
	}
	if _, err := c.join(t.Context(), question{"good", 0}, true); err != nil {
		t.Fatalf("a token that was good before: %v", err)
	}
	if token := <-h.arrived; token != "good" {
		t.Errorf("asked about %q in place of the token that was good before", token)
	}
}

func TestPatienceEnds(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // so that the server notices the client's leaving
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c := New(Options{
		Getter: fetch.Getter{Timeout: 50 * time.Millisecond}, Clock: environ.System(),
		Locate:         func(context.Context) (string, error) { return server.URL, nil },
		Authentication: Authentication{Method: Post, ClientID: "me", Secret: "the-secret"},
	})
	_, err := c.Ask(t.Context(), "the-token", false, 0)
	if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "the-token") || strings.Contains(err.Error(), "the-secret") {
		t.Errorf("S33: error %v, want the deadline's and nothing of the request", err)
	}
}

func TestRefusedClient(t *testing.T) {
	for _, status := range []int{400, 401, 403} {
		c := clientOf(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		_, err := c.Ask(t.Context(), "token", false, 0)
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Status != status {
			t.Errorf("S33: status %d: error %v, want a *RefusedError", status, err)
		}
	}
}

// The endpoint is looked for once, however many come, and again a second after
// it was not found.
func TestLocating(t *testing.T) {
	var sought atomic.Int32
	clock := environ.NewManual(time.Unix(0, 0))
	c := New(Options{
		Getter: fetch.Getter{Timeout: patience}, Clock: clock.Clock(),
		Locate: func(context.Context) (string, error) {
			sought.Add(1)
			return "", errors.New("no metadata")
		},
		Authentication: Authentication{Method: None},
	})
	var done sync.WaitGroup
	for i := range 20 {
		done.Go(func() {
			if _, err := c.Ask(t.Context(), fmt.Sprint("token", i), false, 0); err == nil || !strings.Contains(err.Error(), "no metadata") {
				t.Errorf("error %v", err)
			}
		})
	}
	done.Wait()
	if n := sought.Load(); n != 1 {
		t.Errorf("looked for %d times, want once", n)
	}
	clock.Advance(pause)
	_, _ = c.Ask(t.Context(), "token", false, 0) // it fails as before
	if n := sought.Load(); n != 2 {
		t.Errorf("looked for %d times after a pause, want twice", n)
	}
}

func TestMethodOf(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve := func(c elliptic.Curve) *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	for _, a := range []struct {
		want string
		Authentication
	}{
		{"RS256", Authentication{Key: rsaKey}},
		{"EdDSA", Authentication{Key: edKey}},
		{"ES256", Authentication{Key: curve(elliptic.P256())}},
		{"ES384", Authentication{Key: curve(elliptic.P384())}},
		{"ES512", Authentication{Key: curve(elliptic.P521())}},
	} {
		method, err := MethodOf(a.Key)
		if err != nil || method.Alg() != a.want {
			t.Errorf("%s: %v, %v", a.want, method, err)
		}
		if _, err := a.assertion(time.Unix(0, 0)); err != nil {
			t.Errorf("%s: %v", a.want, err)
		}
	}
	for name, a := range map[string]Authentication{
		"none": {}, "P-224": {Key: curve(elliptic.P224())}, "empty": {Key: ed25519.PrivateKey{}},
		"empty RSA": {Key: &rsa.PrivateKey{}}, "empty ECDSA": {Key: &ecdsa.PrivateKey{}},
		"nil RSA": {Key: (*rsa.PrivateKey)(nil)}, "nil ECDSA": {Key: (*ecdsa.PrivateKey)(nil)}, "nil Ed25519": {Key: ed25519.PrivateKey(nil)},
	} {
		if _, err := MethodOf(a.Key); err == nil {
			t.Errorf("%s: taken for a key", name)
		}
	}
}

// FuzzActive reads answers beside encoding/json: nothing but a member active
// with the value true makes a token good.
func FuzzActive(f *testing.F) {
	f.Add([]byte(`{"active":true}`))
	f.Add([]byte(`{"active":false,"active":true}`))
	f.Add([]byte(`{"ACTIVE":true}`))
	f.Add([]byte(`{"\u0061ctive":true}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		active, err := activeOf(body)
		var members map[string]json.RawMessage
		if active && (err != nil || json.Unmarshal(body, &members) != nil || string(members["active"]) != "true") {
			t.Fatalf("%q is taken for an active token (%v)", body, err)
		}
	})
}
