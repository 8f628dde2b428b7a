package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

const resource = "https://mcp.example/mcp"

// world is a resource server that tells all three.
type world struct {
	as       *authtest.Server
	endpoint http.Handler
	registry *prometheus.Registry
	reader   *sdk.ManualReader
	log      bytes.Buffer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{as: authtest.NewServer(t), registry: prometheus.NewRegistry(), reader: sdk.NewManualReader()}
	counted, err := toPrometheus(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	measured, err := toOpenTelemetry(sdk.NewMeterProvider(sdk.WithReader(w.reader)).Meter("test"))
	if err != nil {
		t.Fatal(err)
	}
	rs, err := core.New(t.Context(), core.Config{
		Resource: resource, AuthorizationServers: []string{w.as.Issuer()}, Scopes: []string{"mcp:read"},
		Policy:  core.Policy{Methods: map[string]core.Requirement{"tools/call": core.Scopes("notes:write")}},
		Logger:  slog.New(slog.DiscardHandler),
		Observe: all(toLog(slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))), counted, measured),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.endpoint = rs.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return w
}

func (w *world) call(t *testing.T, token, method string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mcp",
		strings.NewReader(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":{"name":"purge"}}`, method)))
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w.endpoint.ServeHTTP(httptest.NewRecorder(), r)
}

// S56: each decision is counted once, by Prometheus and by OpenTelemetry, and
// logged; no token and no subject is in any of it.
func TestEachDecisionIsTold(t *testing.T) {
	w := newWorld(t)
	token := w.as.Token(resource, "mcp:read")
	w.call(t, "", "tools/list")
	w.call(t, token, "tools/list")
	w.call(t, token, "tools/list")
	w.call(t, token, "tools/call")
	w.call(t, "garbage", "tools/list")

	issuer := w.as.Issuer()
	want := strings.ReplaceAll(`
# HELP mcp_decisions_total Decisions about requests to the MCP endpoint.
# TYPE mcp_decisions_total counter
mcp_decisions_total{cached="false",issuer="",method="",outcome="denied",reason="missing_credentials"} 1
mcp_decisions_total{cached="false",issuer="",method="",outcome="denied",reason="not_a_jwt"} 1
mcp_decisions_total{cached="false",issuer="{issuer}",method="tools/list",outcome="let_in",reason=""} 1
mcp_decisions_total{cached="true",issuer="{issuer}",method="tools/call",outcome="denied",reason="insufficient_scope"} 1
mcp_decisions_total{cached="true",issuer="{issuer}",method="tools/list",outcome="let_in",reason=""} 1
`, "{issuer}", issuer)
	if err := testutil.GatherAndCompare(w.registry, strings.NewReader(want), "mcp_decisions_total"); err != nil {
		t.Error(err)
	}
	if n := w.measured(t); n != 5 {
		t.Errorf("OpenTelemetry counts %d decisions, want 5", n)
	}
	log := w.log.String()
	if n := strings.Count(log, "msg=decision"); n != 5 {
		t.Errorf("%d lines are logged, want 5:\n%s", n, log)
	}
	if !strings.Contains(log, "name=purge") || !strings.Contains(log, "client_id="+authtest.ClientID) {
		t.Errorf("the log lacks operation or client:\n%s", log)
	}
	for _, secret := range append(strings.Split(token, "."), "alice") {
		if strings.Contains(log, secret) {
			t.Error("the log holds a part of the token, or the subject")
		}
	}
}

// measured is the number of decisions that OpenTelemetry has counted.
func (w *world) measured(t *testing.T) int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := w.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	var n int64
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if m.Name != "mcp.decisions" || !ok {
				continue
			}
			for _, point := range sum.DataPoints {
				n += point.Value
			}
		}
	}
	return n
}

// Whatever clients make up, the number of time series stays small.
func TestLabelsAreBounded(t *testing.T) {
	w := newWorld(t)
	token := w.as.Token(resource, "mcp:read")
	for i := range 200 {
		w.call(t, token, fmt.Sprint("made/up", i))
		w.call(t, fmt.Sprint("made-up-", i), "tools/list")
		w.call(t, w.as.Mint(authtest.Token{Issuer: fmt.Sprint("https://made-up.example/", i), Algorithm: "ES256"}), "tools/list")
	}
	n, err := testutil.GatherAndCount(w.registry, "mcp_decisions_total")
	if err != nil {
		t.Fatal(err)
	}
	if n > 4 {
		t.Errorf("%d time series, want one for each method, reason and outcome that there is", n)
	}
}
