package situations

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// tenants keeps a resource server for each tenant, made when it is first asked
// for. Each ends when its tenant does.
type tenants struct {
	ctx      context.Context // bounds the life of what is started, not of one call
	base     string
	issuerOf func(tenant string) (issuer string, ok bool)
	mcp      http.Handler

	mu      sync.Mutex
	running map[string]tenant
}

type tenant struct {
	http.Handler
	end context.CancelFunc
}

func newTenants(ctx context.Context, base string, issuerOf func(string) (string, bool)) *tenants {
	return &tenants{
		ctx: ctx, base: base, issuerOf: issuerOf,
		mcp:     gosdk.Handler(weatherServer(), nil),
		running: make(map[string]tenant),
	}
}

// routes is the app. Only names that issuerOf knows make anything run.
func (ts *tenants) routes() http.Handler {
	mux := http.NewServeMux()
	serve := func(w http.ResponseWriter, r *http.Request) {
		one, err := ts.tenant(r.PathValue("tenant"))
		if err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		one.ServeHTTP(w, r)
	}
	mux.HandleFunc("/tenants/{tenant}/mcp", serve)
	mux.HandleFunc("/.well-known/oauth-protected-resource/tenants/{tenant}/mcp", serve)
	return mux
}

func (ts *tenants) tenant(name string) (http.Handler, error) {
	issuer, known := ts.issuerOf(name)
	if !known {
		return http.NotFoundHandler(), nil
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if one, ok := ts.running[name]; ok {
		return one, nil
	}
	ctx, end := context.WithCancel(ts.ctx)
	rs, err := core.New(ctx, core.Config{
		Resource:             ts.base + "/tenants/" + name + "/mcp",
		AuthorizationServers: []string{issuer},
	})
	if err != nil {
		end()
		return nil, err
	}
	// InFront answers both paths of the tenant, whichever route led here.
	one := tenant{Handler: rs.InFront(http.NotFoundHandler(), ts.mcp), end: end}
	ts.running[name] = one
	return one, nil
}

func (ts *tenants) remove(name string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if one, ok := ts.running[name]; ok {
		one.end()
		delete(ts.running, name)
	}
}

func TestResourceServerPerTenant(t *testing.T) {
	red, blue := authtest.NewServer(t), authtest.NewServer(t)
	issuers := map[string]string{"red": red.Issuer(), "blue": blue.Issuer()}
	var ts *tenants
	base := startApp(t, func(base string) (http.Handler, error) {
		ts = newTenants(t.Context(), base, func(name string) (string, bool) {
			issuer, ok := issuers[name]
			return issuer, ok
		})
		return ts.routes(), nil
	})
	endpoint := func(name string) string { return base + "/tenants/" + name + "/mcp" }

	get(t, base+"/.well-known/oauth-protected-resource/tenants/red/mcp", "").wantStatus(t, http.StatusOK)
	post(t, endpoint("red"), red.Token(endpoint("red")), weatherCall).wantStatus(t, http.StatusOK)
	post(t, endpoint("blue"), blue.Token(endpoint("blue")), weatherCall).wantStatus(t, http.StatusOK)
	post(t, endpoint("blue"), red.Token(endpoint("blue")), weatherCall).wantStatus(t, http.StatusUnauthorized)
	post(t, endpoint("blue"), blue.Token(endpoint("red")), weatherCall).wantStatus(t, http.StatusUnauthorized)
	post(t, endpoint("green"), "", weatherCall).wantStatus(t, http.StatusNotFound)

	ts.remove("red")
	post(t, endpoint("red"), red.Token(endpoint("red")), weatherCall).wantStatus(t, http.StatusOK) // begun anew
}
