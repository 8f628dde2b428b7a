package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// TestPolicy puts the policy of the README to work.
func TestPolicy(t *testing.T) {
	as := authtest.NewServer(t)
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	endpoint := app.URL + "/mcp"
	rs, err := core.New(t.Context(), core.Config{
		Resource: endpoint, AuthorizationServers: []string{as.Issuer()}, Scopes: []string{"mcp:read"}, Policy: policy(),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := newServer()
	if err := nethttp.Mount(mux, rs, gosdk.Handler(server, nil)); err != nil {
		t.Fatal(err)
	}
	for tool, want := range map[string]int{
		"whoami": http.StatusOK, "purge": http.StatusForbidden, "export": http.StatusForbidden, "unlisted": http.StatusForbidden,
	} {
		call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":{}}}`
		if got, _ := request(t, http.MethodPost, endpoint, as.Token(endpoint, "mcp:read"), call); got != want {
			t.Errorf("%s: status %d, want %d", tool, got, want)
		}
	}
	if err := gosdk.Lint(context.Background(), rs, server); err == nil || !strings.Contains(err.Error(), `Policy.Tools["purge"]`) {
		t.Errorf("the lint says %v, and nothing of purge, which the server doesn't have", err)
	}
}
