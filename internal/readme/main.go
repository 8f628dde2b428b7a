// Command readme is the program that the README shows in parts: an app for each
// router, a tool, and here what stands around them. A test compares the two.
package main

import (
	"context"
	"log"
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
)

func main() {
	app, err := ginApp(context.Background(), "https://api.example.com/mcp", "https://auth.example.com", newServer())
	if err != nil {
		log.Fatal(err)
	}
	s := &http.Server{Addr: "127.0.0.1:8080", Handler: app, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(s.ListenAndServe())
}

func newServer() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "whoami", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami"}, whoami)
	return server
}

func whoami(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	caller, _ := core.PrincipalFrom(ctx)
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: caller.Subject}}}, nil, nil
}
