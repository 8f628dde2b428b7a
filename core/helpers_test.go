package core_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// challengeOf returns the challenge that a bare request gets.
func challengeOf(t *testing.T, rs *core.ResourceServer) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "https://mcp.example/mcp", http.NoBody)
	rs.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Fatalf("status %d, want 401", w.Code)
	}
	return w.Header().Get("WWW-Authenticate")
}

// posted is a message to a server, with a token of scope base.
func posted(ctx context.Context, t *testing.T, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/mcp", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer scopes:base")
	return r
}

// exchange posts a message, each of change having altered it, and returns the
// answer.
func exchange(t *testing.T, url, body string, change ...func(*http.Request)) (status int, header http.Header, text string) {
	t.Helper()
	r := posted(t.Context(), t, url, body)
	for _, f := range change {
		f(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(all)
}
