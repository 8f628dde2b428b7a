package apptest

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// Names of the MCP server's tools.
const (
	// WhoAmI tells the caller and whether the bearer reached it.
	WhoAmI = "whoami"
	// Steps sends one notification and then waits for the test.
	Steps = "steps"
)

// Tools is an MCP server with tools that a test controls.
type Tools struct {
	server *mcp.Server
	// Finish lets Steps return, once for each value sent.
	Finish chan struct{}
	// Canceled receives when the context of Steps ended before it could finish.
	// It keeps one value for whoever asks later.
	Canceled chan struct{}

	over chan struct{}
	stop func() // closes over, which ends every call that still waits
}

func newTools() *Tools {
	over := make(chan struct{})
	t := &Tools{
		over:     over,
		stop:     sync.OnceFunc(func() { close(over) }),
		server:   mcp.NewServer(&mcp.Implementation{Name: "apptest", Version: "1"}, nil),
		Finish:   make(chan struct{}, 8),
		Canceled: make(chan struct{}, 1),
	}
	mcp.AddTool(t.server, &mcp.Tool{Name: WhoAmI}, whoAmI)
	mcp.AddTool(t.server, &mcp.Tool{Name: Steps}, t.steps)
	return t
}

// Handler returns a handler of the MCP server.
func (t *Tools) Handler(options *mcp.StreamableHTTPOptions) http.Handler {
	return gosdk.Handler(t.server, options)
}

func whoAmI(ctx context.Context, req *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	p, ok := core.PrincipalFrom(ctx)
	if !ok {
		return text("nobody"), nil, nil
	}
	bearer := "withheld"
	if strings.HasPrefix(req.Extra.Header.Get("Authorization"), "Bearer ") {
		bearer = "forwarded"
	}
	return text("sub=" + p.Subject + " bearer=" + bearer), nil, nil
}

func (t *Tools) steps(ctx context.Context, req *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	if err := req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
		ProgressToken: req.Params.GetProgressToken(), Progress: 1, Message: "first step",
	}); err != nil {
		return nil, nil, err
	}
	select {
	case <-t.Finish:
		return text("all steps"), nil, nil
	case <-t.over:
		return text("the test is over"), nil, nil
	case <-ctx.Done():
	}
	select {
	case t.Canceled <- struct{}{}:
	default: // nobody has asked since the last one
	}
	return nil, nil, ctx.Err()
}

func text(s string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: s}}}
}
