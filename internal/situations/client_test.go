package situations

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// dial connects a client of the official SDK, which knows nothing but the
// endpoint's URL: the transport under it finds the authorization server, becomes
// known there, and gets its token, which it keeps in a file. In a program, leave
// Redirect out, and the user's browser is opened.
func dial(ctx context.Context, endpoint, store string, browser func(context.Context, string) error) (*mcp.ClientSession, error) {
	transport, err := client.New(client.Config{
		Resource: endpoint,
		Storage:  client.FileStorage(store),
		Metadata: client.Metadata{Name: "situations"},
		Redirect: browser,
	})
	if err != nil {
		return nil, err
	}
	sdk := mcp.NewClient(&mcp.Implementation{Name: "situations", Version: "1.0.0"}, nil)
	return sdk.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint: endpoint, HTTPClient: &http.Client{Transport: transport},
	}, nil)
}

// open is the browser: the server under it approves without asking, so it only
// has to follow where it is sent.
func open(ctx context.Context, page string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the browser sees %s", resp.Status)
	}
	_ = resp.Body.Close()
	return err
}

func TestClient(t *testing.T) {
	as := authtest.NewServer(t)
	base := startApp(t, func(base string) (http.Handler, error) {
		rs, err := core.New(t.Context(), core.Config{
			Resource:             base + "/mcp",
			AuthorizationServers: []string{as.Issuer()},
			Scopes:               []string{"mcp:read"},
			Policy: core.Policy{Tools: map[string]core.Requirement{
				"get_weather": core.Scopes("weather"),
			}},
		})
		if err != nil {
			return nil, err
		}
		mux := http.NewServeMux()
		return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
	})
	store := filepath.Join(t.TempDir(), "tokens.json")
	// One authorization to get in, one to step up; the second run needs none.
	var opened atomic.Int32
	browser := func(ctx context.Context, page string) error {
		opened.Add(1)
		return open(ctx, page)
	}
	for range 2 {
		session, err := dial(t.Context(), base+"/mcp", store, browser)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = session.Close() })
		result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "get_weather", Arguments: weatherQuery{City: "Oslo"}})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := textOf(t, result), "sunny in Oslo, sub=alice"; got != want {
			t.Errorf("the tool answered %q, want %q", got, want)
		}
	}
	if n := opened.Load(); n != 2 {
		t.Errorf("the browser was opened %d times, want 2", n)
	}
}
