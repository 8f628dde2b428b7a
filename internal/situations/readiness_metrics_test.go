package situations

import (
	"context"
	"expvar"
	"net/http"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// observedApp tells its orchestrator whether it can verify tokens, and counts
// decisions by reason. Reasons are a closed list, so they make good labels.
func observedApp(ctx context.Context, resource, issuer string, decisions *expvar.Map) (http.Handler, error) {
	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
		Observe: func(_ context.Context, e core.Event) {
			reason := e.Reason
			if reason == "" {
				reason = "let_in"
			}
			decisions.Add(reason, 1)
		},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 100*time.Millisecond)
		defer cancel()
		if err := rs.Ready(ctx); err != nil {
			http.Error(w, "tokens can't be verified yet", http.StatusServiceUnavailable)
		}
	})
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
}

func TestReadinessAndMetrics(t *testing.T) {
	as := authtest.NewServer(t)
	as.Down()
	decisions := new(expvar.Map)
	base := startApp(t, func(base string) (http.Handler, error) {
		return observedApp(t.Context(), base+"/mcp", as.Issuer(), decisions)
	})
	good := as.Token(base+"/mcp", "mcp:read")

	get(t, base+"/healthz", "").wantStatus(t, http.StatusOK)
	get(t, base+"/readyz", "").wantStatus(t, http.StatusServiceUnavailable)
	post(t, base+"/mcp", "", weatherCall).wantStatus(t, http.StatusUnauthorized)
	post(t, base+"/mcp", good, weatherCall).wantStatus(t, http.StatusServiceUnavailable)

	as.Up()
	healed := false
	for range 300 { // each waits in the app until its own deadline
		if healed = get(t, base+"/readyz", "").status == http.StatusOK; healed {
			break
		}
	}
	if !healed {
		t.Fatal("the app doesn't get ready though the authorization server is back")
	}
	post(t, base+"/mcp", good, weatherCall).wantStatus(t, http.StatusOK)
	post(t, base+"/mcp", as.Token(base+"/mcp"), weatherCall).wantStatus(t, http.StatusForbidden)

	for reason, want := range map[string]string{
		"missing_credentials": "1", "keys_unavailable": "1", "let_in": "1", "insufficient_scope": "1",
	} {
		if got := decisions.Get(reason); got == nil || got.String() != want {
			t.Errorf("%s was counted %v times, want %s", reason, got, want)
		}
	}
}
