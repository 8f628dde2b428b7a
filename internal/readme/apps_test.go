package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

type app func(ctx context.Context, resource, issuer string, server *mcp.Server) (http.Handler, error)

// TestApps runs each minimal app as its reader would.
func TestApps(t *testing.T) {
	as := authtest.NewServer(t)
	for name, build := range map[string]app{"gin": ginApp, "echo": echoApp, "chi": chiApp, "nethttp": netHTTPApp} {
		t.Run(name, func(t *testing.T) {
			listener := httptest.NewUnstartedServer(nil)
			t.Cleanup(listener.Close)
			base := "http://" + listener.Listener.Addr().String()
			handler, err := build(t.Context(), base+"/mcp", as.Issuer(), newServer())
			if err != nil {
				t.Fatal(err)
			}
			listener.Config.Handler = handler
			listener.Start()

			for path, want := range map[string]int{
				"/healthz": http.StatusOK,
				"/mcp":     http.StatusUnauthorized,
				"/nothing": http.StatusNotFound,
				"/.well-known/oauth-protected-resource/mcp": http.StatusOK,
			} {
				if got, _ := request(t, http.MethodGet, base+path, "", ""); got != want {
					t.Errorf("GET %s: status %d, want %d", path, got, want)
				}
			}
			const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}`
			got, said := request(t, http.MethodPost, base+"/mcp", as.Token(base+"/mcp", "mcp:read"), call)
			if got != http.StatusOK || !strings.Contains(said, `"text":"alice"`) {
				t.Errorf("calling the tool: status %d and %q, want 200 and alice", got, said)
			}
		})
	}
}

// request sends a request, an MCP message where there is a body.
func request(t *testing.T, method, url, token, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
