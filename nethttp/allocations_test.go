//go:build !race

package nethttp_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// TestP2Allocations: what the endpoint adds to the router's own work, and what
// more each thing costs that an app asks for.
func TestP2Allocations(t *testing.T) {
	const none = 1 // the request, with the context that carries the principal
	for _, c := range []struct {
		about   string
		prepare func(*http.Request)
		change  func(*core.Config)
		want    float64
	}{
		{"nothing", nil, func(*core.Config) {}, none},
		{"an observer", nil, func(c *core.Config) { c.Observe = func(context.Context, core.Event) {} }, none + 1},                      // the name of the tool
		{"an Origin", func(r *http.Request) { r.Header["Origin"] = []string{"https://mcp.example"} }, func(*core.Config) {}, none + 3}, // the fields of CORS
		{"a confirmation", nil, func(c *core.Config) {
			c.Confirm = func(*http.Request, core.Principal) error { return nil }
		}, none + 4}, // a request without its body, and a copy of the principal
		{"a policy", nil, func(c *core.Config) {
			c.Policy.Tools = map[string]core.Requirement{"whoami": core.Scopes()}
		}, none + 6}, // the name of the tool, and what it needs
	} {
		t.Run(c.about, func(t *testing.T) {
			router := apptest.Router{New: func() apptest.App { return newApp() }}
			if got := newBench(t).Allocations(router, c.prepare, c.change); got != c.want {
				t.Errorf("%v allocations beside the router's, want %v", got, c.want)
			}
		})
	}
}
