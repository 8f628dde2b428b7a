package gosdk_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

func TestWithoutAResourceServerNothingIsServed(t *testing.T) {
	server := mcp.NewServer(&mcp.Implementation{Name: "test"}, nil)
	for _, options := range []*mcp.StreamableHTTPOptions{nil, {Stateless: true}, {}} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		gosdk.Handler(server, options).ServeHTTP(w, r)
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "jsonrpc") {
			t.Errorf("status %d, want 500 and no answer", w.Code)
		}
	}
}
