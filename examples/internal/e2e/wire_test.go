package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// wire records what goes over the wire, in order, for several parties.
type wire struct {
	mu       sync.Mutex
	lines    []string
	secrets  []string // tokens and codes that were seen
	sessions []string // the Mcp-Session-Id of requests and answers
	scopes   []string // what authorization requests asked for
}

// by returns the transport of one party.
func (w *wire) by(party string) http.RoundTripper { return &tap{wire: w, party: party} }

// log returns the exchanges so far: who, method, path, status.
func (w *wire) log() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.lines...)
}

// asked returns the scope parameter of each authorization request.
func (w *wire) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.scopes...)
}

// sessionIDs returns the session ids that went by.
func (w *wire) sessionIDs() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.sessions...)
}

// checkSecrets fails the test if text contains a secret that went by.
func (w *wire) checkSecrets(t *testing.T, text string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.secrets) == 0 {
		t.Error("no secret went over the wire, so none could be looked for")
	}
	for _, secret := range w.secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the process has printed a secret of %d bytes", len(secret))
		}
	}
}

type tap struct {
	wire  *wire
	party string
}

// RoundTrip notes the exchange once it has an answer.
func (p *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	w := p.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprintf("%s %s %s %d", p.party, r.Method, r.URL.Path, response.StatusCode))
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		w.secrets = append(w.secrets, token)
	}
	if code := r.URL.Query().Get("code"); code != "" {
		w.secrets = append(w.secrets, code)
	}
	for _, header := range []http.Header{r.Header, response.Header} {
		if id := header.Get("Mcp-Session-Id"); id != "" {
			w.sessions = append(w.sessions, id)
		}
	}
	if query := r.URL.Query(); query.Get("response_type") == "code" && r.Method == http.MethodGet {
		w.scopes = append(w.scopes, query.Get("scope"))
	}
	return response, nil
}

// bearer sends a fixed access token with every request.
type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip adds the token.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}
