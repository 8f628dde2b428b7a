package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
)

// lint holds the policy against what the upstream says it has.
func (p *proxy) lint(ctx context.Context, rs *core.ResourceServer) error {
	has, err := p.inventory(ctx)
	if err != nil {
		return fmt.Errorf("the policy can't be held against the upstream: %w", err)
	}
	return rs.Lint(ctx, has)
}

// inventory asks the upstream, as a client without a token: nobody but the proxy
// reaches it.
func (p *proxy) inventory(ctx context.Context) (core.Inventory, error) {
	var has core.Inventory
	client := mcp.NewClient(&mcp.Implementation{Name: "mcpbearer-proxy", Version: "1.0.0"}, nil)
	session, err := client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: p.upstream.String(), DisableStandaloneSSE: true}, nil)
	if err != nil {
		return has, err
	}
	defer session.Close()
	offers := session.InitializeResult().Capabilities
	if offers.Tools != nil {
		has.Tools, err = names(session.Tools(ctx, nil), func(tool *mcp.Tool) string { return tool.Name })
	}
	if offers.Prompts != nil && err == nil {
		has.Prompts, err = names(session.Prompts(ctx, nil), func(prompt *mcp.Prompt) string { return prompt.Name })
	}
	if offers.Resources == nil || err != nil {
		return has, err
	}
	has.Resources, err = names(session.Resources(ctx, nil), func(resource *mcp.Resource) string { return resource.URI })
	if err != nil {
		return has, err
	}
	templates, err := names(session.ResourceTemplates(ctx, nil), func(t *mcp.ResourceTemplate) string { return t.URITemplate })
	has.Resources = append(has.Resources, templates...)
	return has, err
}

// names collects the names of a list, page by page.
func names[T any](entries iter.Seq2[T, error], name func(T) string) ([]string, error) {
	var all []string
	for entry, err := range entries {
		if err != nil {
			return nil, err
		}
		all = append(all, name(entry))
	}
	return all, nil
}
