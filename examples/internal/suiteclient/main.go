// Command suiteclient is the client that the MCP conformance suite runs: the
// official SDK's transport on top of core/client. The suite says in the
// environment which scenario it plays, and with what; its argument is the URL
// of the suite's server. Whatever the scenario, the client knows no more of the
// server than that.
package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// metadataURL is the client id that the suite knows.
const metadataURL = "https://conformance-test.local/client-metadata.json"

// given is what a scenario hands to the client.
type given struct {
	ClientID         string `json:"client_id"`
	ClientSecret     string `json:"client_secret"`
	PrivateKey       string `json:"private_key_pem"`
	SigningAlgorithm string `json:"signing_algorithm"`
	ToolCalls        []struct {
		Name      string         `json:"name"`
		Arguments map[string]any `json:"arguments"`
	} `json:"toolCalls"`
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: suiteclient URL, with MCP_CONFORMANCE_SCENARIO in the environment")
	}
	var g given
	if text := os.Getenv("MCP_CONFORMANCE_CONTEXT"); text != "" {
		if err := json.Unmarshal([]byte(text), &g); err != nil {
			return fmt.Errorf("MCP_CONFORMANCE_CONTEXT: %w", err)
		}
	}
	scenario := os.Getenv("MCP_CONFORMANCE_SCENARIO")
	session, err := connect(ctx, args[0], scenario, g)
	if err != nil {
		return err
	}
	return errors.Join(play(ctx, session, scenario, g), session.Close())
}

// connect opens a session through core/client.
func connect(ctx context.Context, endpoint, scenario string, g given) (*mcp.ClientSession, error) {
	config := client.Config{
		Resource: endpoint, MetadataURL: metadataURL, Redirect: visit,
		ClientCredentials: strings.HasPrefix(scenario, "auth/client-credentials"),
		Credentials:       client.Credentials{ID: g.ClientID, Secret: g.ClientSecret},
	}
	if g.PrivateKey != "" {
		block, _ := pem.Decode([]byte(g.PrivateKey))
		if block == nil {
			return nil, errors.New("the private key is not PEM")
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		config.Credentials.Key, config.Credentials.Algorithm = key, g.SigningAlgorithm
	}
	transport, err := client.New(config)
	if err != nil {
		return nil, err
	}
	accept := func(content map[string]any) func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
		return func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "accept", Content: content}, nil
		}
	}
	var options mcp.ClientOptions
	switch scenario {
	case "elicitation-sep1034-client-defaults":
		options.ElicitationHandler = accept(map[string]any{}) // the defaults of the form
	case "sep-2322-client-request-state":
		options.ElicitationHandler = accept(map[string]any{"confirmed": true})
	}
	return mcp.NewClient(&mcp.Implementation{Name: "mcpbearer", Version: "1.0.0"}, &options).Connect(ctx,
		&mcp.StreamableClientTransport{Endpoint: endpoint, HTTPClient: &http.Client{Transport: transport}}, nil)
}

// visit is the browser. The suite's server approves at once, and its redirect
// leads home.
func visit(ctx context.Context, page string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
