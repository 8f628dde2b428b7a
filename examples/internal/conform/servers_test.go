package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

const (
	resource   = "https://notes.example/mcp"
	metadata   = "https://notes.example/.well-known/oauth-protected-resource/mcp"
	baseScope  = "notes:read"
	writeScope = "notes:write"
)

// journal remembers which tools ran.
type journal struct {
	mu    sync.Mutex
	names []string
}

func (j *journal) note(name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.names = append(j.names, name)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.names)
}

// target describes a server that serve makes. All have the same things on offer.
func target(serve func(tb testing.TB, issuer string, server *mcp.Server) http.Handler) authtest.Target {
	return authtest.Target{
		Start: func(tb testing.TB, issuer string) authtest.Endpoint {
			ran := &journal{}
			return authtest.Endpoint{Resource: resource, Handler: serve(tb, issuer, notes(ran)), Ran: ran.all}
		},
		Scopes:    []string{baseScope},
		Tools:     map[string][]string{"get_weather": nil, "purge": {writeScope}},
		Prompts:   map[string][]string{"hello": nil, "danger_prompt": {writeScope}},
		Resources: map[string][]string{"notes://public": nil, "notes://secret": {writeScope}},
	}
}

// notes is the MCP server that all have.
func notes(ran *journal) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1"}, nil)
	for _, name := range []string{"get_weather", "purge"} {
		s.AddTool(&mcp.Tool{Name: name, InputSchema: json.RawMessage(`{"type":"object"}`)},
			func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				ran.note(name)
				return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "done"}}}, nil
			})
	}
	for _, name := range []string{"hello", "danger_prompt"} {
		s.AddPrompt(&mcp.Prompt{Name: name}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{}}, nil
		})
	}
	for _, uri := range []string{"notes://public", "notes://secret"} {
		s.AddResource(&mcp.Resource{URI: uri, Name: uri}, func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: uri, Text: "text"}}}, nil
		})
	}
	return s
}

// kit is a server of the kit.
func kit(tb testing.TB, issuer string, server *mcp.Server) http.Handler {
	tb.Helper()
	mux := http.NewServeMux()
	if err := nethttp.Mount(mux, newServer(tb, issuer), gosdk.Handler(server, &mcp.StreamableHTTPOptions{})); err != nil {
		tb.Fatal(err)
	}
	return mux
}

func newServer(tb testing.TB, issuer string) *core.ResourceServer {
	tb.Helper()
	rs, err := core.New(tb.Context(), core.Config{
		Resource: resource, AuthorizationServers: []string{issuer}, Scopes: []string{baseScope}, Logger: slog.New(slog.DiscardHandler),
		Policy: core.Policy{
			Tools:     map[string]core.Requirement{"get_weather": core.Scopes(), "purge": core.Scopes(writeScope)},
			Prompts:   map[string]core.Requirement{"hello": core.Scopes(), "danger_prompt": core.Scopes(writeScope)},
			Resources: map[string]core.Requirement{"notes://public": core.Scopes(), "notes://secret": core.Scopes(writeScope)},
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return rs
}

// sdkAlone is guarded by what the official SDK brings, with tokens verified by
// keyfunc as its documentation begins: no more is said than must be.
func sdkAlone(tb testing.TB, issuer string, server *mcp.Server) http.Handler {
	tb.Helper()
	keys, err := keyfunc.NewDefaultCtx(tb.Context(), []string{issuer + "/jwks.json"})
	if err != nil {
		tb.Fatal(err)
	}
	verify := func(_ context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
		var claims struct {
			jwt.RegisteredClaims
			Scope string `json:"scope"`
		}
		if _, err := jwt.ParseWithClaims(token, &claims, keys.Keyfunc); err != nil {
			return nil, fmt.Errorf("%w: %w", auth.ErrInvalidToken, err)
		}
		info := &auth.TokenInfo{Scopes: strings.Fields(claims.Scope), UserID: claims.Subject}
		if claims.ExpiresAt != nil {
			info.Expiration = claims.ExpiresAt.Time
		}
		return info, nil
	}
	require := auth.RequireBearerToken(verify, &auth.RequireBearerTokenOptions{ResourceMetadataURL: metadata, Scopes: []string{baseScope}})
	mux := http.NewServeMux()
	mux.Handle("/mcp", require(mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, nil)))
	mux.Handle("/.well-known/oauth-protected-resource/mcp", auth.ProtectedResourceMetadataHandler(&oauthex.ProtectedResourceMetadata{
		Resource: resource, AuthorizationServers: []string{issuer}, ScopesSupported: []string{baseScope},
	}))
	return mux
}

// jsonGate is a server whose tokens the kit verifies, as on any route of the app,
// and whose messages are looked at with encoding/json.
func jsonGate(tb testing.TB, issuer string, server *mcp.Server) http.Handler {
	tb.Helper()
	rs := newServer(tb, issuer)
	mux := http.NewServeMux()
	if err := nethttp.MountMetadata(mux, rs); err != nil {
		tb.Fatal(err)
	}
	inner := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true})
	mux.Handle("/mcp", nethttp.RequireScopes(rs, baseScope)(lookInside(inner)))
	return mux
}

// lookInside reads what a message asks for, and hands it on if the caller may.
func lookInside(next http.Handler) http.Handler {
	protected := []string{"purge", "danger_prompt", "notes://secret"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4<<20))
		if err != nil {
			http.Error(w, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		var message struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
			Params struct {
				Name string `json:"name"`
				URI  string `json:"uri"`
			} `json:"params"`
		}
		if r.Method == http.MethodPost && json.Unmarshal(body, &message) != nil {
			http.Error(w, "no message", http.StatusBadRequest)
			return
		}
		caller, _ := nethttp.Principal(r)
		needs := slices.Contains(protected, message.Params.Name) || slices.Contains(protected, message.Params.URI)
		if needs && message.Method != "ping" && !slices.Contains(caller.Scopes, writeScope) {
			w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", resource_metadata="`+metadata+`", scope="`+baseScope+" "+writeScope+`"`)
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32003,"message":"insufficient scope"}}`, message.ID)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}
