package situations

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

type noteStore map[string][]string

// listNotes is the tool under test: everybody sees their own notes.
func (s noteStore) listNotes(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	caller, ok := core.PrincipalFrom(ctx)
	if !ok || caller.Subject == "" {
		result := textResult("only people have notes")
		result.IsError = true
		return result, nil, nil
	}
	var list string
	for _, note := range s[caller.Subject] {
		list += "- " + note + "\n"
	}
	return textResult(list), nil, nil
}

// TestToolAlone calls the function, with whatever principal the test likes.
func TestToolAlone(t *testing.T) {
	notes := noteStore{"alice": {"buy milk"}}
	for name, c := range map[string]struct {
		caller core.Principal
		want   string
	}{
		"one with notes": {core.Principal{Subject: "alice"}, "- buy milk\n"},
		"one without":    {core.Principal{Subject: "bob"}, ""},
		"a client alone": {core.Principal{ClientID: "robot"}, "only people have notes"},
		"nobody":         {core.Principal{}, "only people have notes"},
	} {
		t.Run(name, func(t *testing.T) {
			result, _, err := notes.listNotes(core.WithPrincipal(t.Context(), c.caller), nil, struct{}{})
			if err != nil {
				t.Fatal(err)
			}
			if got := textOf(t, result); got != c.want {
				t.Errorf("the tool answered %q, want %q", got, c.want)
			}
		})
	}
}

// TestToolBehindTokens lets a client with a real token call it by HTTP.
func TestToolBehindTokens(t *testing.T) {
	const resource = "https://notes.example/mcp"
	as := authtest.NewServer(t)
	rs, err := core.New(t.Context(), core.Config{Resource: resource, AuthorizationServers: []string{as.Issuer()}})
	if err != nil {
		t.Fatal(err)
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "list_notes"}, noteStore{"alice": {"buy milk"}}.listNotes)
	endpoint := httptest.NewServer(rs.Handler(gosdk.Handler(server, nil)))
	t.Cleanup(endpoint.Close)

	if got, want := callTool(t, endpoint.URL, as.Token(resource), "list_notes", nil), "- buy milk\n"; got != want {
		t.Errorf("the tool answered %q, want %q", got, want)
	}
	bob := as.Mint(authtest.Token{Subject: "bob", Audience: resource})
	if got := callTool(t, endpoint.URL, bob, "list_notes", nil); got != "" {
		t.Errorf("bob sees %q, want nothing", got)
	}
}
