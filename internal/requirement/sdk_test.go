package requirement_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// sdk makes the server of the official SDK that S49 calls.
func sdk(stateful bool) http.Handler {
	server := mcp.NewServer(&mcp.Implementation{Name: "requirement", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami"}, whoAmI)
	return gosdk.Handler(server, &mcp.StreamableHTTPOptions{Stateless: !stateful})
}

// whoAmI finds its caller in the kit's way and in the SDK's.
func whoAmI(ctx context.Context, req *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	p, ok := core.PrincipalFrom(ctx)
	switch info := req.Extra.TokenInfo; {
	case !ok:
		return nil, nil, errors.New("the context has no principal")
	case info == nil:
		return nil, nil, errors.New("the request has no TokenInfo")
	case !slices.Equal(info.Scopes, p.Scopes) || !info.Expiration.Equal(p.Expiry) || !strings.HasSuffix(info.UserID, "sub:"+p.Subject):
		return nil, nil, errors.New("context and TokenInfo disagree")
	case req.Extra.Header.Get("Authorization") != "":
		return nil, nil, errors.New("the token has reached the tool")
	}
	text := fmt.Sprintf("subject=%s scopes=%s", p.Subject, strings.Join(p.Scopes, " "))
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
}
