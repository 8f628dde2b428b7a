package guides

import (
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// wantCalls calls the tool at each path with each token.
func wantCalls(s *apptest.Site, calls []toolCall) {
	s.Helper()
	for _, c := range calls {
		s.CheckStatus(c.about, s.Do(apptest.Call(c.path, c.token, apptest.WhoAmI)), c.status)
	}
}

type toolCall struct {
	about, path, token string
	status             int
}

// TestTwoResources: what is good for one is nothing to the other (S39).
func TestTwoResources(t *testing.T) {
	b := newBench(t)
	staff := authtest.NewServer(t)
	app, err := twoResources(t.Context(), b.AS.Issuer(), staff.Issuer(), b.MCP)
	if err != nil {
		t.Fatal(err)
	}
	const forCustomers, forStaff = "https://api.example.com/customers/mcp", "https://api.example.com/staff/mcp"
	s := b.Serve(app)
	s.CheckMetadata(forCustomers, "/.well-known/oauth-protected-resource/customers/mcp")
	s.CheckMetadata(forStaff, "/.well-known/oauth-protected-resource/staff/mcp")
	wantCalls(s, []toolCall{
		{"a customer", "/customers/mcp", b.AS.Token(forCustomers, "orders:read"), http.StatusOK},
		{"an admin", "/staff/mcp", staff.Token(forStaff, "admin"), http.StatusOK},
		{"a customer among staff", "/staff/mcp", b.AS.Token(forStaff, "staff"), http.StatusUnauthorized},
		{"the other's audience", "/customers/mcp", b.AS.Token(forStaff, "orders:read"), http.StatusUnauthorized},
		{"the other's scope", "/customers/mcp", b.AS.Token(forCustomers, "admin"), http.StatusForbidden},
	})
}

// TestTwoIssuers: each issuer's tokens are held to its own rules (S18, S19, S23).
func TestTwoIssuers(t *testing.T) {
	b := newBench(t)
	partner := authtest.NewServer(t)
	config := twoIssuers(b.AS.Issuer(), partner.Issuer())
	rs, err := core.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	permitted := map[string]any{"permissions": []string{"mcp:read"}}
	wantCalls(b.Serve(rs.InFront(nil, b.MCP)), []toolCall{
		{"our own", "/mcp", b.AS.Token(config.Resource, "mcp:read"), http.StatusOK},
		{"the partner's", "/mcp", partner.Mint(authtest.Token{Audience: "notes-api", Claims: permitted}), http.StatusOK},
		{"the partner's audience of ours", "/mcp", b.AS.Mint(authtest.Token{Audience: "notes-api", Claims: permitted}), http.StatusUnauthorized},
		{"our audience of the partner's", "/mcp", partner.Token(config.Resource, "mcp:read"), http.StatusUnauthorized},
	})
}

// TestTenants: a tenant is served once it is known, and no longer (S39).
func TestTenants(t *testing.T) {
	b := newBench(t)
	blue := authtest.NewServer(t)
	issuers := map[string]string{"red": b.AS.Issuer(), "blue": blue.Issuer()}
	ts := &tenants{
		ctx: t.Context(), mcp: b.MCP, running: make(map[string]tenant),
		issuerOf: func(name string) (string, bool) { issuer, known := issuers[name]; return issuer, known },
	}
	s := b.Serve(ts.routes())
	resource := func(name string) string { return "https://api.example.com/tenants/" + name + "/mcp" }
	s.CheckMetadata(resource("red"), "/.well-known/oauth-protected-resource/tenants/red/mcp")
	wantCalls(s, []toolCall{
		{"red", "/tenants/red/mcp", b.AS.Token(resource("red"), "mcp:read"), http.StatusOK},
		{"blue", "/tenants/blue/mcp", blue.Token(resource("blue"), "mcp:read"), http.StatusOK},
		{"red at blue", "/tenants/blue/mcp", b.AS.Token(resource("blue"), "mcp:read"), http.StatusUnauthorized},
		{"nobody's", "/tenants/green/mcp", "", http.StatusNotFound},
	})
	if len(ts.running) != 2 {
		t.Errorf("%d tenants run, want the two that are known", len(ts.running))
	}
	delete(issuers, "red")
	ts.remove("red")
	wantCalls(s, []toolCall{{"red once it is gone", "/tenants/red/mcp", b.AS.Token(resource("red"), "mcp:read"), http.StatusNotFound}})
}

// TestTenantInToken: a token that names no tenant is refused.
func TestTenantInToken(t *testing.T) {
	b := newBench(t)
	config := tenantInToken(b.AS.Issuer())
	rs, err := core.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	mint := func(claims map[string]any) string {
		return b.AS.Mint(authtest.Token{Audience: config.Resource, Scopes: config.Scopes, Claims: claims})
	}
	wantCalls(b.Serve(rs.InFront(nil, b.MCP)), []toolCall{
		{"a tenant's", "/mcp", mint(map[string]any{"tenant": "red"}), http.StatusOK},
		{"no tenant's", "/mcp", mint(nil), http.StatusUnauthorized},
		{"an empty tenant's", "/mcp", mint(map[string]any{"tenant": ""}), http.StatusUnauthorized},
		{"a tenant that is no string", "/mcp", mint(map[string]any{"tenant": 7}), http.StatusUnauthorized},
	})
}
