package e2e

import (
	"iter"
	"slices"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// offer is what lists show, each sorted.
type offer struct{ tools, prompts, resources []string }

// everything is what there is.
func everything() offer {
	return offer{
		tools:     []string{"get_weather", "purge"},
		prompts:   []string{"danger_prompt", "hello"},
		resources: []string{"notes://public", "notes://secret"},
	}
}

// unprotected is what SCOPES suffice for.
func unprotected() offer {
	return offer{tools: []string{"get_weather"}, prompts: []string{"hello"}, resources: []string{"notes://public"}}
}

// offer is what lists show to a caller who has SCOPES alone.
func (w *world) offer() offer {
	if w.filtered {
		return unprotected()
	}
	return everything()
}

// checkOffer checks that the lists show exactly what is wanted, and that what
// SCOPES suffice for works, for subject.
func checkOffer(t *testing.T, session *mcp.ClientSession, subject string, want offer) {
	t.Helper()
	checkLists(t, session, want)
	checkWeather(t, session, "Paris", subject)
	prompt, err := session.GetPrompt(timeout(t), &mcp.GetPromptParams{Name: "hello"})
	if err != nil || len(prompt.Messages) != 1 {
		t.Errorf("prompts/get: %v, %+v", err, prompt)
	}
	notes, err := session.ReadResource(timeout(t), &mcp.ReadResourceParams{URI: "notes://public"})
	if err != nil || len(notes.Contents) != 1 || notes.Contents[0].Text == "" {
		t.Errorf("resources/read: %v, %+v", err, notes)
	}
}

func checkLists(t *testing.T, session *mcp.ClientSession, want offer) {
	t.Helper()
	ctx := timeout(t)
	got := offer{
		tools:     names(t, session.Tools(ctx, nil), func(tool *mcp.Tool) string { return tool.Name }),
		prompts:   names(t, session.Prompts(ctx, nil), func(prompt *mcp.Prompt) string { return prompt.Name }),
		resources: names(t, session.Resources(ctx, nil), func(resource *mcp.Resource) string { return resource.URI }),
	}
	if !slices.Equal(got.tools, want.tools) || !slices.Equal(got.prompts, want.prompts) || !slices.Equal(got.resources, want.resources) {
		t.Errorf("the lists show %+v, want %+v", got, want)
	}
}

// names collects a list, whose order is the server's own business.
func names[T any](t *testing.T, entries iter.Seq2[T, error], name func(T) string) []string {
	t.Helper()
	var all []string
	for entry, err := range entries {
		if err != nil {
			t.Fatalf("listing: %v", err)
		}
		all = append(all, name(entry))
	}
	slices.Sort(all)
	return all
}
