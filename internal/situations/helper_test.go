package situations

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
)

// weatherServer is the MCP server of all situations: one tool, which says on
// whose behalf it runs.
func weatherServer() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "weather", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "get_weather"}, getWeather)
	return server
}

type weatherQuery struct {
	City string `json:"city"`
}

func getWeather(ctx context.Context, _ *mcp.CallToolRequest, in weatherQuery) (*mcp.CallToolResult, any, error) {
	caller, _ := core.PrincipalFrom(ctx)
	return textResult("sunny in " + in.City + ", sub=" + caller.Subject), nil, nil
}

func textResult(text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}
}

// startApp serves what build makes of the app's own base URL, until the test
// ends. A resource identifier is a URL, so an app knows its own before it is
// built.
func startApp(t *testing.T, build func(base string) (http.Handler, error)) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	app, err := build(base)
	if err != nil {
		server.Close()
		t.Fatal(err)
	}
	server.Config.Handler = app
	server.Start()
	t.Cleanup(server.Close)
	return base
}

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// get sends a GET request, with a bearer token if there is one.
func get(t *testing.T, url, token string) answer {
	t.Helper()
	return send(t, http.MethodGet, url, token, "")
}

// post sends an MCP message, with a bearer token if there is one.
func post(t *testing.T, url, token, message string) answer {
	t.Helper()
	return send(t, http.MethodPost, url, token, message)
}

func send(t *testing.T, method, url, token, body string) answer {
	t.Helper()
	return sendWith(t, method, url, token, body, nil)
}

func sendWith(t *testing.T, method, url, token, body string, header http.Header) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // a redirect is an answer too
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text)}
}

func (a answer) wantStatus(t *testing.T, status int) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d; challenge %q, body %q", a.status, status, a.header.Get("WWW-Authenticate"), a.body)
	}
}

// wantScope checks which scopes the challenge asks for.
func (a answer) wantScope(t *testing.T, scope string) {
	t.Helper()
	if challenge := a.header.Get("WWW-Authenticate"); !strings.Contains(challenge, `scope="`+scope+`"`) {
		t.Errorf("challenge %q, want one with scope %q", challenge, scope)
	}
}

// callTool lets the official SDK's client call a tool with a bearer token, and
// returns the text that the tool answered with.
func callTool(t *testing.T, endpoint, token, tool string, arguments any) string {
	t.Helper()
	session := connect(t, endpoint, token)
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("calling %s: %v", tool, err)
	}
	return textOf(t, result)
}

func connect(t *testing.T, endpoint, token string) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "situations", Version: "1.0.0"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint:   endpoint,
		HTTPClient: &http.Client{Transport: bearer(token)},
	}, nil)
	if err != nil {
		t.Fatalf("connecting to %s: %v", endpoint, err)
	}
	t.Cleanup(func() { _ = session.Close() }) // the server may be gone by now
	return session
}

func textOf(t *testing.T, result *mcp.CallToolResult) string {
	t.Helper()
	if len(result.Content) != 1 {
		t.Fatalf("%d parts of content, want one", len(result.Content))
	}
	text, ok := result.Content[0].(*mcp.TextContent)
	if !ok {
		t.Fatalf("content of type %T, want text", result.Content[0])
	}
	return text.Text
}

// bearer is a transport that sends its token with every request.
type bearer string

// RoundTrip implements http.RoundTripper.
func (token bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(token))
	return http.DefaultTransport.RoundTrip(r)
}

// weatherCall is a message that calls the tool of weatherServer.
const weatherCall = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Oslo"}}}`
