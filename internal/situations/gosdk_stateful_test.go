package situations

import (
	"context"
	"net/http"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// statefulApp keeps sessions, for clients of 2025-11-25 and for servers that
// ask their clients something in the middle of a call.
func statefulApp(ctx context.Context, resource, issuer string) (http.Handler, error) {
	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), &mcp.StreamableHTTPOptions{}))
}

const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",` +
	`"capabilities":{},"clientInfo":{"name":"situations","version":"1.0.0"}}}`

func TestGoSDKStateful(t *testing.T) {
	as := authtest.NewServer(t)
	base := startApp(t, func(base string) (http.Handler, error) {
		return statefulApp(t.Context(), base+"/mcp", as.Issuer())
	})
	alice := as.Token(base+"/mcp", "mcp:read")
	bob := as.Mint(authtest.Token{Subject: "bob", Audience: base + "/mcp", Scopes: []string{"mcp:read"}})

	opened := post(t, base+"/mcp", alice, initialize)
	opened.wantStatus(t, http.StatusOK)
	session := opened.header.Get("Mcp-Session-Id")
	if session == "" {
		t.Fatal("no session id: the server isn't stateful")
	}
	for name, c := range map[string]struct {
		token    string
		admitted bool
	}{
		"a fresh token of the same person": {as.Token(base+"/mcp", "mcp:read"), true},
		"another person":                   {bob, false},
	} {
		if got := inSession(t, base+"/mcp", c.token, session); (got.status == http.StatusOK) != c.admitted {
			t.Errorf("%s: status %d in alice's session", name, got.status)
		}
	}

	// The client keeps to sessions by itself.
	if got, want := callTool(t, base+"/mcp", bob, "get_weather", weatherQuery{City: "Oslo"}), "sunny in Oslo, sub=bob"; got != want {
		t.Errorf("the tool answered %q, want %q", got, want)
	}
}

func inSession(t *testing.T, endpoint, token, session string) answer {
	t.Helper()
	return sendWith(t, http.MethodPost, endpoint, token, weatherCall, http.Header{
		"Mcp-Session-Id":       {session},
		"Mcp-Protocol-Version": {"2025-11-25"},
	})
}
