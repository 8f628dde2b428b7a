package authtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Fault is one way in which an endpoint of the server misbehaves. What depends
// on the endpoint must live with it: bounded in time and size, and keeping what
// it had. Its text names it, so that it can name a subtest.
type Fault string

// The faults of [Server.Break]. Those of [Server.Down] and [Server.Slow] stand
// beside them.
const (
	// Failing answers 500.
	Failing Fault = "failing"
	// NotFound answers 404.
	NotFound Fault = "not found"
	// Hanging takes the request and never answers.
	Hanging Fault = "hanging"
	// Stalling answers the head and the first bytes of a key set, and never the
	// rest.
	Stalling Fault = "stalling"
	// HTML answers 200 and a page, as portals and proxies do.
	HTML Fault = "HTML"
	// Malformed answers JSON that breaks off.
	Malformed Fault = "malformed"
	// EmptySet answers a key set without keys.
	EmptySet Fault = "empty set"
	// Huge answers JSON that goes on and on, up to 64 MiB.
	Huge Fault = "huge"
	// Redirected sends the client to another origin, where the stranger's keys
	// are published under the server's own key ids. See [StrangerKey]: whoever
	// follows accepts its tokens.
	Redirected Fault = "redirected"
)

// Break makes every request for the absolute path fail in that way; no fault,
// "", mends it. The path of the key set is "/jwks.json" where the issuer has no
// path.
func (s *Server) Break(path string, fault Fault) {
	s.tb.Helper()
	if fault == "" {
		s.Answer(path, nil)
		return
	}
	answer := s.faulty(fault)
	if answer == nil {
		s.tb.Fatalf("authtest: there is no fault %q", fault)
	}
	s.Answer(path, answer)
}

// Slow makes every request for the absolute path wait that long before it is
// answered; zero undoes it.
func (s *Server) Slow(path string, d time.Duration) {
	if d == 0 {
		s.delay(path, nil)
		return
	}
	s.delay(path, func(ctx context.Context) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	})
}

// Hold makes every request for the absolute path wait until the returned
// function is called, so that a test decides in what order things happen. What
// is held has been counted already.
func (s *Server) Hold(path string) (release func()) {
	released, cancel := context.WithCancel(context.Background())
	s.delay(path, func(ctx context.Context) {
		select {
		case <-released.Done():
		case <-ctx.Done():
		}
	})
	return cancel
}

func (s *Server) delay(path string, wait func(context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delays[path] = wait
}

func (s *Server) faulty(fault Fault) http.HandlerFunc {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, http.StatusText(code), code) }
	}
	text := func(mediaType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			_, _ = io.WriteString(w, body) // The client is gone if this fails.
		}
	}
	const json = "application/json"
	return map[Fault]http.HandlerFunc{
		Failing:    status(http.StatusInternalServerError),
		NotFound:   status(http.StatusNotFound),
		Hanging:    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		Stalling:   stall,
		HTML:       text("text/html; charset=utf-8", "<!doctype html><title>Sign in</title>"),
		Malformed:  text(json, `{"keys":[{"kty":"RSA","kid":"`),
		EmptySet:   text(json, `{"keys":[]}`),
		Huge:       flood,
		Redirected: s.redirect,
	}[fault]
}

// stall begins an answer and leaves it at that.
func stall(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, `{"keys":[`) // The client is gone if this fails.
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// flood answers 64 MiB of JSON, as far as anybody reads it.
func flood(w http.ResponseWriter, _ *http.Request) {
	const key = `{"kty":"oct","k":"AAAA"},`
	chunk := strings.Repeat(key, 1<<16/len(key))
	_, err := io.WriteString(w, `{"keys":[`)
	for sent := 0; err == nil && sent < 64<<20; sent += len(chunk) {
		_, err = io.WriteString(w, chunk)
	}
	_, _ = io.WriteString(w, `{}]}`) // The client is gone if this fails.
}

// redirect leads to this very server by another name of its host, which makes it
// another origin.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request) {
	_, port, ok := strings.Cut(s.listener.Addr().String(), ":")
	if !ok {
		s.tb.Errorf("authtest: the address %q has no port", s.listener.Addr())
	}
	http.Redirect(w, r, fmt.Sprintf("http://localhost:%s%s", port, StrangerKeysPath), http.StatusFound)
}
