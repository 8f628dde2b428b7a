package situations

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// rules are those that one endpoint has for four kinds of tokens: the staff's, the
// customers' and the partners' authorization server, and keys of the service's
// own. Each can be left out.
type rules struct {
	staff, customers, partners *core.Issuer
	keys                       *apiKeys
}

// allRules differ in all that issuers can differ in. The staff's tokens name the
// resource; the customers' name a GUID, and have their scopes in a list called
// scp; the partners' are opaque.
func allRules(resource, staff, customers, partners string) rules {
	return rules{
		staff:     &core.Issuer{URL: staff, RequireATJWT: true, ScopeClaims: []string{"scope"}},
		customers: &core.Issuer{URL: customers, Audiences: []string{customersApp}, ScopeClaims: []string{"scp"}},
		partners: &core.Issuer{
			URL:           partners,
			Introspection: &core.Introspection{ClientID: authtest.ClientID, ClientSecret: authtest.ClientSecret},
		},
		keys: &apiKeys{
			resource: resource,
			owners:   map[[sha256.Size]byte]string{sha256.Sum256([]byte("key_of_the_robot")): "robot"},
		},
	}
}

const customersApp = "11111111-2222-3333-4444-555555555555"

// app serves the endpoint by those rules that are there.
func (r rules) app(ctx context.Context, resource string) (http.Handler, error) {
	config := core.Config{Resource: resource, Scopes: []string{"mcp:read"}}
	for _, issuer := range []*core.Issuer{r.staff, r.customers, r.partners} {
		if issuer != nil {
			config.Issuers = append(config.Issuers, *issuer)
		}
	}
	if r.keys != nil {
		config.Verifiers = append(config.Verifiers, r.keys)
	}
	rs, err := core.New(ctx, config)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
}

// TestEveryTokenAgainstEveryRule presents every token to an endpoint with all
// rules, and to one with each rule alone. A token is good by its own rule, and by
// no other: not by what another rule would say of its audience, its scopes or its
// shape.
func TestEveryTokenAgainstEveryRule(t *testing.T) {
	staff, customers := authtest.NewServer(t), authtest.NewServer(t)
	partners := authtest.NewServer(t, func(c *devissuer.Config) { c.Opaque = true })
	// The endpoints have one resource identifier, which is none of their addresses.
	const resource = "https://api.example.com/mcp"
	all := allRules(resource, staff.Issuer(), customers.Issuer(), partners.Issuer())
	endpoints := map[string]string{}
	for name, r := range map[string]rules{
		"all": all, "staff": {staff: all.staff}, "customers": {customers: all.customers}, "partners": {partners: all.partners}, "keys": {keys: all.keys},
	} {
		endpoints[name] = startApp(t, func(string) (http.Handler, error) { return r.app(t.Context(), resource) }) + "/mcp"
	}
	scp := func(list ...string) map[string]any { return map[string]any{"scp": list} }
	revoked := partners.Token(resource, "mcp:read")
	revoke(t, partners, revoked)
	for _, c := range []struct {
		name, token string
		rule        string // whose token it is, empty for nobody's
		status      int    // by that rule
	}{
		{"staff", staff.Token(resource, "mcp:read"), "staff", http.StatusOK},
		{"staff, for the customers' audience", staff.Mint(authtest.Token{Audience: customersApp, Scopes: []string{"mcp:read"}}), "staff", http.StatusUnauthorized},
		{"staff, with the customers' scope claim", staff.Mint(authtest.Token{Audience: resource, Claims: scp("mcp:read")}), "staff", http.StatusForbidden},
		{"staff, of another type", staff.Mint(authtest.Token{Audience: resource, Type: "JWT", Scopes: []string{"mcp:read"}}), "staff", http.StatusUnauthorized},
		{"staff's keys, the customers' name", staff.Mint(authtest.Token{Issuer: customers.Issuer(), Audience: customersApp, Claims: scp("mcp:read")}), "customers", http.StatusUnauthorized},
		{"staff's keys, the partners' name", staff.Mint(authtest.Token{Issuer: partners.Issuer(), Audience: resource, Scopes: []string{"mcp:read"}}), "partners", http.StatusUnauthorized},
		{"customers", customers.Mint(authtest.Token{Audience: customersApp, Type: "JWT", Claims: scp("mcp:read")}), "customers", http.StatusOK},
		{"customers, for the resource", customers.Mint(authtest.Token{Audience: resource, Claims: scp("mcp:read")}), "customers", http.StatusUnauthorized},
		{"customers, with the staff's scope claim", customers.Mint(authtest.Token{Audience: customersApp, Scopes: []string{"mcp:read"}}), "customers", http.StatusForbidden},
		{"partners", partners.Token(resource, "mcp:read"), "partners", http.StatusOK},
		{"partners, for the customers' audience", partners.Token("https://elsewhere.example", "mcp:read"), "partners", http.StatusUnauthorized},
		{"partners, lacking", partners.Token(resource, "mail"), "partners", http.StatusForbidden},
		{"partners, revoked", revoked, "partners", http.StatusUnauthorized},
		{"a key", "key_of_the_robot", "keys", http.StatusOK},
		{"no key", "key_of_nobody", "keys", http.StatusUnauthorized},
		{"nobody's JWT", staff.Mint(authtest.Token{Issuer: "https://nobody.example", Audience: resource, Scopes: []string{"mcp:read"}}), "", http.StatusUnauthorized},
		{"nobody's opaque token", "made-up", "", http.StatusUnauthorized},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			for name, endpoint := range endpoints {
				want := http.StatusUnauthorized
				if name == "all" || name == c.rule {
					want = c.status
				}
				if got := post(t, endpoint, c.token, weatherCall); got.status != want {
					t.Errorf("by the rules of %s: status %d, want %d", name, got.status, want)
				}
			}
		})
	}
	if partners.Requests("/introspect") == 0 {
		t.Error("the partners' server was never asked, so nothing was tried")
	}
}
