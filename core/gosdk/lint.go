package gosdk

import (
	"context"
	"errors"
	"fmt"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
)

// Lint holds the policy of rs against what server really has, and returns one
// error that joins all it finds: rules for tools, prompts and resources that
// the server hasn't, those of the server that no rule names and that are
// therefore denied, and scopes that no authorization server offers. It asks the
// server in process and the authorization servers over the network; one that
// can't be reached is passed over. Run it at start-up, or in a test.
func Lint(ctx context.Context, rs *core.ResourceServer, server *mcp.Server) error {
	inventory, err := take(ctx, server)
	if err != nil {
		return fmt.Errorf("gosdk: listing what the server has: %w", err)
	}
	return rs.Lint(ctx, inventory)
}

func take(ctx context.Context, server *mcp.Server) (i core.Inventory, err error) {
	here, there := mcp.NewInMemoryTransports()
	serving, err := server.Connect(ctx, there, nil)
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, serving.Close()) }()
	client := mcp.NewClient(&mcp.Implementation{Name: "mcpbearer-lint"}, nil)
	session, err := client.Connect(ctx, here, nil)
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	capabilities := session.InitializeResult().Capabilities
	if capabilities.Tools != nil {
		for tool, err := range session.Tools(ctx, nil) {
			if err != nil {
				return i, err
			}
			i.Tools = append(i.Tools, tool.Name)
		}
	}
	if capabilities.Prompts != nil {
		for prompt, err := range session.Prompts(ctx, nil) {
			if err != nil {
				return i, err
			}
			i.Prompts = append(i.Prompts, prompt.Name)
		}
	}
	if capabilities.Resources == nil {
		return i, nil
	}
	for resource, err := range session.Resources(ctx, nil) {
		if err != nil {
			return i, err
		}
		i.Resources = append(i.Resources, resource.URI)
	}
	for template, err := range session.ResourceTemplates(ctx, nil) {
		if err != nil {
			return i, err
		}
		i.Resources = append(i.Resources, template.URITemplate)
	}
	return i, nil
}
