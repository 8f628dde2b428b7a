// Command conformance is the server that the scope challenge scenario of the MCP
// conformance suite tries (sep-2350-server-scope-challenge, modelcontextprotocol/
// conformance issue 480): each operation needs two scopes, which one challenge
// must name, and which of two well-known tokens has.
//
// Whoever knows the tokens can call it, and everybody does: it is for that
// scenario alone. Point the suite at the URL that it prints.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/examples/internal/demo"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// The scopes of the scenario. Each operation needs that of its method and that of
// its object.
const (
	baseline       = "mcp:conformance:baseline"
	callTools      = "mcp:conformance:tools:call"
	simpleTool     = "mcp:conformance:tools:test_simple_text"
	readResources  = "mcp:conformance:resources:read"
	staticResource = "mcp:conformance:resources:static"
	template       = "mcp:conformance:resources:template:" // and the id
	getPrompts     = "mcp:conformance:prompts:get"
	simplePrompt   = "mcp:conformance:prompts:test_simple_prompt"
)

func main() { demo.Main(app) }

func app(ctx context.Context, d *demo.Demo) (http.Handler, error) {
	rs, err := core.New(ctx, core.Config{
		Resource:             d.Resource,
		AuthorizationServers: []string{d.Issuer},
		Verifiers:            []core.Verifier{fixture{d.Resource}},
		Policy:               policy(),
		Metadata:             core.Metadata{Name: "Conformance", AtRoot: true},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(server(), &mcp.StreamableHTTPOptions{Stateless: !d.Stateful}))
}

// policy is the table of the scenario. SCOPES plays no part in it.
func policy() core.Policy {
	return core.Policy{
		Tools:   map[string]core.Requirement{"test_simple_text": core.Scopes(callTools, simpleTool)},
		Prompts: map[string]core.Requirement{"test_simple_prompt": core.Scopes(getPrompts, simplePrompt)},
		Resources: map[string]core.Requirement{
			"test://static-text":        core.Scopes(readResources, staticResource),
			"test://template/{id}/data": core.Decide(ofTemplate),
		},
	}
}

// ofTemplate needs a scope that has the id in it.
func ofTemplate(_ context.Context, op core.Operation, _ core.Principal) (core.Requirement, error) {
	id, err := idOf(op.Name)
	return core.Scopes(readResources, template+id), err
}

// idOf takes ids that can stand in a scope, and no others.
func idOf(uri string) (string, error) {
	match := regexp.MustCompile(`^test://template/([A-Za-z0-9]{1,64})/data$`).FindStringSubmatch(uri)
	if match == nil {
		return "", errors.New("the URI has no plain id")
	}
	return match[1], nil
}

// fixture knows the two tokens of the scenario. Others are those of the
// authorization server.
type fixture struct{ resource string }

// Verify implements core.Verifier.
func (f fixture) Verify(_ context.Context, token string) (core.Principal, error) {
	p := core.Principal{Issuer: "conformance", Subject: "conformance", Audience: []string{f.resource}, Scopes: []string{baseline}, NoExpiry: true}
	switch token {
	case "mcp-conformance-scope-low":
		return p, nil
	case "mcp-conformance-scope-full":
		p.Scopes = append(p.Scopes, callTools, simpleTool, readResources, staticResource, template+"123", getPrompts, simplePrompt)
		return p, nil
	}
	return core.Principal{}, core.ErrNotMine
}

// server has what the scenario calls.
func server() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "conformance", Version: "1.0.0"}, nil)
	mcp.AddTool(s, &mcp.Tool{Name: "test_simple_text", Description: "Answers with a text."},
		func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "This is a simple text."}}}, nil, nil
		})
	s.AddPrompt(&mcp.Prompt{Name: "test_simple_prompt", Description: "Asks for nothing in particular."},
		func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{{Role: "user", Content: &mcp.TextContent{Text: "This is a simple prompt."}}}}, nil
		})
	s.AddResource(&mcp.Resource{Name: "static-text", URI: "test://static-text", MIMEType: "text/plain"},
		func(_ context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return contents(r.Params.URI, "text/plain", "This is a static text."), nil
		})
	s.AddResourceTemplate(&mcp.ResourceTemplate{Name: "template", URITemplate: "test://template/{id}/data", MIMEType: "application/json"},
		func(_ context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			id, err := idOf(r.Params.URI)
			if err != nil {
				return nil, mcp.ResourceNotFoundError(r.Params.URI)
			}
			return contents(r.Params.URI, "application/json", fmt.Sprintf(`{"id":%q}`, id)), nil
		})
	return s
}

func contents(uri, kind, text string) *mcp.ReadResourceResult {
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: uri, MIMEType: kind, Text: text}}}
}
