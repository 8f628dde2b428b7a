package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// mcp-go hands its tools the header of the request. The access token isn't in
// it any more, however the request came (security rules, identity).
func TestMCPGoToolSeesNoToken(t *testing.T) {
	as := authtest.NewServer(t)
	for _, stateful := range []bool{false, true} {
		name := map[bool]string{false: "stateless", true: "stateful"}[stateful]
		t.Run(name, func(t *testing.T) {
			headers := make(chan http.Header, 1)
			w := serveMCPGo(t, as, stateful, headers)
			opened := w.ask(t, row{method: http.MethodPost, path: "/mcp", token: w.good, header: post(), body: initializeCall})
			header := post("X-Sent-By-Client", "yes", "Mcp-Protocol-Version", sessions)
			if id := opened.header.Get("Mcp-Session-Id"); id != "" {
				header.Set("Mcp-Session-Id", id)
			}
			w.check(t, row{
				name: "calling the tool", method: http.MethodPost, path: "/mcp", token: w.good, header: header,
				body: `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"look","arguments":{}}}`, status: http.StatusOK,
			})
			select {
			case seen := <-headers:
				checkWithheld(t, seen, w.good)
			default:
				t.Fatal("the tool didn't run")
			}
		})
	}
}

func checkWithheld(t *testing.T, seen http.Header, token string) {
	t.Helper()
	if seen.Get("X-Sent-By-Client") != "yes" {
		t.Error("the tool doesn't see the request's header at all")
	}
	for name, values := range seen {
		if name == "Authorization" || slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, token) }) {
			t.Errorf("the tool sees the token in %s", name)
		}
	}
}

// serveMCPGo serves a tool that tells which header it was given.
func serveMCPGo(t *testing.T, as *authtest.Server, stateful bool, headers chan<- http.Header) *world {
	t.Helper()
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	rs, err := core.New(t.Context(), core.Config{
		Resource: app.URL + "/mcp", AuthorizationServers: []string{as.Issuer()}, Scopes: []string{"mcp:read"},
	})
	if err != nil {
		t.Fatal(err)
	}
	tools := server.NewMCPServer("look", "1.0.0")
	tools.AddTool(mcp.NewTool("look"), func(_ context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		headers <- request.Header.Clone()
		return mcp.NewToolResultText("seen"), nil
	})
	handler := server.NewStreamableHTTPServer(tools, server.WithStateLess(!stateful), server.WithStateful(stateful))
	if err := nethttp.Mount(mux, rs, handler); err != nil {
		t.Fatal(err)
	}
	return &world{
		process:   &process{address: app.URL},
		authority: authority{issuer: as.Issuer()},
		good:      as.Token(app.URL+"/mcp", "mcp:read"),
	}
}
