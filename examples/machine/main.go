// Command machine is a client without a user: it gets its access token by the
// client credentials grant (RFC 6749 §4.4), authenticates by a secret or by a
// key of its own (RFC 7523), and calls one tool of a protected MCP server.
//
//	CLIENT_ID=… CLIENT_SECRET=… machine URL TOOL [JSON]
//	CLIENT_ID=… CLIENT_KEY=key.pem machine URL TOOL [JSON]
//
// The key is a private one in PEM (PKCS #8), of the types RSA, EC or Ed25519.
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
	"os/signal"
	"syscall"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core/client"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 2 && len(args) != 3 {
		return errors.New("usage: machine URL TOOL [JSON], with CLIENT_ID and CLIENT_SECRET or CLIENT_KEY in the environment")
	}
	endpoint, tool, arguments := args[0], args[1], json.RawMessage("{}")
	if len(args) == 3 {
		arguments = json.RawMessage(args[2])
	}
	credentials, err := credentials()
	if err != nil {
		return err
	}
	transport, err := client.New(client.Config{
		Resource: endpoint, Credentials: credentials, ClientCredentials: true,
	})
	if err != nil {
		return err
	}
	sdk := mcp.NewClient(&mcp.Implementation{Name: "machine", Version: "1.0.0"}, nil)
	session, err := sdk.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint: endpoint, HTTPClient: &http.Client{Transport: transport},
	}, nil)
	if err != nil {
		return err
	}
	defer session.Close()
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result.Content)
}

// credentials are what the environment says. They are for one authorization
// server: in production, set Issuer too.
func credentials() (client.Credentials, error) {
	c := client.Credentials{ID: os.Getenv("CLIENT_ID"), Secret: os.Getenv("CLIENT_SECRET"), Issuer: os.Getenv("CLIENT_ISSUER")}
	path := os.Getenv("CLIENT_KEY")
	if path == "" {
		return c, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // whoever starts the program names its key
	if err != nil {
		return c, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return c, fmt.Errorf("%s is not PEM", path)
	}
	c.Key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	return c, err
}
