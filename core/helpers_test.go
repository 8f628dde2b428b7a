package core_test

import (
	"net/http"
	"net/http/httptest"
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
