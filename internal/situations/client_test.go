package situations

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// dial connects a client of the official SDK, which knows nothing but the
// endpoint's URL: it finds the authorization server, registers there, and gets
// its token by itself.
func dial(ctx context.Context, endpoint string) (*mcp.ClientSession, error) {
	const redirect = "http://127.0.0.1/callback"
	handler, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
		RedirectURL: redirect,
		DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{
			Metadata: &oauthex.ClientRegistrationMetadata{ClientName: "situations", RedirectURIs: []string{redirect}},
		},
		AuthorizationCodeFetcher: approve,
	})
	if err != nil {
		return nil, err
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "situations", Version: "1.0.0"}, nil)
	return client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: endpoint, OAuthHandler: handler}, nil)
}

// approve is the browser: the server under it approves without asking, so it
// only has to read the answer off the redirect.
func approve(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, args.URL, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		return nil, fmt.Errorf("the authorization server answered %s: %w", resp.Status, err)
	}
	if code := to.Query().Get("error"); code != "" {
		return nil, errors.New("the authorization server answered " + code)
	}
	q := to.Query()
	return &auth.AuthorizationResult{Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss")}, nil
}

func TestClient(t *testing.T) {
	as := authtest.NewServer(t)
	base := startApp(t, func(base string) (http.Handler, error) {
		rs, err := core.New(t.Context(), core.Config{
			Resource:             base + "/mcp",
			AuthorizationServers: []string{as.Issuer()},
			Scopes:               []string{"mcp:read"},
		})
		if err != nil {
			return nil, err
		}
		mux := http.NewServeMux()
		return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
	})

	session, err := dial(t.Context(), base+"/mcp")
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
