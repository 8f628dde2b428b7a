package guides

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func twoResources(ctx context.Context, customers, staff string, mcp http.Handler) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, config := range []core.Config{
		{
			Resource:             "https://api.example.com/customers/mcp",
			AuthorizationServers: []string{customers},
			Scopes:               []string{"orders:read"},
		},
		{
			Resource:             "https://api.example.com/staff/mcp",
			AuthorizationServers: []string{staff},
			Scopes:               []string{"staff"},
			Implies:              map[string][]string{"admin": {"staff"}},
		},
	} {
		rs, err := core.New(ctx, config)
		if err != nil {
			return nil, err
		}
		if err := nethttp.Mount(mux, rs, mcp); err != nil {
			return nil, err
		}
	}
	return mux, nil
}

func twoIssuers(own, partner string) core.Config {
	return core.Config{
		Resource: "https://api.example.com/mcp",
		Issuers: []core.Issuer{
			{URL: own},
			{URL: partner, Audiences: []string{"notes-api"}, ScopeClaims: []string{"permissions"}},
		},
		Scopes: []string{"mcp:read"},
	}
}

// tenants keeps a resource server for each tenant, made when it is first asked for.
type tenants struct {
	ctx      context.Context // ends them all; not a request's
	issuerOf func(tenant string) (issuer string, known bool)
	mcp      http.Handler

	mu      sync.Mutex
	running map[string]tenant
}

type tenant struct {
	http.Handler
	end context.CancelFunc
}

func (ts *tenants) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/tenants/{tenant}/mcp", ts.serve)
	mux.HandleFunc("/.well-known/oauth-protected-resource/tenants/{tenant}/mcp", ts.serve)
	return mux
}

func (ts *tenants) serve(w http.ResponseWriter, r *http.Request) {
	t, err := ts.get(r.PathValue("tenant"))
	if err != nil {
		http.Error(w, "this tenant can't be served", http.StatusInternalServerError)
		return
	}
	t.ServeHTTP(w, r)
}

func (ts *tenants) get(name string) (http.Handler, error) {
	issuer, known := ts.issuerOf(name)
	if !known {
		return http.NotFoundHandler(), nil // nothing is made for a name that anybody may send
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t, ok := ts.running[name]; ok {
		return t, nil
	}
	ctx, end := context.WithCancel(ts.ctx)
	rs, err := core.New(ctx, core.Config{
		Resource:             "https://api.example.com/tenants/" + name + "/mcp",
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		end()
		return nil, err
	}
	t := tenant{Handler: rs.InFront(nil, ts.mcp), end: end} // answers both paths, and 404
	ts.running[name] = t
	return t, nil
}

// remove ends a tenant: its key worker stops, and its path is 404 once
// issuerOf doesn't know it.
func (ts *tenants) remove(name string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t, ok := ts.running[name]; ok {
		t.end()
		delete(ts.running, name)
	}
}

func tenantInToken(issuer string) core.Config {
	return core.Config{
		Resource:             "https://api.example.com/mcp",
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
		Confirm: func(_ *http.Request, p core.Principal) error {
			_, err := tenantOf(p)
			return err
		},
	}
}

// tenantOf returns the tenant that a token names, also in a tool.
func tenantOf(p core.Principal) (string, error) {
	var claims struct {
		Tenant string `json:"tenant"`
	}
	if err := json.Unmarshal(p.Claims, &claims); err != nil || claims.Tenant == "" {
		return "", fmt.Errorf("%w: it names no tenant", core.ErrInvalid)
	}
	return claims.Tenant, nil
}
