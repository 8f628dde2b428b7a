package difffuzz

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// mcpGoHandler returns a stateless mcp-go server whose handlers record.
func mcpGoHandler() http.Handler {
	hooks := &server.Hooks{}
	hooks.AddBeforeAny(func(ctx context.Context, _ any, method mcp.MCPMethod, message any) {
		op := operation{method: string(method)}
		switch request := message.(type) {
		case *mcp.CallToolRequest:
			raw, _ := request.GetRawArguments().(json.RawMessage)
			op.names, op.arguments = []string{request.Params.Name}, withoutNull(string(raw))
		case *mcp.GetPromptRequest:
			op.names = []string{request.Params.Name}
		case *mcp.ReadResourceRequest:
			op.names = []string{request.Params.URI}
		case *mcp.SubscribeRequest:
			op.names = []string{request.Params.URI}
		case *mcp.UnsubscribeRequest:
			op.names = []string{request.Params.URI}
		case *mcp.CompleteRequest:
			switch ref := request.Params.Ref.(type) {
			case mcp.PromptReference:
				op.names = []string{ref.Type, ref.Name}
			case mcp.ResourceReference:
				op.names = []string{ref.Type, ref.URI}
			}
		case *mcp.SubscriptionsListenRequest:
			if uris := request.Params.Notifications.ResourceSubscriptions; len(uris) > 0 {
				op.names = uris
			}
			// It subscribes, and then waits for the end of the request.
			runOf(ctx).cancel()
		}
		runOf(ctx).dispatch(op)
	})
	s := server.NewMCPServer("recorder", "1", server.WithHooks(hooks), server.WithResourceCapabilities(true, true), server.WithLogging(),
		server.WithToolCapabilities(true), server.WithPromptCapabilities(true), server.WithTaskCapabilities(true, true, true),
		server.WithCompletions(), server.WithPromptCompletionProvider(mcpGoCompletion{}), server.WithResourceCompletionProvider(mcpGoCompletion{}))
	read := func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
		runOf(ctx).touch(request.Params.URI)
		return nil, nil
	}
	for _, name := range []string{"safe", "danger"} {
		s.AddTool(mcp.NewTool(name), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			runOf(ctx).touch(name)
			return &mcp.CallToolResult{}, nil
		})
		s.AddPrompt(mcp.NewPrompt(name), func(ctx context.Context, _ mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			runOf(ctx).touch(name)
			return &mcp.GetPromptResult{}, nil
		})
		s.AddResource(mcp.NewResource("x://"+name, name), read)
	}
	s.AddResourceTemplate(mcp.NewResourceTemplate("t://{+any}", "any"), read)
	for _, method := range methods() {
		s.AddNotificationHandler(method, func(ctx context.Context, n mcp.JSONRPCNotification) {
			runOf(ctx).notify(n.Method)
		})
	}
	return server.NewStreamableHTTPServer(s, server.WithStateLess(true), server.WithStreamableHTTPLogger(slog.New(slog.DiscardHandler)))
}

type mcpGoCompletion struct{}

func (mcpGoCompletion) CompletePromptArgument(ctx context.Context, name string, _ mcp.CompleteArgument, _ mcp.CompleteContext) (*mcp.Completion, error) {
	runOf(ctx).touch(name)
	return &mcp.Completion{Values: []string{}}, nil
}

func (mcpGoCompletion) CompleteResourceArgument(ctx context.Context, uri string, _ mcp.CompleteArgument, _ mcp.CompleteContext) (*mcp.Completion, error) {
	runOf(ctx).touch(uri)
	return &mcp.Completion{Values: []string{}}, nil
}
