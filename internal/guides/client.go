package guides

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core/client"
)

func dial(ctx context.Context, endpoint, store string) (*mcp.ClientSession, error) {
	transport, err := client.New(client.Config{
		Resource: endpoint,
		Storage:  client.FileStorage(store),
		Metadata: client.Metadata{Name: "Weather watcher"},
	})
	if err != nil {
		return nil, err
	}
	sdk := mcp.NewClient(&mcp.Implementation{Name: "watcher", Version: "1.0.0"}, nil)
	return sdk.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint: endpoint, HTTPClient: &http.Client{Transport: transport},
	}, nil)
}

func published(endpoint string) client.Config {
	return client.Config{
		Resource:    endpoint,
		MetadataURL: "https://app.example.com/client.json",
		RedirectURI: "http://127.0.0.1/callback", // as in the document; any port will do
	}
}

func machine(endpoint string, key crypto.PrivateKey) client.Config {
	return client.Config{
		Resource:          endpoint,
		ClientCredentials: true,
		Credentials:       client.Credentials{Issuer: "https://auth.example.com", ID: "reports", Key: key},
	}
}

// callbackPage receives responses at a page of the app itself, in place of a
// loopback port. One of them is under way at a time.
type callbackPage struct {
	responses chan url.Values
}

func (p *callbackPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case p.responses <- r.URL.Query():
		fmt.Fprintln(w, "Thank you. Go back to the app.")
	default:
		http.Error(w, "Nobody has asked.", http.StatusConflict)
	}
}

func (p *callbackPage) receive(ctx context.Context, _ string) (*client.Reception, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return &client.Reception{
		RedirectURI: "https://app.example.com/callback",
		Wait: func(ctx context.Context) (url.Values, error) {
			select {
			case response := <-p.responses:
				return response, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	}, nil
}

func explain(err error) string {
	var refused *client.Error
	switch {
	case errors.Is(err, client.ErrUnavailable):
		return "try again later"
	case errors.As(err, &refused) && refused.Code == "access_denied":
		return "you said no: " + refused.Description
	case errors.Is(err, client.ErrUntrusted):
		return "don't go on, and tell who runs the server: " + err.Error()
	}
	return "this can't be helped from here: " + err.Error()
}
