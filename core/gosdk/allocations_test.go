//go:build !race

package gosdk

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// TestP2Allocations: what gate and bridge allocate together, for a token that was
// verified before, until the SDK has the request.
func TestP2Allocations(t *testing.T) {
	const resource = "https://mcp.example/mcp"
	as := authtest.NewServer(t)
	rs, err := core.New(t.Context(), core.Config{Resource: resource, AuthorizationServers: []string{as.Issuer()}, Scopes: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := rs.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	served := 0
	sdk := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ })
	h := rs.Handler(&handler{sdk: sdk, key: tokenInfoKey()})
	credentials := []string{"Bearer " + as.Token(resource, "a")}
	r, w := httptest.NewRequest(http.MethodPost, "/mcp", http.NoBody), httptest.NewRecorder()
	got := testing.AllocsPerRun(200, func() {
		r.Header["Authorization"] = credentials // the gate takes it away
		h.ServeHTTP(w, r)
	})
	if got != 2 || served != 201 {
		t.Errorf("%v allocations for each of %d requests, want 2 for each of 201", got, served)
	}
}
