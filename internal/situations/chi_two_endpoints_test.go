package situations

import (
	"context"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// twoEndpoints has one MCP endpoint for customers and one for staff. Each is a
// protected resource of its own: the tokens of one are nothing to the other.
func twoEndpoints(ctx context.Context, base, customersIssuer, staffIssuer string) (*chi.Mux, error) {
	router := chi.NewRouter()
	for _, config := range []core.Config{
		{
			Resource:             base + "/customers/mcp",
			AuthorizationServers: []string{customersIssuer},
			Scopes:               []string{"orders:read"},
		},
		{
			Resource:             base + "/staff/mcp",
			AuthorizationServers: []string{staffIssuer},
			Scopes:               []string{"staff"},
			Implies:              map[string][]string{"admin": {"staff"}},
		},
	} {
		rs, err := core.New(ctx, config)
		if err != nil {
			return nil, err
		}
		if err := chimcp.Mount(router, rs, gosdk.Handler(weatherServer(), nil)); err != nil {
			return nil, err
		}
	}
	return router, nil
}

func TestChiWithTwoEndpoints(t *testing.T) {
	customers, staff := authtest.NewServer(t), authtest.NewServer(t)
	base := startApp(t, func(base string) (http.Handler, error) {
		return twoEndpoints(t.Context(), base, customers.Issuer(), staff.Issuer())
	})
	forCustomers, forStaff := base+"/customers/mcp", base+"/staff/mcp"

	for name, c := range map[string]struct {
		endpoint, token, scope string
		want                   int
	}{
		"bare customer":               {forCustomers, "", "orders:read", http.StatusUnauthorized},
		"bare staff":                  {forStaff, "", "staff", http.StatusUnauthorized},
		"customer":                    {forCustomers, customers.Token(forCustomers, "orders:read"), "", http.StatusOK},
		"admin is staff":              {forStaff, staff.Token(forStaff, "admin"), "", http.StatusOK},
		"the other's issuer":          {forStaff, customers.Token(forStaff, "staff"), "staff", http.StatusUnauthorized},
		"the other's audience":        {forCustomers, customers.Token(forStaff, "orders:read"), "orders:read", http.StatusUnauthorized},
		"the other's scope":           {forCustomers, customers.Token(forCustomers, "staff"), "orders:read", http.StatusForbidden},
		"implied elsewhere, not here": {forCustomers, customers.Token(forCustomers, "admin"), "orders:read", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			got := post(t, c.endpoint, c.token, weatherCall)
			got.wantStatus(t, c.want)
			if c.scope != "" {
				got.wantScope(t, c.scope)
			}
		})
	}
}
