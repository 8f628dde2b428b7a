//go:build !race

package chimcp_test

import (
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// TestP2Allocations: what the endpoint adds to the router's own work.
func TestP2Allocations(t *testing.T) {
	router := apptest.Router{New: func() apptest.App { return app{chi.NewRouter()} }}
	if got := newBench(t).Allocations(router, nil); got != 1 {
		t.Errorf("%v allocations beside the router's, want 1", got)
	}
}
