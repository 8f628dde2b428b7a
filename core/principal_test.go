package core_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// fixed is a verifier that knows one token, and may be down.
type fixed struct {
	principal core.Principal
	down      error
}

func (f fixed) Verify(context.Context, string) (core.Principal, error) { return f.principal, f.down }
func (f fixed) Ready(context.Context) error                            { return f.down }

func newFixed(t *testing.T, f fixed, change func(*core.Config)) *core.ResourceServer {
	t.Helper()
	c := quiet()
	c.AuthorizationServers, c.Verifiers, c.Scopes = nil, []core.Verifier{f}, nil
	change(&c)
	rs, err := core.New(stopped(t), c)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func alice() core.Principal {
	return core.Principal{
		Subject: "alice", Scopes: []string{"admin"}, Audience: []string{"https://mcp.example/mcp"}, NoExpiry: true,
		Claims: []byte(`{"a":1}`),
	}
}

// send sends an authorized POST and returns the status.
func send(h http.Handler, body string) int {
	r := httptest.NewRequest(http.MethodPost, "https://mcp.example/mcp", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestPrincipalHasWhatIsImplied(t *testing.T) {
	rs := newFixed(t, fixed{principal: alice()}, func(c *core.Config) { c.Implies = map[string][]string{"admin": {"read"}} })
	var ran bool
	send(rs.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		p, ok := core.PrincipalFrom(r.Context())
		if ran = true; !ok || !p.Has("admin") || !p.Has("read") || p.Has("write") {
			t.Errorf("S9: scopes of %v: admin %v, read %v, write %v", ok, p.Has("admin"), p.Has("read"), p.Has("write"))
		}
	})), "")
	if !ran {
		t.Error("the handler didn't run")
	}
	p, _ := core.PrincipalFrom(core.WithPrincipal(t.Context(), alice()))
	if !p.Has("admin") || p.Has("read") {
		t.Error("a principal of no resource server has what is listed, and no more")
	}
}

func TestPrincipalsAreCopies(t *testing.T) {
	rs := newFixed(t, fixed{principal: alice()}, func(*core.Config) {})
	send(rs.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		first, _ := core.PrincipalFrom(r.Context())
		first.Scopes[0], first.Audience[0], first.Claims[0] = "changed", "changed", 'X'
		second, _ := core.PrincipalFrom(r.Context())
		if second.Scopes[0] != "admin" || second.Audience[0] == "changed" || second.Claims[0] == 'X' {
			t.Error("S55: a handler can change what the next one sees")
		}
	})), "")
}

func TestConfirmCannotEatTheBody(t *testing.T) {
	const sent = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	var seen string
	rs := newFixed(t, fixed{principal: alice()}, func(c *core.Config) {
		c.Confirm = func(r *http.Request, _ core.Principal) error {
			body, err := io.ReadAll(r.Body)
			if len(body) != 0 || err != nil {
				t.Errorf("Confirm read %q (%v)", body, err)
			}
			return nil
		}
	})
	send(rs.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if seen = string(body); err != nil {
			t.Error(err)
		}
	})), sent)
	if seen != sent {
		t.Errorf("the handler read %q", seen)
	}
}

func TestReadyAsksVerifiersThatCanTell(t *testing.T) {
	if err := newFixed(t, fixed{}, func(*core.Config) {}).Ready(t.Context()); err != nil {
		t.Errorf("Ready = %v", err)
	}
	down := errors.New("database down")
	err := newFixed(t, fixed{down: down}, func(*core.Config) {}).Ready(t.Context())
	if !errors.Is(err, core.ErrUnavailable) || !errors.Is(err, down) {
		t.Errorf("Ready = %v, want ErrUnavailable and the verifier's reason", err)
	}
}
