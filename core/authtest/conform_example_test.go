package authtest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// A test proves of a server that it is protected, whatever is sent to it.
func ExampleConform() {
	test := func(t *testing.T) { authtest.Conform(t, notes()) }
	_ = test // The testing package runs it.
	fmt.Println(len(notes().Tools), "tools are tried")
	// Output: 2 tools are tried
}

// ExampleExamine counts, where Conform would fail the test.
func ExampleExamine() {
	test := func(t *testing.T) {
		for _, r := range authtest.Examine(t, notes()) {
			if r.Breach {
				t.Error(r.ID, r.Failure)
			}
		}
	}
	_ = test // The testing package runs it.
	fmt.Println(notes().Scopes)
	// Output: [notes:read]
}

// TestNotes tries the server from outside.
func TestNotes(t *testing.T) {
	t.Parallel()
	authtest.Conform(t, notes())
}

// notes describes the server, which has two tools.
func notes() authtest.Target {
	return authtest.Target{
		Start: func(tb testing.TB, issuer string) authtest.Endpoint {
			const resource = "https://notes.example/mcp"
			mux, err := newNotes(tb.Context(), resource, issuer)
			if err != nil {
				tb.Fatal(err)
			}
			return authtest.Endpoint{Resource: resource, Handler: mux}
		},
		Scopes: []string{"notes:read"},
		Tools:  map[string][]string{"count": nil, "purge": {"notes:write"}},
	}
}

// newNotes is the server as it runs in production.
func newNotes(ctx context.Context, resource, issuer string) (http.Handler, error) {
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1"}, nil)
	for _, name := range []string{"count", "purge"} {
		mcp.AddTool(server, &mcp.Tool{Name: name}, func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
			return &mcp.CallToolResult{}, nil, nil
		})
	}
	rs, err := core.New(ctx, core.Config{
		Resource: resource, AuthorizationServers: []string{issuer}, Scopes: []string{"notes:read"}, Logger: slog.New(slog.DiscardHandler),
		Policy: core.Policy{Tools: map[string]core.Requirement{"count": core.Scopes(), "purge": core.Scopes("notes:write")}},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(server, nil))
}
