package demo

import (
	"context"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type weatherInput struct {
	City string `json:"city" jsonschema:"the name of the city"`
}

// GoSDK returns the MCP server, made with the official Go SDK.
func (d *Demo) GoSDK() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: serverName, Version: serverVersion}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: weatherTool, Description: weatherHelp},
		func(ctx context.Context, _ *mcp.CallToolRequest, in weatherInput) (*mcp.CallToolResult, any, error) {
			return toolResult(d.weather(ctx, in.City))
		})
	mcp.AddTool(server, &mcp.Tool{Name: purgeTool, Description: purgeHelp},
		func(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
			return toolResult(d.purge(ctx))
		})
	for _, p := range prompts() {
		server.AddPrompt(&mcp.Prompt{Name: p.name, Description: p.help},
			func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				return &mcp.GetPromptResult{
					Messages: []*mcp.PromptMessage{{Role: "user", Content: &mcp.TextContent{Text: p.text}}},
				}, nil
			})
	}
	for _, r := range resources() {
		server.AddResource(&mcp.Resource{URI: r.uri, Name: r.name, MIMEType: plainText},
			func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
				return &mcp.ReadResourceResult{
					Contents: []*mcp.ResourceContents{{URI: r.uri, MIMEType: plainText, Text: r.text}},
				}, nil
			})
	}
	return server
}

func toolResult(text string, err error) (*mcp.CallToolResult, any, error) {
	if err != nil {
		return nil, nil, err
	}
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
}
