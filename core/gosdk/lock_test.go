package gosdk_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// anybody takes every token for alice's.
type anybody struct{}

func (anybody) Verify(context.Context, string) (core.Principal, error) {
	return core.Principal{Subject: "alice", Audience: []string{lockedResource}, Scopes: []string{"a"}, NoExpiry: true}, nil
}

const lockedResource = "https://mcp.example/mcp"

// locked is a server behind the gate, with a flaw between the two: the SDK gets
// another message than the gate has checked.
type locked struct {
	*httptest.Server
	mu  sync.Mutex
	got string // what the SDK gets in place of what was sent, unless it is empty
	ran []string
}

func newLocked(t *testing.T, options *mcp.StreamableHTTPOptions) *locked {
	t.Helper()
	l := &locked{}
	needs := map[string]core.Requirement{"safe": core.Scopes(), "danger": core.Scopes("b"), "x://safe": core.Scopes(), "x://danger": core.Scopes("b")}
	rs, err := core.New(t.Context(), core.Config{
		Resource: lockedResource, Verifiers: []core.Verifier{anybody{}}, Scopes: []string{"a"}, Logger: slog.New(slog.DiscardHandler),
		Policy: core.Policy{Tools: needs, Prompts: needs, Resources: needs},
	})
	if err != nil {
		t.Fatal(err)
	}
	sdk := gosdk.Handler(l.server(), options)
	l.Server = httptest.NewServer(rs.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.got != "" {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(l.got)), int64(len(l.got))
		}
		sdk.ServeHTTP(w, r)
	})))
	t.Cleanup(func() { l.CloseClientConnections(); l.Close() })
	return l
}

func (l *locked) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ran = append(l.ran, what)
}

// server notes all that runs in it.
func (l *locked) server() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ServerOptions{
		SubscribeHandler: func(_ context.Context, r *mcp.SubscribeRequest) error {
			l.note(r.Params.URI)
			return nil
		},
		UnsubscribeHandler: func(_ context.Context, r *mcp.UnsubscribeRequest) error {
			l.note(r.Params.URI)
			return nil
		},
		CompletionHandler: func(_ context.Context, r *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
			l.note(r.Params.Ref.Name + r.Params.Ref.URI)
			return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: []string{}}}, nil
		},
	})
	for _, name := range []string{"safe", "danger"} {
		s.AddTool(&mcp.Tool{Name: name, InputSchema: json.RawMessage(`{"type":"object"}`)}, func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			l.note(name)
			return &mcp.CallToolResult{Content: []mcp.Content{}}, nil
		})
		s.AddPrompt(&mcp.Prompt{Name: name}, func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			l.note(name)
			return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{}}, nil
		})
		uri := "x://" + name
		s.AddResource(&mcp.Resource{URI: uri, Name: name}, func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			l.note(uri)
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: uri, Text: "text"}}}, nil
		})
	}
	return s
}

// send sends one message, while the SDK gets another, and returns what ran and
// what came.
func (l *locked) send(t *testing.T, session, sent, got string) (ran []string, answer http.Header, body string) {
	t.Helper()
	l.got, l.ran = got, nil
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.URL+"/mcp", strings.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{
		"Authorization": {"Bearer x"}, "Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
		"Mcp-Protocol-Version": {"2025-11-25"},
	}
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ran), resp.Header, string(text)
}

// TestG11WhatTheGateHasNotCheckedDoesNotRun: should the SDK read a message otherwise
// than the gate, its second lock holds. Here something between the two sees to that.
func TestG11WhatTheGateHasNotCheckedDoesNotRun(t *testing.T) {
	const open = `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}`
	call, get, read := cases.Call("safe", "{}"), cases.Request("prompts/get", `{"name":"safe"}`), cases.Request("resources/read", `{"uri":"x://safe"}`)
	completion := func(ref string) string {
		return cases.Request("completion/complete", `{"ref":`+ref+`,"argument":{"name":"x","value":"y"}}`)
	}
	safe := map[string]string{
		"tool": call, "prompt": get, "resource": read,
		"subscribe": cases.Request("resources/subscribe", `{"uri":"x://safe"}`), "unsubscribe": cases.Request("resources/unsubscribe", `{"uri":"x://safe"}`),
		"completion of a prompt":   completion(`{"type":"ref/prompt","name":"safe"}`),
		"completion of a resource": completion(`{"type":"ref/resource","uri":"x://safe"}`),
	}
	for mode, options := range map[string]*mcp.StreamableHTTPOptions{"stateless": nil, "stateful": {}} {
		t.Run(mode, func(t *testing.T) {
			l := newLocked(t, options)
			_, opened, _ := l.send(t, "", cases.Request("initialize", open), "")
			session := opened.Get("Mcp-Session-Id")
			l.send(t, session, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, "")
			refused := func(name, sent, got string) {
				t.Helper()
				ran, _, body := l.send(t, session, sent, got)
				if len(ran) > 0 || !strings.Contains(body, "the operation is not the one that was authorized") {
					t.Errorf("%s: %q ran, and the answer is %s", name, ran, body)
				}
			}
			for name, message := range safe {
				if ran, _, body := l.send(t, session, message, message+" "); len(ran) != 1 || !strings.HasSuffix(ran[0], "safe") {
					t.Errorf("%s: %q ran where nothing is amiss: %s", name, ran, body)
				}
				refused(name+" of another name", message, strings.Replace(message, "safe", "danger", 1))
				if name != "tool" {
					refused(name+" in place of a tool", call, message)
				}
			}
			refused("another method with the same name", get, call)
			refused("a message that was about nothing", cases.Request("ping", "{}"), call)
			refused("a list in place of a tool", call, cases.Request("tools/list", "{}"))
		})
	}
}
