package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	gomcp "github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// upstream is a way to make the MCP server behind the proxy. It knows nothing of
// authorization and serves whoever reaches it.
type upstream struct {
	sdk      string
	stateful bool
	serve    func() http.Handler
}

func upstreams() []upstream {
	official := func(stateful bool) func() http.Handler {
		return func() http.Handler {
			s := officialUpstream()
			return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, &mcp.StreamableHTTPOptions{Stateless: !stateful})
		}
	}
	foreign := func(stateful bool) func() http.Handler {
		return func() http.Handler {
			return server.NewStreamableHTTPServer(mcpGoUpstream(), server.WithStateLess(!stateful), server.WithStateful(stateful))
		}
	}
	return []upstream{
		{"go-sdk", false, official(false)},
		{"go-sdk", true, official(true)},
		{"mcpgo", false, foreign(false)},
		{"mcpgo", true, foreign(true)},
	}
}

func (u upstream) name() string {
	if u.stateful {
		return u.sdk + ", stateful"
	}
	return u.sdk + ", stateless"
}

// settings starts the upstream and returns what the proxy must be told of it.
func (u upstream) settings(t *testing.T) []string {
	t.Helper()
	return []string{"UPSTREAM=" + serveUpstream(t, u.serve()), "POLICY=" + writePolicy(t, weatherPolicy)}
}

// serveUpstream serves the handler at the path /behind and returns the URL.
func serveUpstream(t *testing.T, handler http.Handler) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/behind", handler)
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	t.Cleanup(app.CloseClientConnections) // of streams that are still open
	return app.URL + "/behind"
}

// weatherPolicy says in POLICY's form what the other examples have in Go.
const weatherPolicy = `{
	"tools":     {"get_weather": [], "purge": ["notes:write"]},
	"prompts":   {"hello": [], "danger_prompt": {"any_of": [["mcp:read", "notes:write"], ["notes:write"]]}},
	"resources": {"notes://public": [], "notes://secret": ["notes:write"]},
	"unlisted":  "never"
}`

func writePolicy(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func officialUpstream() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "upstream", Version: "1.0.0"}, nil)
	text := func(text string) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
	}
	type weatherInput struct {
		City string `json:"city"`
	}
	mcp.AddTool(s, &mcp.Tool{Name: "get_weather"}, func(_ context.Context, _ *mcp.CallToolRequest, in weatherInput) (*mcp.CallToolResult, any, error) {
		return text("sunny in " + in.City + ", sub=")
	})
	mcp.AddTool(s, &mcp.Tool{Name: "purge"}, func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
		return text("purged")
	})
	for _, name := range everything().prompts {
		s.AddPrompt(&mcp.Prompt{Name: name}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{{Role: "user", Content: &mcp.TextContent{Text: name}}}}, nil
		})
	}
	for _, uri := range everything().resources {
		s.AddResource(&mcp.Resource{URI: uri, Name: uri}, func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: uri, Text: uri}}}, nil
		})
	}
	return s
}

func mcpGoUpstream() *server.MCPServer {
	s := server.NewMCPServer("upstream", "1.0.0")
	s.AddTool(gomcp.NewTool("get_weather", gomcp.WithString("city")), func(_ context.Context, r gomcp.CallToolRequest) (*gomcp.CallToolResult, error) {
		return gomcp.NewToolResultText("sunny in " + r.GetString("city", "") + ", sub="), nil
	})
	s.AddTool(gomcp.NewTool("purge"), func(context.Context, gomcp.CallToolRequest) (*gomcp.CallToolResult, error) {
		return gomcp.NewToolResultText("purged"), nil
	})
	for _, name := range everything().prompts {
		s.AddPrompt(gomcp.NewPrompt(name), func(context.Context, gomcp.GetPromptRequest) (*gomcp.GetPromptResult, error) {
			return gomcp.NewGetPromptResult("", []gomcp.PromptMessage{gomcp.NewPromptMessage(gomcp.RoleUser, gomcp.NewTextContent(name))}), nil
		})
	}
	for _, uri := range everything().resources {
		s.AddResource(gomcp.NewResource(uri, uri), func(context.Context, gomcp.ReadResourceRequest) ([]gomcp.ResourceContents, error) {
			return []gomcp.ResourceContents{gomcp.TextResourceContents{URI: uri, Text: uri}}, nil
		})
	}
	return s
}
