package difffuzz

import (
	"context"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// goSDKHandler returns a stateless go-sdk server whose handlers record.
func goSDKHandler() http.Handler {
	server := mcp.NewServer(&mcp.Implementation{Name: "recorder", Version: "1"}, &mcp.ServerOptions{
		CompletionHandler: func(ctx context.Context, r *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
			runOf(ctx).touch(r.Params.Ref.Name + r.Params.Ref.URI)
			return &mcp.CompleteResult{}, nil
		},
		SubscribeHandler: func(ctx context.Context, r *mcp.SubscribeRequest) error {
			runOf(ctx).touch(r.Params.URI)
			return nil
		},
		UnsubscribeHandler: func(ctx context.Context, r *mcp.UnsubscribeRequest) error {
			runOf(ctx).touch(r.Params.URI)
			return nil
		},
	})
	read := func(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		runOf(ctx).touch(r.Params.URI)
		return &mcp.ReadResourceResult{}, nil
	}
	for _, name := range []string{"safe", "danger"} {
		server.AddTool(&mcp.Tool{Name: name, InputSchema: map[string]any{"type": "object"}}, func(ctx context.Context, _ *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			runOf(ctx).touch(name)
			return &mcp.CallToolResult{}, nil
		})
		server.AddPrompt(&mcp.Prompt{Name: name}, func(ctx context.Context, _ *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			runOf(ctx).touch(name)
			return &mcp.GetPromptResult{}, nil
		})
		server.AddResource(&mcp.Resource{Name: name, URI: "x://" + name}, read)
	}
	server.AddResourceTemplate(&mcp.ResourceTemplate{Name: "any", URITemplate: "t://{+any}"}, read)
	server.AddReceivingMiddleware(func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, request mcp.Request) (mcp.Result, error) {
			op := operation{method: method}
			switch params := request.GetParams().(type) {
			case *mcp.CallToolParamsRaw:
				op.names, op.arguments = []string{params.Name}, withoutNull(string(params.Arguments))
			case *mcp.GetPromptParams:
				op.names = []string{params.Name}
			case *mcp.ReadResourceParams:
				op.names = []string{params.URI}
			case *mcp.SubscribeParams:
				op.names = []string{params.URI}
			case *mcp.UnsubscribeParams:
				op.names = []string{params.URI}
			case *mcp.CompleteParams:
				if params.Ref != nil {
					op.names = []string{params.Ref.Type, params.Ref.Name + params.Ref.URI}
				}
			case *mcp.SubscriptionsListenParams:
				if params.Notifications != nil && len(params.Notifications.ResourceSubscriptions) > 0 {
					op.names = params.Notifications.ResourceSubscriptions
				}
				// It subscribes, and then waits for the end of the context.
				var cancel context.CancelFunc
				ctx, cancel = context.WithCancel(ctx)
				cancel()
			}
			runOf(ctx).dispatch(op)
			return next(ctx, method, request)
		}
	})
	return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true})
}

// withoutNull returns raw arguments, and none for null, which decoders of
// arguments take for none.
func withoutNull(raw string) string {
	if raw == "null" {
		return ""
	}
	return raw
}
