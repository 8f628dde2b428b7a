package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

const example = `{
	"tools": {
		"get_weather": [],
		"purge":       ["notes:write"],
		"export":      {"any_of": [["export"], ["notes:read", "notes:write"]]},
		"status":      "anonymous",
		"wipe":        "never"
	},
	"prompts":   {},
	"resources": {"notes://{id}": ["notes:read"]},
	"methods":   {"logging/setLevel": "never"},
	"unlisted":  []
}`

func TestPolicyIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readPolicy(path)
	if err != nil {
		t.Fatal(err)
	}
	want := core.Policy{
		Tools: map[string]core.Requirement{
			"get_weather": core.Scopes(),
			"purge":       core.Scopes("notes:write"),
			"export":      core.AnyOf(core.Scopes("export"), core.Scopes("notes:read", "notes:write")),
			"status":      core.Anonymous(),
			"wipe":        core.Never(),
		},
		Prompts:   map[string]core.Requirement{},
		Resources: map[string]core.Requirement{"notes://{id}": core.Scopes("notes:read")},
		Methods:   map[string]core.Requirement{"logging/setLevel": core.Never()},
		Unlisted:  core.Scopes(),
	}
	// Requirements have no public parts; how they print is all of them.
	if spelled(got.Policy) != spelled(want) {
		t.Errorf("got  %s\nwant %s", spelled(got.Policy), spelled(want))
	}
	slices.Sort(got.scopes)
	if scopes := []string{"export", "notes:read", "notes:read", "notes:write", "notes:write"}; !slices.Equal(got.scopes, scopes) {
		t.Errorf("scopes %q, want %q", got.scopes, scopes)
	}
}

func spelled(p core.Policy) string {
	return strings.ReplaceAll(fmt.Sprintf("%#v", p), "[]string(nil)", "[]string{}")
}

// A table that isn't there differs from one that is empty.
func TestPolicyTablesAreOptional(t *testing.T) {
	got, err := parsePolicy([]byte(` {"prompts": {}} `))
	if err != nil || got.Prompts == nil || got.Tools != nil || got.Resources != nil || got.Methods != nil {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestPolicyIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		says []string
	}{
		"empty":               {"", []string{"one JSON object"}},
		"a list":              {"[]", []string{"one JSON object"}},
		"two documents":       {"{} {}", []string{"one JSON object"}},
		"a comment":           {"{} // none", []string{"one JSON object"}},
		"twice":               {`{"tools": {}, "tools": {}}`, []string{"reads one way"}},
		"in capitals":         {`{"Tools": {}}`, []string{`unknown member "Tools"`, "unlisted"}},
		"a table of nothing":  {`{"tools": null}`, []string{"tools is not an object"}},
		"a tool twice":        {`{"tools": {"a": [], "A": []}}`, []string{"tools is not an object", "fold"}},
		"null":                {`{"tools": {"a": null}}`, []string{`tools["a"]`, "any_of"}},
		"true":                {`{"unlisted": true}`, []string{"unlisted: write"}},
		"one scope":           {`{"tools": {"a": "notes:write"}}`, []string{`tools["a"]`}},
		"a word in capitals":  {`{"tools": {"a": "Never"}}`, []string{`tools["a"]`}},
		"no strings":          {`{"tools": {"a": [1]}}`, []string{`tools["a"]`}},
		"nested":              {`{"tools": {"a": [["b"]]}}`, []string{`tools["a"]`}},
		"any_of nothing":      {`{"tools": {"a": {"any_of": []}}}`, []string{`tools["a"]`}},
		"any_of null":         {`{"tools": {"a": {"any_of": null}}}`, []string{`tools["a"]`}},
		"any_of strings":      {`{"tools": {"a": {"any_of": ["b"]}}}`, []string{`tools["a"]`}},
		"any_of and more":     {`{"tools": {"a": {"any_of": [["b"]], "all_of": []}}}`, []string{`tools["a"]`}},
		"all_of":              {`{"tools": {"a": {"all_of": [["b"]]}}}`, []string{`tools["a"]`}},
		"every mistake":       {`{"tools": {"a": 1, "b": 2}, "x": 3}`, []string{`tools["a"]`, `tools["b"]`, `"x"`}},
		"a name with a quote": {`{"tools": {"a\"\n": 1}}`, []string{`tools["a\"\n"]`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parsePolicy([]byte(c.text))
			if err == nil {
				t.Fatalf("got %+v, want an error", got)
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q doesn't mention %q", err, part)
				}
			}
		})
	}
}

func TestPolicyFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(path, []byte("{}"+strings.Repeat(" ", maxPolicy)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := readPolicy(path); err == nil || !strings.Contains(err.Error(), "longer than 1048576 bytes") {
		t.Errorf("got %+v, error %v", got, err)
	}
	if got, err := readPolicy(t.TempDir()); err == nil {
		t.Errorf("of a directory: got %+v", got)
	}
}

// What is read is what encoding/json reads too, or it is refused.
func FuzzPolicy(f *testing.F) {
	for _, seed := range []string{example, "{}", `{"tools": {"a": {"any_of": [["b"], []]}}}`, `{"tools": {"a": "never", "A": []}}`, `{"unlisted":"\u006eever"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		policy, err := parsePolicy(text)
		if (policy == nil) == (err == nil) {
			t.Fatalf("policy %+v, error %v", policy, err)
		}
		if err != nil {
			return
		}
		var other struct {
			Tools, Prompts, Resources, Methods map[string]any
			Unlisted                           any
		}
		if err := json.Unmarshal(text, &other); err != nil {
			t.Fatal(err)
		}
		want := core.Policy{
			Tools: tableOf(other.Tools), Prompts: tableOf(other.Prompts), Resources: tableOf(other.Resources), Methods: tableOf(other.Methods),
			Unlisted: requirementOf(other.Unlisted),
		}
		if spelled(policy.Policy) != spelled(want) {
			t.Fatalf("got  %s\nwant %s", spelled(policy.Policy), spelled(want))
		}
	})
}

func tableOf(entries map[string]any) map[string]core.Requirement {
	if entries == nil {
		return nil
	}
	table := map[string]core.Requirement{}
	for name, entry := range entries {
		table[name] = requirementOf(entry)
	}
	return table
}

func requirementOf(entry any) core.Requirement {
	switch entry := entry.(type) {
	case []any:
		scopes := make([]string, len(entry))
		for i, scope := range entry {
			scopes[i] = scope.(string)
		}
		return core.Scopes(scopes...)
	case map[string]any:
		var alternatives []core.Requirement
		for _, list := range entry["any_of"].([]any) {
			alternatives = append(alternatives, requirementOf(list))
		}
		return core.AnyOf(alternatives...)
	case string:
		if entry == "anonymous" {
			return core.Anonymous()
		}
	}
	return core.Never()
}
