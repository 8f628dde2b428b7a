package authtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// The client that every server knows, unless the Clients of its configuration
// are changed. It is confidential, so it can introspect.
const (
	ClientID     = "test-client"
	ClientSecret = "test-secret"
)

// Server is an authorization server that runs until the test ends. Its methods
// may be called concurrently. Token, Mint, KeyID, JWK and Break end the test if
// they can't do what is asked, so call them from its own goroutine
// (testing.T.FailNow).
type Server struct {
	tb       testing.TB
	config   devissuer.Config
	issuer   *devissuer.Server
	ring     *ring
	stranger *keys // whose tokens nobody must accept
	listener *switchListener
	http     *httptest.Server

	mu       sync.Mutex
	requests map[string]int
	answers  map[string]http.Handler
	delays   map[string]func(context.Context)
	edit     func(map[string]any)
}

// NewServer starts a server on a random port of 127.0.0.1 and stops it when tb
// ends. Its issuer has no path, it approves every authorization request as
// alice, and it knows one client, [ClientID].
//
// Each of change may alter the configuration before the server starts. Issuer
// is filled in already, so that a path can be appended to it. Setting Approve
// to nil brings the consent page; setting Now gives the tokens another clock.
// Keys must be left alone, and Now and AccessTokenTTL not be zeroed.
func NewServer(tb testing.TB, change ...func(*devissuer.Config)) *Server {
	tb.Helper()
	s := &Server{
		tb:       tb,
		requests: make(map[string]int),
		answers:  make(map[string]http.Handler),
		delays:   make(map[string]func(context.Context)),
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.listener = newSwitchListener(s.http.Listener)
	s.http.Listener = s.listener
	s.ring, s.stranger = newRing(), newKeys()
	s.config = devissuer.Config{
		Issuer:  "http://" + s.listener.Addr().String(),
		Keys:    s.ring,
		Now:     time.Now,
		Approve: devissuer.ApproveAll("alice"),

		AccessTokenTTL: 10 * time.Minute,
		Clients: []devissuer.Client{{
			ID: ClientID, Secret: ClientSecret, RedirectURIs: []string{"http://127.0.0.1/callback"},
		}},
	}
	for _, f := range change {
		f(&s.config)
	}
	if s.config.Keys != devissuer.Keys(s.ring) || s.config.Now == nil || s.config.AccessTokenTTL == 0 {
		s.http.Close()
		tb.Fatal("authtest: Keys must be left alone, Now and AccessTokenTTL must not be zeroed")
	}
	issuer, err := devissuer.New(s.config)
	if err != nil {
		s.http.Close()
		tb.Fatalf("authtest: %v", err)
	}
	s.issuer = issuer
	s.http.Start()
	tb.Cleanup(s.close)
	return s
}

// close ends every connection first: one that a client keeps open would hold
// up httptest.
func (s *Server) close() {
	s.listener.down()
	s.http.Close()
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests[r.URL.Path]++
	delay := s.delays[r.URL.Path]
	s.mu.Unlock()
	if delay != nil {
		delay(r.Context())
	}
	s.mu.Lock()
	answer, edit := s.answers[r.URL.Path], s.edit
	s.mu.Unlock()
	switch {
	case answer != nil:
		answer.ServeHTTP(w, r)
	case r.URL.Path == StrangerKeysPath:
		s.serveStrangerKeys(w)
	case edit != nil && s.isMetadata(r):
		s.serveEditedMetadata(w, r, edit)
	default:
		s.issuer.ServeHTTP(w, r)
	}
}

// Issuer returns the issuer identifier: "http://127.0.0.1:PORT", unless it was
// changed.
func (s *Server) Issuer() string { return s.issuer.Issuer() }

// Endpoints returns the absolute URLs of the server.
func (s *Server) Endpoints() devissuer.Endpoints { return s.issuer.Endpoints() }

// Requests returns how many requests the absolute path has got, of any method,
// whatever was answered.
func (s *Server) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[path]
}

// KeyFetches returns how many requests the key set has got.
func (s *Server) KeyFetches() int { return s.Requests(s.pathOf(s.Endpoints().KeySet)) }

// Rotate makes new signing keys and drops the old ones from the key set, with
// everything that RotateKeeping kept. Published extra keys stay.
func (s *Server) Rotate() { s.ring.rotate(false) }

// RotateKeeping makes new signing keys and leaves the old ones in the key set,
// as an authorization server does that cares for tokens still in use.
func (s *Server) RotateKeeping() { s.ring.rotate(true) }

// PublishJWK adds a key to the key set, as it is: a bad key too. See [Server.JWK].
func (s *Server) PublishJWK(jwk map[string]any) { s.ring.publish(jwk) }

// KeyID returns the kid of the current key for a signing algorithm such as
// "RS256".
func (s *Server) KeyID(algorithm string) string {
	s.tb.Helper()
	id, _, err := s.ring.key(algorithm)
	if err != nil {
		s.tb.Fatalf("authtest: %v", err)
	}
	return id
}
