package requirement

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// eventRows are S56: what the app is told of a decision. That each decision
// tells one event and logs one line, without the token, is part of every row.
func eventRows() []Row {
	const clause = "OWASP logging: what to log"
	let := letIn(alice("a", "b"))
	wait := func(w *World, c *core.Config) {
		c.Confirm = func(*http.Request, core.Principal) error {
			w.Clock.Advance(1500 * time.Millisecond)
			return nil
		}
	}
	told := func(id, about string, request Request, want Want, event core.Event) Row {
		return Row{ID: id, Clause: clause, About: about, Config: wait, Run: func(w *World) []string {
			return append(w.compare(Step{Request: request, Want: want}), w.compareEvent(event)...)
		}}
	}
	const latency = 1500 * time.Millisecond
	rows := []Row{
		told("S56/let-in", "An event tells issuer, client and latency of a request that is let in.", Request{Token: good("a", "b")}, let,
			core.Event{
				Operation: core.Operation{Method: "tools/call", Name: "get_weather"},
				Issuer:    "{issuer}", ClientID: authtest.ClientID, Latency: latency,
			}),
		told("S56/lacking", "An event tells the operation of a request that lacks a scope, and what is missing.", Request{Token: good("a")}, endpoint().lacking("7"), core.Event{
			Status: http.StatusForbidden, Reason: "insufficient_scope", Expected: "scopes a b", Got: "a token without b",
			Operation: core.Operation{Method: "tools/call", Name: "get_weather"}, Issuer: "{issuer}", ClientID: authtest.ClientID, Latency: latency,
		}),
		told("S56/resource-uri", "The name of an operation on a resource is its URI.",
			Request{Token: good("b"), Body: `{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"notes://x"}}`}, endpoint().lacking("7"), core.Event{
				Status: http.StatusForbidden, Reason: "insufficient_scope", Expected: "scopes a b", Got: "a token without a",
				Operation: core.Operation{Method: "resources/read", Name: "notes://x"}, Issuer: "{issuer}", ClientID: authtest.ClientID, Latency: latency,
			}),
		told("S56/bare", "An event of a bare request names nobody.", Request{}, endpoint().bare(),
			core.Event{Status: http.StatusUnauthorized, Reason: "missing_credentials"}),
		told("S56/unverified", "An event of a token that isn't verified doesn't repeat whom it claims to be.",
			Request{Token: &authtest.Token{Audience: Resource, Flaw: authtest.TamperedSignature}}, endpoint().invalid("bad_signature"),
			core.Event{Status: http.StatusUnauthorized, Reason: "bad_signature", Expected: "a signature by a key of {issuer}", Got: "another"}),
		told("S56/origin", "An event of a foreign page tells its origin.",
			Request{Header: http.Header{"Origin": {"https://evil.example"}}}, foreign(),
			core.Event{Status: http.StatusForbidden, Reason: "origin_not_allowed", Expected: "[https://mcp.example]", Got: "https://evil.example"}),
		told("S56/route", "A decision about an ordinary route tells an event as well.", Request{Path: scopedRoute, Token: good("c")}, routed(alice("c")),
			core.Event{Issuer: "{issuer}", ClientID: authtest.ClientID, Latency: latency}),
	}
	return append(rows, subjectRow(), detailRow(), brokenObserverRow())
}

// compareEvent compares the one event, but for the resource, which is always the
// same, and the subject, which only its hash tells.
func (w *World) compareEvent(want core.Event) []string {
	if w.bench.BlackBox {
		return nil
	}
	told := w.events.all()
	if len(told) != 1 {
		return []string{fmt.Sprintf("events: expected 1, got %d", len(told))}
	}
	got, d := told[0], &checks{}
	fill := func(s string) string { return strings.ReplaceAll(s, "{issuer}", w.Server.Issuer()) }
	d.check("Event.Resource", Resource, got.Resource)
	d.check("Event.Status", want.Status, got.Status)
	d.check("Event.Reason", want.Reason, got.Reason)
	d.check("Event.Expected", fill(want.Expected), got.Expected)
	d.check("Event.Got", want.Got, got.Got)
	d.check("Event.Detail", want.Detail, got.Detail)
	d.check("Event.Operation", want.Operation, got.Operation)
	d.check("Event.Issuer", fill(want.Issuer), got.Issuer)
	d.check("Event.ClientID", want.ClientID, got.ClientID)
	d.check("Event.CacheHit", want.CacheHit, got.CacheHit)
	d.check("Event.Latency", want.Latency, got.Latency)
	d.check("Event.SubjectHash is there", got.Issuer != "", got.SubjectHash() != "")
	return d.list
}

// subjectRow is the hash of the subject: the same for one subject, another for
// others, and none for none.
func subjectRow() Row {
	return Row{
		ID: "S56/subject-hash", Clause: "RFC 9068 §6", About: "The subject is told as a hash alone, on request: equal for one caller, different for others.",
		Run: func(w *World) []string {
			var differences []string
			hashes := make(map[string]string)
			for _, subject := range []any{"alice", "bob", "alice", authtest.Absent} {
				name, who := "", alice("a", "b")
				if s, ok := subject.(string); ok {
					name = s
				}
				who.Subject = name
				differences = append(differences, w.compare(Step{
					Request: Request{Token: claiming(map[string]any{"sub": subject})}, Want: letIn(who),
				})...)
				if w.bench.BlackBox {
					continue
				}
				for _, e := range w.events.all() {
					hash := e.SubjectHash()
					d := &checks{}
					if before, seen := hashes[name]; seen {
						d.check("the hash of "+name, before, hash)
					}
					d.check("the hash of "+name+" is there", name != "", hash != "")
					hashes[name] = hash
					differences = append(differences, d.list...)
				}
			}
			if !w.bench.BlackBox && hashes["alice"] == hashes["bob"] {
				differences = append(differences, "two subjects have one hash")
			}
			return differences
		},
	}
}

// detailRow is what a callback says: for the operator, and without the token.
func detailRow() Row {
	return Row{
		ID: "S56/detail", Clause: "RFC 6750 §5.2", About: "What a verifier says is told to the app, with the token struck out.",
		Config: answering(func(token string) (core.Principal, error) {
			return core.Principal{}, fmt.Errorf("redis has no %s today: %w", token, core.ErrUnavailable)
		}),
		Run: func(w *World) []string {
			var differences []string
			for _, key := range []string{apiKey, "a.key.of.short.parts"} {
				differences = append(differences, w.compare(Step{Request: keyed(key), Want: unavailable("verifier_unavailable")})...)
				differences = append(differences, w.compareEvent(core.Event{
					Status: http.StatusServiceUnavailable, Reason: "verifier_unavailable",
					Detail: "redis has no [token] today: verification unavailable",
				})...)
			}
			return differences
		},
	}
}

// brokenObserverRow is an observer that panics.
func brokenObserverRow() Row {
	return Row{
		ID: "S56/broken-observer", Clause: "RFC 9110 §15.6.1", About: "An observer that panics changes no decision.",
		Config: func(w *World, c *core.Config) {
			c.Observe = func(_ context.Context, e core.Event) {
				w.events.add(e)
				panic("broken observer")
			}
		},
		Steps: []Step{
			{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
			{Request: Request{Token: good("a")}, Want: endpoint().lacking("7")},
			{Want: endpoint().bare()},
		},
	}
}
