package gate

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	gomcp "github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// sdk is an MCP SDK in one of its modes.
type sdk struct {
	name     string
	stateful bool
	legacy   bool // serves no MCP 2026-07-28
	official bool
	serve    func(*journal) served
}

// served is an MCP server that is ready to be mounted.
type served struct {
	handler http.Handler
	// grow adds a tool of that name, of which the server tells whoever listens.
	grow func(name string)
}

func sdks() []sdk {
	return []sdk{
		{"go-sdk stateless", false, false, true, func(j *journal) served { return official(j, nil) }},
		{"go-sdk stateful", true, true, true, func(j *journal) served { return official(j, &mcp.StreamableHTTPOptions{}) }},
		{"mcp-go stateless", false, false, false, func(j *journal) served { return mcpGo(j, server.WithStateLess(true)) }},
		{"mcp-go stateful", true, false, false, func(j *journal) served { return mcpGo(j, server.WithStateful(true)) }},
	}
}

func official(j *journal, options *mcp.StreamableHTTPOptions) served {
	s := officialServer(j)
	return served{gosdk.Handler(s, options), func(name string) { addOfficialTool(s, j, name) }}
}

func mcpGo(j *journal, option server.StreamableHTTPOption) served {
	s := mcpGoServer(j)
	return served{server.NewStreamableHTTPServer(s, option), func(name string) { addMCPGoTool(s, j, name) }}
}

// names of what both servers have. The handlers of each note what they were
// really asked for, which is what the log is about.
func toolNames() []string {
	return []string{"get_weather", "purge", "read", "gone", "export", "spare", "whoami"}
}
func promptNames() []string   { return []string{"hello", "danger_prompt"} }
func resourceURIs() []string  { return []string{"notes://public", "notes://secret"} }
func templateTexts() []string { return []string{"notes://{id}/page", "notes://{id}/draft"} }

// pathOf decodes the arguments of the tool read as encoding/json does, which
// takes a key in any case.
func pathOf(name string, arguments []byte) string {
	if name != "read" {
		return ""
	}
	var in struct{ Path string }
	if json.Unmarshal(arguments, &in) != nil {
		return " undecodable"
	}
	return " " + in.Path
}

// seen tells whom a tool sees.
func seen(p core.Principal, header http.Header) string {
	if header.Get("Authorization") != "" {
		return "the token"
	}
	return "caller " + p.Subject + " with " + strings.Join(p.Scopes, " ")
}

func officialServer(j *journal) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1"}, &mcp.ServerOptions{
		CompletionHandler: func(ctx context.Context, r *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
			completed := r.Params.Ref.Name
			if r.Params.Ref.Type == "ref/resource" {
				completed = r.Params.Ref.URI
			}
			j.note(ctx, "complete "+completed)
			return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: []string{"a"}}}, nil
		},
		SubscribeHandler: func(ctx context.Context, r *mcp.SubscribeRequest) error {
			j.note(ctx, "subscribe "+r.Params.URI)
			return nil
		},
		UnsubscribeHandler: func(ctx context.Context, r *mcp.UnsubscribeRequest) error {
			j.note(ctx, "unsubscribe "+r.Params.URI)
			return nil
		},
	})
	for _, name := range toolNames() {
		addOfficialTool(s, j, name)
	}
	for _, name := range promptNames() {
		s.AddPrompt(&mcp.Prompt{Name: name}, func(ctx context.Context, _ *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			j.note(ctx, "prompt "+name)
			return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{}}, nil
		})
	}
	read := func(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		j.note(ctx, "resource "+r.Params.URI)
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, Text: "text"}}}, nil
	}
	for _, uri := range resourceURIs() {
		s.AddResource(&mcp.Resource{URI: uri, Name: uri}, read)
	}
	for _, text := range templateTexts() {
		s.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: text, Name: text}, read)
	}
	return s
}

// addOfficialTool adds a tool that answers with whom it sees, in the kit's way
// and in the SDK's.
func addOfficialTool(s *mcp.Server, j *journal, name string) {
	s.AddTool(&mcp.Tool{Name: name, InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			j.note(ctx, "tool "+name+pathOf(name, r.Params.Arguments))
			p, _ := core.PrincipalFrom(ctx)
			if info := r.Extra.TokenInfo; p.Subject != "" && (info == nil || !slices.Equal(info.Scopes, p.Scopes) || !strings.HasSuffix(info.UserID, "sub:"+p.Subject)) {
				return nil, errors.New("context and TokenInfo disagree")
			}
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: seen(p, r.Extra.Header)}}}, nil
		})
}

// completions notes what mcp-go completes.
type completions struct{ journal *journal }

func (c completions) CompletePromptArgument(ctx context.Context, name string, _ gomcp.CompleteArgument, _ gomcp.CompleteContext) (*gomcp.Completion, error) {
	c.journal.note(ctx, "complete "+name)
	return &gomcp.Completion{Values: []string{"a"}}, nil
}

func (c completions) CompleteResourceArgument(ctx context.Context, uri string, _ gomcp.CompleteArgument, _ gomcp.CompleteContext) (*gomcp.Completion, error) {
	c.journal.note(ctx, "complete "+uri)
	return &gomcp.Completion{Values: []string{"a"}}, nil
}

// addMCPGoTool adds the same to mcp-go.
func addMCPGoTool(s *server.MCPServer, j *journal, name string) {
	s.AddTool(gomcp.NewTool(name), func(ctx context.Context, r gomcp.CallToolRequest) (*gomcp.CallToolResult, error) {
		arguments, err := json.Marshal(r.GetRawArguments())
		if err != nil {
			return nil, err
		}
		j.note(ctx, "tool "+name+pathOf(name, arguments))
		p, _ := core.PrincipalFrom(ctx)
		return gomcp.NewToolResultText(seen(p, r.Header)), nil
	})
}

func mcpGoServer(j *journal) *server.MCPServer {
	hooks := &server.Hooks{}
	hooks.AddBeforeSubscribe(func(ctx context.Context, _ any, m *gomcp.SubscribeRequest) { j.note(ctx, "subscribe "+m.Params.URI) })
	hooks.AddBeforeUnsubscribe(func(ctx context.Context, _ any, m *gomcp.UnsubscribeRequest) {
		j.note(ctx, "unsubscribe "+m.Params.URI)
	})
	s := server.NewMCPServer("notes", "1", server.WithHooks(hooks), server.WithLogging(), server.WithCompletions(),
		server.WithResourceCapabilities(true, true), server.WithPromptCapabilities(true), server.WithToolCapabilities(true),
		server.WithPromptCompletionProvider(completions{j}), server.WithResourceCompletionProvider(completions{j}))
	for _, name := range toolNames() {
		addMCPGoTool(s, j, name)
	}
	for _, name := range promptNames() {
		s.AddPrompt(gomcp.NewPrompt(name), func(ctx context.Context, _ gomcp.GetPromptRequest) (*gomcp.GetPromptResult, error) {
			j.note(ctx, "prompt "+name)
			return gomcp.NewGetPromptResult("", nil), nil
		})
	}
	read := func(ctx context.Context, r gomcp.ReadResourceRequest) ([]gomcp.ResourceContents, error) {
		j.note(ctx, "resource "+r.Params.URI)
		return []gomcp.ResourceContents{gomcp.TextResourceContents{URI: r.Params.URI, Text: "text"}}, nil
	}
	for _, uri := range resourceURIs() {
		s.AddResource(gomcp.NewResource(uri, uri), read)
	}
	for _, text := range templateTexts() {
		s.AddResourceTemplate(gomcp.NewResourceTemplate(text, text), read)
	}
	return s
}
