//go:build !race

package echomcp_test

import (
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// TestP2Allocations: what the endpoint adds to the router's own work. Two of the
// three are Echo's, for the metadata that stand before its middleware.
func TestP2Allocations(t *testing.T) {
	router := apptest.Router{New: func() apptest.App { return app{echo.New()} }}
	if got := newBench(t).Allocations(router, nil); got != 3 {
		t.Errorf("%v allocations beside the router's, want 3", got)
	}
}
