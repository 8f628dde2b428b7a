package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// refused is the exit status when authorization was refused.
const refused = 3

// witness is a transport that remembers how authorization has failed: what an
// SDK makes of an error need not lead back to it.
type witness struct {
	next http.RoundTripper

	mu   sync.Mutex
	last *client.Error
}

// RoundTrip implements http.RoundTripper.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = nil
	if err == nil {
		w.last = refusal(resp)
	}
	var failed *client.Error
	if errors.As(err, &failed) {
		w.last = failed
	}
	return resp, err
}

// refusal is what an answer refuses, also where it doesn't say why.
func refusal(resp *http.Response) *client.Error {
	if e := client.Refused(resp); e != nil {
		return e
	}
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		return &client.Error{Stage: "request", Status: resp.StatusCode}
	}
	return nil
}

func (w *witness) error() *client.Error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// report tells how it ended, and returns the exit status.
func report(err error, seen *witness, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	e := seen.error()
	if e == nil || !isRefusal(e) {
		fmt.Fprintln(stderr, err)
		return 1
	}
	fmt.Fprintln(stderr, "refused:", e)
	fmt.Fprintln(stderr, "what to do:", advice(e))
	return refused
}

// isRefusal tells a refusal from trouble that may pass, and from our own.
func isRefusal(e *client.Error) bool {
	switch {
	case errors.Is(e, client.ErrUnavailable), errors.Is(e, context.DeadlineExceeded), errors.Is(e, context.Canceled):
		return false
	}
	return e.Code != "" || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden ||
		errors.Is(e, client.ErrUntrusted) || strings.HasSuffix(e.Stage, "metadata") || e.Stage == "client registration"
}

// advice says what the person at the terminal can do.
func advice(e *client.Error) string {
	switch e.Code {
	case "access_denied":
		return "run the command again and approve, or ask for access"
	case "insufficient_scope":
		return "this needs scopes that were not granted: run the command again and approve all of them, or ask for access"
	case "invalid_client", "unauthorized_client":
		return "check -client-id and -client-secret; without them, run the command again to register anew"
	case "invalid_token":
		return "the server takes no token of its own authorization server: tell who runs it"
	case "invalid_target":
		return "the authorization server has no tokens for this server: tell who runs them"
	case "invalid_scope":
		return "the authorization server doesn't know the scopes that the server asks for: tell who runs them"
	}
	switch e.Stage {
	case "request":
		return "the server refuses this, and more scopes would not help: ask who runs it for access"
	case "client registration":
		return "register a client by hand, and give -client-id, or publish a metadata document and give -client-metadata-url"
	}
	return "the servers don't fit together, or one of them is not what it seems to be: don't go on, and tell who runs them"
}
