package core_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// emptyError is what a function returns as an error that means to return none, by
// way of a nil pointer. It is not nil, and can't be asked.
type emptyError struct{ text string }

func (e *emptyError) Error() string { return e.text }

func none() error {
	var e *emptyError
	return e
}

type noneVerifier struct{}

func (noneVerifier) Verify(context.Context, string) (core.Principal, error) {
	return core.Principal{}, none()
}

// TestErrorsThatCannotBeAsked: S12 and S41, a callback whose error breaks down when
// it is asked is one that failed.
func TestErrorsThatCannotBeAsked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*core.Config)
		status int
	}{
		"Verifier": {func(c *core.Config) { c.Verifiers = []core.Verifier{noneVerifier{}} }, http.StatusInternalServerError},
		"Confirm": {
			func(c *core.Config) { c.Confirm = func(*http.Request, core.Principal) error { return none() } },
			http.StatusInternalServerError,
		},
		"Decide": {func(c *core.Config) {
			c.Policy.Tools = map[string]core.Requirement{
				"x": core.Decide(func(context.Context, core.Operation, core.Principal) (core.Requirement, error) {
					return core.Scopes(), none()
				}),
			}
		}, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, c.change)
			if w := g.post("base", call("x", "{}")); w.Code != c.status || len(g.ran) > 0 {
				t.Errorf("status %d, want %d; %d messages ran", w.Code, c.status, len(g.ran))
			}
		})
	}
}

// brokenLog is a slog.Handler that breaks down.
type brokenLog struct{ slog.Handler }

func (brokenLog) Enabled(context.Context, slog.Level) bool  { return true }
func (brokenLog) Handle(context.Context, slog.Record) error { panic("this log can't be written") }

// TestABrokenLogTakesNoDecision: S56, what is told of a decision changes nothing of
// it, and the observer is told although the log can't be.
func TestABrokenLogTakesNoDecision(t *testing.T) {
	told := 0
	g := newGate(t, func(c *core.Config) {
		c.Logger = slog.New(brokenLog{})
		c.Observe = func(context.Context, core.Event) {
			told++
			panic("so does the observer")
		}
	})
	let, denied := g.post("base", call("x", "{}")), g.post("other", call("x", "{}"))
	if let.Code != http.StatusAccepted || denied.Code != http.StatusForbidden || told != 2 {
		t.Errorf("status %d and %d, want 202 and 403; the observer was told %d times of 2", let.Code, denied.Code, told)
	}
}
