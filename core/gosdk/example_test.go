package gosdk_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// A tool of the official Go SDK finds its caller in its context.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const resource = "https://api.example.com/mcp"
	issuer, token, stop := authorizationServer(resource, "mcp:read")
	defer stop()

	type place struct {
		City string `json:"city"`
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "weather", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "get_weather", Description: "Tells the weather of a city."},
		func(ctx context.Context, _ *mcp.CallToolRequest, in place) (*mcp.CallToolResult, any, error) {
			p, _ := core.PrincipalFrom(ctx)
			text := fmt.Sprintf("sunny in %s, sub=%s", in.City, p.Subject)
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
		})

	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := rs.Ready(ctx); err != nil { // a service serves at once
		log.Fatal(err)
	}
	service := httptest.NewServer(rs.InFront(http.NotFoundHandler(), gosdk.Handler(server, nil)))
	defer service.Close()

	client := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil)
	session, err := client.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint:   service.URL + "/mcp",
		HTTPClient: &http.Client{Transport: bearer(token)},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	result, err := session.CallTool(ctx, &mcp.CallToolParams{
		Name: "get_weather", Arguments: place{City: "Oslo"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Content[0].(*mcp.TextContent).Text)
	// Output: sunny in Oslo, sub=alice
}

// bearer is an access token that goes with every request. A real client gets it
// from the authorization server.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// authorizationServer starts one for development. Yours runs already.
func authorizationServer(resource string, scopes ...string) (issuer, token string, stop func()) {
	server := httptest.NewUnstartedServer(nil)
	as, err := devissuer.New(devissuer.Config{Issuer: "http://" + server.Listener.Addr().String()})
	if err != nil {
		log.Fatal(err)
	}
	server.Config.Handler = as
	server.Start()
	token, err = as.Issue(devissuer.Grant{
		Subject: "alice", ClientID: "app", Scopes: scopes, Resources: []string{resource},
	})
	if err != nil {
		log.Fatal(err)
	}
	return as.Issuer(), token, server.Close
}
