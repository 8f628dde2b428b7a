package situations

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// mcpGoApp serves mcp-go without a bridge: its handler is mounted as it is, and
// its tools find the caller in the context, which is the request's own.
func mcpGoApp(ctx context.Context, resource, issuer string) (http.Handler, error) {
	tools := server.NewMCPServer("weather", "1.0.0")
	tools.AddTool(mcp.NewTool("get_weather", mcp.WithString("city", mcp.Required())), getWeather)

	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, server.NewStreamableHTTPServer(tools, server.WithStateLess(true)))
}

func getWeather(ctx context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	caller, _ := core.PrincipalFrom(ctx)
	if call.Header.Get("Authorization") != "" {
		return mcp.NewToolResultError("the tool was handed the client's token"), nil
	}
	return mcp.NewToolResultText("sunny in " + call.GetString("city", "nowhere") + ", sub=" + caller.Subject), nil
}

func TestMCPGo(t *testing.T) {
	as := authtest.NewServer(t)
	app := httptest.NewUnstartedServer(nil)
	t.Cleanup(app.Close)
	resource := "http://" + app.Listener.Addr().String() + "/mcp"
	handler, err := mcpGoApp(t.Context(), resource, as.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	app.Config.Handler = handler
	app.Start()

	for name, c := range map[string]struct {
		token  string
		status int
		text   string
	}{
		"bare":          {"", http.StatusUnauthorized, `"unauthorized"`},
		"alice":         {as.Token(resource, "mcp:read"), http.StatusOK, "sunny in Oslo, sub=alice"},
		"bob":           {as.Mint(authtest.Token{Subject: "bob", Audience: resource, Scopes: []string{"mcp:read"}}), http.StatusOK, "sunny in Oslo, sub=bob"},
		"without scope": {as.Token(resource), http.StatusForbidden, `"id":1`},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := callWeather(t, resource, c.token)
			if status != c.status || !strings.Contains(body, c.text) {
				t.Errorf("status %d with body %q, want %d with %q", status, body, c.status, c.text)
			}
		})
	}
}

func callWeather(t *testing.T, endpoint, token string) (status int, body string) {
	t.Helper()
	const message = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Oslo"}}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, strings.NewReader(message))
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
