//go:build !race

package nethttp_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// TestP2Allocations: what the endpoint adds to the router's own work, and what
// more each thing costs that an app asks for.
func TestP2Allocations(t *testing.T) {
	const none = 2 // the context that carries the principal, and the request that carries the context
	var body strings.Reader
	message := io.NopCloser(&body)
	call := func(r *http.Request) {
		body.Reset(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}`)
		r.Body, r.ContentLength = message, body.Size()
	}
	for _, c := range []struct {
		about   string
		prepare func(*http.Request)
		change  func(*core.Config)
		want    float64
	}{
		{"nothing", nil, func(*core.Config) {}, none},
		{"an observer", nil, func(c *core.Config) { c.Observe = func(context.Context, core.Event) {} }, none},
		{"an Origin", func(r *http.Request) { r.Header["Origin"] = []string{"https://mcp.example"} }, func(*core.Config) {}, none + 3}, // the fields of CORS
		{"a confirmation", nil, func(c *core.Config) {
			c.Confirm = func(*http.Request, core.Principal) error { return nil }
		}, none + 4}, // a request without its body, and a copy of the principal
		{"a policy", call, func(c *core.Config) {
			c.Policy.Tools = map[string]core.Requirement{"whoami": core.Scopes()}
		}, none + 12}, // the message, read and scanned, and what it needs
	} {
		t.Run(c.about, func(t *testing.T) {
			router := apptest.Router{New: func() apptest.App { return newApp() }}
			if got := newBench(t).Allocations(router, c.prepare, c.change); got != c.want {
				t.Errorf("%v allocations beside the router's, want %v", got, c.want)
			}
		})
	}
}
