package main

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/mcpbearer/mcpbearer/core"
)

// observer is what core.Config.Observe takes. It is called on the request's
// goroutine, so it returns at once.
type observer func(context.Context, core.Event)

func all(observers ...observer) func(context.Context, core.Event) {
	return func(ctx context.Context, e core.Event) {
		for _, observe := range observers {
			observe(ctx, e)
		}
	}
}

// The labels of a metric become time series that live on, so their values must be
// few, whoever sends what: reasons are codes, issuers those of verified tokens,
// and methods those that MCP has. Names of tools and clients belong in the log.
const (
	outcomeLabel = "outcome"
	reasonLabel  = "reason"
	methodLabel  = "method"
	issuerLabel  = "issuer"
	cachedLabel  = "cached"
)

func labelNames() []string {
	return []string{outcomeLabel, reasonLabel, methodLabel, issuerLabel, cachedLabel}
}

// labelValues are in the order of labelNames.
func labelValues(e *core.Event) []string {
	reason := e.Reason
	if e.Observed != "" {
		reason = e.Observed
	}
	return []string{outcome(e), reason, method(e.Operation.Method), e.Issuer, strconv.FormatBool(e.CacheHit)}
}

func outcome(e *core.Event) string {
	switch {
	case e.Status >= 500:
		return "unavailable"
	case e.Status != 0:
		return "denied"
	case e.Observed != "":
		return "observed" // let in, but not for long
	}
	return "let_in"
}

// method returns the method if it is one that a dashboard would know, and "other"
// for whatever a client made up.
func method(name string) string {
	switch name {
	case "", "initialize", "ping", "server/discover", "logging/setLevel", "completion/complete",
		"tools/list", "tools/call", "prompts/list", "prompts/get",
		"resources/list", "resources/templates/list", "resources/read", "resources/subscribe", "resources/unsubscribe",
		"subscriptions/listen", "tasks/get", "tasks/list", "tasks/result", "tasks/cancel":
		return name
	}
	return "other"
}

// toLog writes an audit line for each decision. The resource server's own log has
// the refusals, with their hints; this one has who was let in to do what, by a hash
// that tells callers apart and names nobody.
func toLog(log *slog.Logger) observer {
	return func(ctx context.Context, e core.Event) {
		log.LogAttrs(ctx, slog.LevelDebug, "decision",
			slog.String("outcome", outcome(&e)), slog.String("reason", e.Reason),
			slog.String("method", e.Operation.Method), slog.String("name", e.Operation.Name),
			slog.String("issuer", e.Issuer), slog.String("client_id", e.ClientID), slog.String("subject", e.SubjectHash()),
			slog.Bool("cached", e.CacheHit), slog.Duration("latency", e.Latency))
	}
}

// toPrometheus counts decisions and how long they take.
func toPrometheus(registry prometheus.Registerer) (observer, error) {
	decisions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "mcp_decisions_total", Help: "Decisions about requests to the MCP endpoint.",
	}, labelNames())
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "mcp_decision_seconds", Help: "How long a decision took.", Buckets: prometheus.ExponentialBuckets(1e-6, 10, 7),
	}, []string{outcomeLabel})
	if err := errors.Join(registry.Register(decisions), registry.Register(seconds)); err != nil {
		return nil, err
	}
	return func(_ context.Context, e core.Event) {
		decisions.WithLabelValues(labelValues(&e)...).Inc()
		seconds.WithLabelValues(outcome(&e)).Observe(e.Latency.Seconds())
	}, nil
}

// toOpenTelemetry does the same with the process's meter. The context carries the
// request's span, where there is one.
func toOpenTelemetry(meter metric.Meter) (observer, error) {
	decisions, err := meter.Int64Counter("mcp.decisions", metric.WithDescription("Decisions about requests to the MCP endpoint."))
	if err != nil {
		return nil, err
	}
	seconds, err := meter.Float64Histogram("mcp.decision.duration", metric.WithUnit("s"), metric.WithDescription("How long a decision took."))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, e core.Event) {
		attributes := make([]attribute.KeyValue, 0, len(labelNames()))
		for i, value := range labelValues(&e) {
			attributes = append(attributes, attribute.String("mcp.decision."+labelNames()[i], value))
		}
		decisions.Add(ctx, 1, metric.WithAttributes(attributes...))
		seconds.Record(ctx, e.Latency.Seconds(), metric.WithAttributes(attribute.String("mcp.decision.outcome", outcome(&e))))
	}, nil
}
