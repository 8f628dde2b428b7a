package requirement

import (
	"context"
	"fmt"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// timeRows are S7 and the times of S22: when a token begins and ends.
func timeRows() []Row {
	const clause = "RFC 7519 §4.1.4; RFC 6750 §3.1"
	ending := func(after time.Duration, scopes ...string) *authtest.Token {
		t := good(scopes...)
		t.Expiry = Epoch().Add(after)
		return t
	}
	expired := endpoint().invalid("expired")
	rows := []Row{
		one("S7/expired-at-skew", clause, "A token is expired once its expiry is as long ago as the clock skew, 10 seconds.",
			Request{Token: ending(-10*time.Second, "a", "b")}, expired),
		one("S7/within-skew", clause, "A token whose expiry is less than 10 seconds ago is still good.",
			Request{Token: ending(-9*time.Second, "a", "b")}, letIn(alice("a", "b"))),
		{
			ID: "S7/skew-by-config", Clause: clause, About: "The clock skew can be configured.",
			Config: func(_ *World, c *core.Config) { c.Limits.ClockSkew = time.Minute },
			Steps: []Step{
				{Request: Request{Token: ending(-59*time.Second, "a", "b")}, Want: letIn(alice("a", "b"))},
				{Request: Request{Token: ending(-time.Minute, "a", "b")}, Want: expired},
			},
		},
		{
			ID: "S7/no-skew", Clause: clause, About: "A negative clock skew means none.",
			Config: func(_ *World, c *core.Config) { c.Limits.ClockSkew = -1 },
			Steps: []Step{
				{Request: Request{Token: ending(time.Second, "a", "b")}, Want: letIn(alice("a", "b"))},
				{Request: Request{Token: ending(0, "a", "b")}, Want: expired},
			},
		},
		expiresRow(),
	}
	return append(append(rows, dateRows()...), endlessRows()...)
}

// expiresRow is a token that ends between two requests.
func expiresRow() Row {
	var token string
	mint := func(w *World) string {
		t := good("a", "b")
		t.Expiry = Epoch().Add(time.Minute)
		token = w.mint(*t)
		return token
	}
	again := func(*World) string { return token }
	return Row{
		ID: "S7/expires", Clause: "RFC 7519 §4.1.4", About: "A token that was good is refused once its time is over.",
		Steps: []Step{
			{Request: Request{Mint: mint}, Want: letIn(alice("a", "b"))},
			{Request: Request{Mint: again}, Want: letIn(alice("a", "b"))},
			{
				Before:  func(w *World) { w.Clock.Advance(70 * time.Second) },
				Request: Request{Mint: again}, Want: endpoint().invalid("expired"),
			},
		},
	}
}

// dateRows are values of nbf and iat near the clock skew.
func dateRows() []Row {
	var rows []Row
	now := Epoch().Unix()
	early := endpoint().invalid("not_yet_valid")
	in := letIn(alice("a", "b"))
	for _, c := range []struct {
		id     string
		claims map[string]any
		want   Want
	}{
		{"S22/nbf-beyond-skew", map[string]any{"nbf": now + 11}, early},
		{"S22/nbf-within-skew", map[string]any{"nbf": now + 10}, in},
		{"S22/iat-beyond-skew", map[string]any{"iat": now + 11}, early},
		{"S22/iat-within-skew", map[string]any{"iat": now + 10}, in},
	} {
		rows = append(rows, one(c.id, "RFC 7519 §2, §4.1.4 to §4.1.6", "nbf and iat must not be further in the future than the clock skew.",
			Request{Token: claiming(c.claims)}, c.want))
	}
	return rows
}

// rawNumber is a JSON number that no Go number is written as.
type rawNumber string

// MarshalJSON implements json.Marshaler.
func (n rawNumber) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// verifierFunc is a core.Verifier.
type verifierFunc func(token string) (core.Principal, error)

// Verify implements core.Verifier.
func (f verifierFunc) Verify(_ context.Context, token string) (core.Principal, error) {
	return f(token)
}

// answering puts a verifier behind the one that every row has.
func answering(answer verifierFunc) func(*World, *core.Config) {
	return func(_ *World, c *core.Config) { c.Verifiers = append(c.Verifiers, answer) }
}

// keyed is a request with an API key, which is no JWT.
func keyed(key string) Request {
	return Request{Mint: func(w *World) string {
		w.minted = append(w.minted, key)
		return key
	}}
}

const apiKey = "key-0123456789abcdef"

// robot is whom the API key stands for.
func robot() core.Principal {
	return core.Principal{
		Issuer: "keys", Subject: "robot", Audience: []string{Resource}, Scopes: []string{"a", "b"}, NoExpiry: true,
	}
}

func robotCaller() caller {
	return caller{Issuer: "keys", Subject: "robot", Audience: []string{Resource}, Scopes: []string{"a", "b"}, Authorization: "withheld"}
}

// endlessRows are tokens of a verifier, which may have no end if it says so.
func endlessRows() []Row {
	var rows []Row
	for _, c := range []struct {
		name, about string
		change      func(*core.Principal)
		want        Want
	}{
		{"verifier-endless", "A verifier whose tokens have no end says so by name.", func(*core.Principal) {}, letIn(robotCaller())},
		{"verifier-forgot", "A verifier's principal without expiry is refused.", func(p *core.Principal) { p.NoExpiry = false }, endpoint().invalid("no_expiry")},
		{
			"verifier-expired", "The expiry of a verifier's principal is checked.",
			func(p *core.Principal) { p.NoExpiry, p.Expiry = false, Epoch().Add(-time.Minute) }, endpoint().invalid("expired"),
		},
		{
			"verifier-expired-endless", "An expiry counts, even beside the word that there is none.",
			func(p *core.Principal) { p.Expiry = Epoch().Add(-time.Minute) }, endpoint().invalid("expired"),
		},
		{
			"verifier-in-time", "A verifier's principal is good until its expiry.",
			func(p *core.Principal) { p.NoExpiry, p.Expiry = false, Epoch().Add(time.Minute) }, letIn(robotCaller()),
		},
	} {
		rows = append(rows, Row{
			ID: "S7/" + c.name, Clause: "RFC 6750 §3.1", About: c.about,
			Config: answering(func(token string) (core.Principal, error) {
				p := robot()
				c.change(&p)
				if token != apiKey {
					return p, fmt.Errorf("another token: %w", core.ErrNotMine)
				}
				return p, nil
			}),
			Steps: []Step{{Request: keyed(apiKey), Want: c.want}},
		})
	}
	return rows
}
