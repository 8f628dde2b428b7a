package guides

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// noteStore has everybody's notes, and tells the audit log what runs.
type noteStore struct {
	notes map[string][]string
	audit func(tool string)
}

func (s *noteStore) list(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	s.audit("list_notes")
	caller, known := core.PrincipalFrom(ctx)
	if !known || caller.Subject == "" {
		return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{&mcp.TextContent{Text: "only people have notes"}}}, nil, nil
	}
	result := &mcp.CallToolResult{Content: []mcp.Content{}}
	for _, note := range s.notes[caller.Subject] {
		result.Content = append(result.Content, &mcp.TextContent{Text: note})
	}
	return result, nil, nil
}

func (s *noteStore) purge(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
	s.audit("purge")
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "purged"}}}, nil, nil
}

func (s *noteStore) server() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "list_notes"}, s.list)
	mcp.AddTool(server, &mcp.Tool{Name: "purge"}, s.purge)
	return server
}

func notesConfig(resource, issuer string) core.Config {
	return core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
		Policy: core.Policy{Tools: map[string]core.Requirement{
			"list_notes": core.Scopes(),
			"purge":      core.Scopes("notes:write"),
		}},
	}
}

func newNotesApp(ctx context.Context, resource, issuer string, store *noteStore) (http.Handler, error) {
	rs, err := core.New(ctx, notesConfig(resource, issuer))
	if err != nil {
		return nil, err
	}
	return rs.InFront(nil, gosdk.Handler(store.server(), nil)), nil
}

// runs is an audit log for tests.
type runs struct {
	mu    sync.Mutex
	tools []string
}

func (r *runs) note(tool string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tools = append(r.tools, tool)
}

func (r *runs) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tools)
}
