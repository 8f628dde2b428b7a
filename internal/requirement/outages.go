package requirement

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
)

// outageRows are S12: nobody can tell, or something broke down.
func outageRows() []Row {
	const clause = "RFC 9110 §15.6.4; RFC 6750 §3.1"
	down := func(w *World) { w.Server.Down() }
	rows := []Row{
		{
			ID: "S12/server-down", Clause: clause, About: "While keys can't be had, a token is answered 503 without a challenge, and a bare request as ever.",
			Before: down, Unready: true,
			Steps: []Step{
				{Before: settled(1), Want: endpoint().bare()},
				{Request: Request{Token: good("a", "b")}, Want: unavailable("keys_unavailable")},
				{Request: Request{Token: good("a", "b"), Method: http.MethodGet}, Want: unavailable("keys_unavailable")},
				{Request: Request{Token: good("a", "b"), Path: scopedRoute}, Want: unavailable("keys_unavailable")},
				{Request: Request{Authorization: []string{"Basic eDp5"}}, Want: endpoint().bare()},
				{Request: Request{Authorization: []string{"Bearer x y"}}, Want: endpoint().malformed("malformed_credentials")},
			},
		},
		{
			ID: "S12/junk-while-down", Clause: clause, About: "What is invalid without any key is invalid while keys can't be had.",
			Before: down, Unready: true,
			Steps: []Step{
				{Before: settled(1), Request: keyed("garbage-garbage"), Want: endpoint().invalid("not_a_jwt")},
				{Request: Request{Token: claiming(map[string]any{"iss": "https://elsewhere.example"})}, Want: endpoint().invalid("unknown_issuer")},
				{Request: Request{Token: claiming(map[string]any{"cnf": map[string]any{}})}, Want: endpoint().invalid("sender_constrained")},
			},
		},
	}
	for name, fail := range map[string]http.HandlerFunc{
		"keys-500":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"keys-404":   http.NotFound,
		"keys-html":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"keys-empty": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) },
	} {
		rows = append(rows, Row{
			ID: "S12/" + name, Clause: clause, About: "A key set that can't be used is an outage, not the token's fault.",
			Before: func(w *World) { w.answer(keySetPath, fail) }, Unready: true,
			Steps: []Step{
				{Before: settled(1), Want: endpoint().bare()},
				{Request: Request{Token: good("a", "b")}, Want: unavailable("keys_unavailable")},
			},
		})
	}
	return append(append(rows, verifierRows()...), confirmRows()...)
}

// settled waits until n key workers have ended their attempt.
func settled(n int) func(*World) {
	return func(w *World) {
		if w.app.Servers != nil {
			w.eventually(func() bool { return w.Clock.Waiting() == n })
		}
	}
}

// outcomes are what a callback may answer, and what becomes of it.
func outcomes() []struct {
	name, about string
	err         func(token string) error
	want        Want
} {
	hostile := "\"\r\nX-Injected: 1\r\n\r\n<script>"
	return []struct {
		name, about string
		err         func(token string) error
		want        Want
	}{
		{
			"unavailable", "An answer that wraps ErrUnavailable is 503.",
			func(token string) error {
				return fmt.Errorf("redis%s is down for %s: %w", hostile, token, core.ErrUnavailable)
			},
			unavailable("verifier_unavailable"),
		},
		{
			"invalid", "An answer that wraps ErrInvalid is 401.",
			func(token string) error { return fmt.Errorf("revoked%s: %s: %w", hostile, token, core.ErrInvalid) },
			endpoint().invalid("refused_by_verifier"),
		},
		{
			"unknown-error", "Any other error is 500, with nothing of its text.",
			func(token string) error { return fmt.Errorf("dial tcp 10.0.0.7%s: %s", hostile, token) }, fault(),
		},
		{
			"timeout", "A context that ended is an outage: 503.",
			func(token string) error { return fmt.Errorf("asking for %s: %w", token, context.DeadlineExceeded) },
			unavailable("verifier_unavailable"),
		},
		{
			"not-mine", "Nobody's token is invalid.",
			func(token string) error { return fmt.Errorf("%s: %w", token, core.ErrNotMine) },
			endpoint().invalid("not_a_jwt"),
		},
		{
			"panic", "A panic is 500, with nothing of its text.",
			func(token string) error { panic("broken" + hostile + token) }, fault(),
		},
		{
			"panic-with-error", "A panic with one of the outcomes is 500 all the same: a callback that breaks down decides nothing.",
			func(token string) error { panic(fmt.Errorf("%s: %w", token, core.ErrInvalid)) }, fault(),
		},
	}
}

// verifierRows are what a verifier answers.
func verifierRows() []Row {
	var rows []Row
	for _, o := range outcomes() {
		rows = append(rows, Row{
			ID: "S12/verifier-" + o.name, Clause: "RFC 6750 §3.1", About: "Of a verifier: " + o.about,
			Config: answering(func(token string) (core.Principal, error) { return robot(), o.err(token) }),
			Steps:  []Step{{Request: keyed(apiKey), Want: o.want}},
		})
	}
	return rows
}

// confirmRows are what Config.Confirm answers, about a good token that lacks a
// scope: it is asked first.
func confirmRows() []Row {
	var rows []Row
	for _, o := range outcomes() {
		if o.name == "not-mine" {
			continue // No answer of Confirm.
		}
		rows = append(rows, Row{
			ID: "S12/confirm-" + o.name, Clause: "RFC 6750 §3.1", About: "Of Config.Confirm: " + o.about,
			Config: func(_ *World, c *core.Config) {
				c.Confirm = func(r *http.Request, _ core.Principal) error {
					return o.err(r.Header.Get("Authorization")[len("Bearer "):])
				}
			},
			Steps: []Step{{Request: Request{Token: good("a")}, Want: o.want}},
		})
	}
	return append(rows, Row{
		ID: "S12/confirmed", Clause: "RFC 6750 §3.1", About: "Config.Confirm sees the request without its body and a copy of its principal, for every request.",
		Config: func(_ *World, c *core.Config) {
			c.Confirm = func(r *http.Request, p core.Principal) error {
				if r.Header.Get("X-Confirm") != p.Subject {
					return core.ErrInvalid
				}
				p.Scopes[0] = "changed"
				if body, err := io.ReadAll(r.Body); err != nil || len(body) > 0 {
					return errors.New("the body is there")
				}
				return nil
			}
		},
		Steps: []Step{
			{Request: Request{Token: good("a", "b"), Header: confirming("alice")}, Want: letIn(alice("a", "b"))},
			{Request: Request{Token: good("a", "b"), Header: confirming("bob")}, Want: endpoint().invalid("refused_by_verifier")},
		},
	})
}

// confirming is the header of a call that says who makes it.
func confirming(who string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "X-Confirm": {who}}
}
