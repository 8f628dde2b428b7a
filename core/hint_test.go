package core_test

import (
	"context"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// The hint of a refusal is about what refused (S40): the policy, or a callback.
func TestHintTellsPolicyFromCallback(t *testing.T) {
	var seen []core.Event
	g := newGate(t, func(c *core.Config) {
		notes(c)
		c.Observe = func(_ context.Context, e core.Event) { seen = append(seen, e) }
	})
	const policy = "Config.Policy denies this operation to everybody; what a set table doesn't list falls under Policy.Unlisted"
	const callback = "a Decide callback of Config.Policy failed, which denies; what it said is the detail"
	for _, row := range []struct{ tool, hint, detail string }{
		{"gone", policy, ""},
		{"unlisted", policy, ""},
		{"fails", callback, "database down"},
		{"panics", callback, "the Decide callback panicked: boom"},
		{"nested", callback, "the Decide callback returned a requirement that is made with neither Scopes, AnyOf of those, nor Never"},
	} {
		seen = nil
		g.post("base", call(row.tool, "{}"))
		if len(seen) != 1 || seen[0].Reason != "forbidden" || seen[0].Hint != row.hint || seen[0].Detail != row.detail {
			t.Errorf("%s: %+v", row.tool, seen)
		}
	}
}
