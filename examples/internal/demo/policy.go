package demo

import (
	"context"
	"log/slog"

	"github.com/mcpbearer/mcpbearer/core"
)

// writeScope is what purge and the secrets need beside SCOPES.
const writeScope = "notes:write"

// Policy says what each tool, prompt and resource needs beside SCOPES.
func (d *Demo) Policy() core.Policy {
	return core.Policy{
		Tools:       map[string]core.Requirement{weatherTool: core.Scopes(), purgeTool: core.Scopes(writeScope)},
		Prompts:     map[string]core.Requirement{helloPrompt: core.Scopes(), dangerPrompt: core.Scopes(writeScope)},
		Resources:   map[string]core.Requirement{notesURI: core.Scopes(), secretURI: core.Scopes(writeScope)},
		FilterLists: d.FilterLists,
	}
}

// Metadata is what the resource tells of itself, beside what the config says.
// Where SCOPES_SUPPORTED isn't set, it lists the scopes of the policy too.
func (d *Demo) Metadata() core.Metadata {
	return core.Metadata{
		Name: "Weather", ScopesSupported: d.ScopesSupported, ListPolicyScopes: d.ScopesSupported == nil, AtRoot: true,
	}
}

// Lint has check hold the policy against what the MCP server really has, once
// the example serves: check may ask the authorization server, which may be down
// or, in the demo, the example itself. Findings are logged and stop nothing.
func (d *Demo) Lint(check func(context.Context) error) { d.check = check }

// lint logs what the check finds, line by line.
func (d *Demo) lint(ctx context.Context, log *slog.Logger) {
	if d.check == nil {
		return
	}
	err := d.check(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	findings := []error{err}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		findings = several.Unwrap()
	}
	for _, finding := range findings {
		log.WarnContext(ctx, "policy", "finding", finding)
	}
}
