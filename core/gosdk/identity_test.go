package gosdk

import (
	"context"
	"errors"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
)

func TestTheSDKFindsWhatIsSeated(t *testing.T) {
	key := tokenInfoKey()
	if key == nil {
		t.Fatal("the SDK no longer looks for its TokenInfo in the context")
	}
	ctx := &seat{Context: t.Context(), key: key, info: auth.TokenInfo{UserID: "alice"}}
	if info := auth.TokenInfoFromContext(ctx); info == nil || info.UserID != "alice" {
		t.Errorf("the SDK found %v", info)
	}
}

func TestReseatTakesTheCurrentCaller(t *testing.T) {
	var seen core.Principal
	var known bool
	var info *auth.TokenInfo
	handle := reseat(func(ctx context.Context, _ string, _ mcp.Request) (mcp.Result, error) {
		seen, known = core.PrincipalFrom(ctx)
		info = auth.TokenInfoFromContext(ctx)
		return nil, nil
	})
	creator := core.WithPrincipal(t.Context(), core.Principal{Subject: "creator"})
	current := auth.TokenInfo{Extra: map[string]any{principalMember: core.Principal{Subject: "current"}}}

	_, err := handle(creator, "tools/call", &mcp.CallToolRequest{Extra: &mcp.RequestExtra{TokenInfo: &current}})
	if err != nil || !known || seen.Subject != "current" {
		t.Errorf("the handler saw %q (%v), want the current caller", seen.Subject, err)
	}

	if info != &current {
		t.Errorf("the SDK's TokenInfo in the context is %v, want the current request's", info)
	}

	// What doesn't come through a resource server must not run as whoever
	// opened the session.
	for name, req := range map[string]*mcp.CallToolRequest{
		"no extra":             {},
		"no token info":        {Extra: &mcp.RequestExtra{}},
		"a foreign token info": {Extra: &mcp.RequestExtra{TokenInfo: &auth.TokenInfo{UserID: "x"}}},
	} {
		if _, err := handle(creator, "tools/call", req); !errors.Is(err, errNoPrincipal) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}

	// A server that is also served in process has no callers at all.
	if _, err := handle(t.Context(), "tools/call", &mcp.CallToolRequest{}); err != nil || known {
		t.Errorf("in process: known %v, error %v", known, err)
	}
}
