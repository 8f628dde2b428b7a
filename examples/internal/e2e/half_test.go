package e2e

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	mcpgo "github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	mcpgotypes "github.com/mark3labs/mcp-go/mcp"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// weatherCaller gets into an endpoint through an http.Client, and calls both
// tools: get_weather, and purge, which needs a step-up.
type weatherCaller func(t *testing.T, endpoint string, httpClient *http.Client, mode setup) []string

// callers are what core/client stands under: either SDK, or nothing.
func callers() map[string]weatherCaller {
	return map[string]weatherCaller{"go-sdk": callByGoSDK, "mcp-go": callByMCPGo, "net/http": callByHTTP}
}

// The client half works under each SDK and under none, against each example:
// the shortest way in, then one step-up, in one session (C1, C12, C13).
func TestClientHalfUnderEachSDK(t *testing.T) {
	for name, call := range callers() {
		for _, mode := range modes() {
			t.Run(name+", "+mode.name, func(t *testing.T) {
				eachProgram(t, func(t *testing.T, program string) {
					example := start(t, program, mode.env...)
					wire := &wire{}
					me := &person{name: "alice", wire: wire}
					endpoint := example.address + "/mcp"
					got := call(t, endpoint, &http.Client{Transport: me.transport(t, endpoint)}, mode)
					if want := []string{"sunny in Oslo, sub=alice", "purged"}; !slices.Equal(got, want) {
						t.Errorf("the tools answered %q, want %q\n%s", got, want, strings.Join(wire.log(), "\n"))
					}
					if log, want := wire.log(), wayIn(); len(log) < len(want) || !slices.Equal(log[:len(want)], want) {
						t.Errorf("the way in was\n%s", strings.Join(log, "\n"))
					}
					checkOneStep(t, wire)
					wire.checkSecrets(t, example.output.String())
				})
			})
		}
	}
}

// transport is the client half in the hands of the person.
func (p *person) transport(t *testing.T, endpoint string) *client.Transport {
	t.Helper()
	browser, err := newBrowser(p.wire.by("browser"), p.name)
	if err != nil {
		t.Fatal(err)
	}
	half, err := client.New(client.Config{
		Resource: endpoint, Transport: p.wire.by("client"),
		Redirect: func(ctx context.Context, page string) error {
			at, err := url.Parse(page)
			if err != nil {
				return err
			}
			return browser.visit(ctx, page, at.Query().Get("redirect_uri"))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return half
}

func callByGoSDK(t *testing.T, endpoint string, httpClient *http.Client, mode setup) []string {
	version := newest
	if mode.stateful {
		version = sessions
	}
	session, err := open(t, &mcp.StreamableClientTransport{Endpoint: endpoint, HTTPClient: httpClient}, version)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for tool, arguments := range calls() {
		text, err := textOf(session.CallTool(timeout(t), &mcp.CallToolParams{Name: tool, Arguments: arguments}))
		if err != nil {
			t.Error(err)
		}
		texts = append(texts, text)
	}
	return texts
}

// calls yields what is called, in order.
func calls() func(yield func(tool string, arguments map[string]any) bool) {
	return func(yield func(string, map[string]any) bool) {
		_ = yield("get_weather", map[string]any{"city": "Oslo"}) && yield("purge", map[string]any{})
	}
}

func callByMCPGo(t *testing.T, endpoint string, httpClient *http.Client, _ setup) []string {
	sdk, err := mcpgo.NewStreamableHttpClient(endpoint, transport.WithHTTPBasicClient(httpClient))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sdk.Close() }) // the server may be gone first
	if err := sdk.Start(timeout(t)); err != nil {
		t.Fatal(err)
	}
	var hello mcpgotypes.InitializeRequest
	hello.Params.ProtocolVersion = sessions
	hello.Params.ClientInfo = mcpgotypes.Implementation{Name: "e2e", Version: "1.0.0"}
	if _, err := sdk.Initialize(timeout(t), hello); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for tool, arguments := range calls() {
		var request mcpgotypes.CallToolRequest
		request.Params.Name, request.Params.Arguments = tool, arguments
		result, err := sdk.CallTool(timeout(t), request)
		if err != nil || len(result.Content) != 1 {
			t.Fatalf("calling %s: %v", tool, err)
		}
		texts = append(texts, result.Content[0].(mcpgotypes.TextContent).Text)
	}
	return texts
}

func callByHTTP(t *testing.T, endpoint string, httpClient *http.Client, mode setup) []string {
	header := post("Mcp-Protocol-Version", sessions)
	send := func(body string) string {
		request, err := http.NewRequestWithContext(timeout(t), http.MethodPost, endpoint, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = header.Clone()
		response, err := httpClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode/100 != 2 {
			t.Fatalf("%s: %s %v", response.Status, text, err)
		}
		if id := response.Header.Get("Mcp-Session-Id"); id != "" {
			header.Set("Mcp-Session-Id", id)
		}
		return string(text)
	}
	if mode.stateful {
		send(initializeCall)
		send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	}
	var texts []string
	for _, row := range []struct{ message, want string }{
		{`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Oslo"}}}`, "sunny in Oslo, sub=alice"},
		{`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"purge","arguments":{}}}`, "purged"},
	} {
		if answer := send(row.message); strings.Contains(answer, `"`+row.want+`"`) {
			texts = append(texts, row.want)
		} else {
			texts = append(texts, answer)
		}
	}
	return texts
}
