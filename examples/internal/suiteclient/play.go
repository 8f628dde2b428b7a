package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// play does what a scenario wants to see, in a session that is open.
func play(ctx context.Context, session *mcp.ClientSession, scenario string, g given) error {
	switch scenario {
	case "request-metadata", "initialize":
		return nil
	case "sep-2322-client-request-state":
		return call(ctx, session, "test_mrtr_echo_state", "test_mrtr_no_state", "test_mrtr_unrelated", "test_mrtr_no_result_type")
	case "http-standard-headers":
		return everything(ctx, session)
	}
	listed, err := session.ListTools(ctx, nil)
	if err != nil {
		return fmt.Errorf("listing the tools: %w", err)
	}
	switch scenario {
	case "http-custom-headers":
		for _, c := range g.ToolCalls {
			if _, err := session.CallTool(ctx, &mcp.CallToolParams{Name: c.Name, Arguments: c.Arguments}); err != nil {
				note(c.Name, err)
			}
		}
		return nil
	case "json-schema-2020-12-preservation":
		return echoSchema(ctx, session, listed.Tools)
	}
	return callTools(ctx, session, scenario, listed.Tools)
}

// callTools calls what is on offer.
func callTools(ctx context.Context, session *mcp.ClientSession, scenario string, tools []*mcp.Tool) error {
	for _, tool := range tools {
		_, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool.Name, Arguments: arguments(tool.Name)})
		switch {
		case err == nil:
		case strings.HasPrefix(scenario, "auth/"), scenario == "tools_call", scenario == "sse-retry":
			return fmt.Errorf("calling %s: %w", tool.Name, err)
		default:
			note(tool.Name, err) // some are there to be refused
		}
	}
	return nil
}

func arguments(tool string) map[string]any {
	switch tool {
	case "add_numbers":
		return map[string]any{"a": 5, "b": 3}
	case "test_reconnection", "test_client_elicitation_defaults":
		return map[string]any{}
	}
	return map[string]any{"region": "us-west1"}
}

// call calls tools of which some have answers that a client must refuse.
func call(ctx context.Context, session *mcp.ClientSession, tools ...string) error {
	for _, tool := range tools {
		if _, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: map[string]any{}}); err != nil {
			note(tool, err)
		}
	}
	return nil
}

// everything sends a request of each kind that names something.
func everything(ctx context.Context, session *mcp.ClientSession) error {
	if tools, err := session.ListTools(ctx, nil); err == nil && len(tools.Tools) > 0 {
		if err := call(ctx, session, tools.Tools[0].Name); err != nil {
			return err
		}
	}
	if resources, err := session.ListResources(ctx, nil); err == nil && len(resources.Resources) > 0 {
		if _, err := session.ReadResource(ctx, &mcp.ReadResourceParams{URI: resources.Resources[0].URI}); err != nil {
			return err
		}
	}
	if prompts, err := session.ListPrompts(ctx, nil); err == nil && len(prompts.Prompts) > 0 {
		if _, err := session.GetPrompt(ctx, &mcp.GetPromptParams{Name: prompts.Prompts[0].Name, Arguments: map[string]string{}}); err != nil {
			return err
		}
	}
	return nil
}

// echoSchema sends a tool's schema back as the client has read it.
func echoSchema(ctx context.Context, session *mcp.ClientSession, tools []*mcp.Tool) error {
	const focus = "json_schema_2020_12_tool"
	i := slices.IndexFunc(tools, func(t *mcp.Tool) bool { return t.Name == focus })
	if i < 0 {
		return fmt.Errorf("there is no tool %s", focus)
	}
	_, err := session.CallTool(ctx, &mcp.CallToolParams{
		Name: "json_schema_echo", Arguments: map[string]any{"schema": tools[i].InputSchema},
	})
	return err
}

// note says what was refused, for whoever reads the suite's report.
func note(what string, err error) { fmt.Fprintf(os.Stderr, "%s: %v\n", what, err) }
