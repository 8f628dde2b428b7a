package demo

import (
	"context"
	"maps"
	"slices"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpbearer/mcpbearer/core"
)

// MCPGo returns the MCP server, made with mcp-go. No bridge is needed: its
// handlers get the context of the very request that they answer.
func (d *Demo) MCPGo() *server.MCPServer {
	s := server.NewMCPServer(serverName, serverVersion)
	s.AddTool(
		mcp.NewTool(weatherTool, mcp.WithDescription(weatherHelp),
			mcp.WithString("city", mcp.Required(), mcp.Description("the name of the city"))),
		func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			city, err := request.RequireString("city")
			if err != nil {
				return mcp.NewToolResultError(err.Error()), nil
			}
			return mcpGoResult(d.weather(ctx, city))
		})
	s.AddTool(mcp.NewTool(purgeTool, mcp.WithDescription(purgeHelp)),
		func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcpGoResult(d.purge(ctx))
		})
	for _, p := range prompts() {
		s.AddPrompt(mcp.NewPrompt(p.name, mcp.WithPromptDescription(p.help)),
			func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				message := mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(p.text))
				return mcp.NewGetPromptResult(p.help, []mcp.PromptMessage{message}), nil
			})
	}
	for _, r := range resources() {
		s.AddResource(mcp.NewResource(r.uri, r.name, mcp.WithMIMEType(plainText)),
			func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
				return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.uri, MIMEType: plainText, Text: r.text}}, nil
			})
	}
	return s
}

func mcpGoResult(text string, err error) (*mcp.CallToolResult, error) {
	if err != nil {
		return nil, err
	}
	return mcp.NewToolResultText(text), nil
}

// InventoryOf returns what a server of mcp-go has, for the lint.
func InventoryOf(s *server.MCPServer) core.Inventory {
	return core.Inventory{
		Tools:     slices.Sorted(maps.Keys(s.ListTools())),
		Prompts:   slices.Sorted(maps.Keys(s.ListPrompts())),
		Resources: slices.Sorted(maps.Keys(s.ListResources())),
	}
}
