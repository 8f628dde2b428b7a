// Package environ is the one door through which the kit sees time.
//
// Production code never sets it. A test puts its own clock into the context
// that it hands to core.New, so that expiry, cooldowns and retry pauses can be
// crossed without waiting for them.
package environ

import (
	"context"
	"time"
)

// Clock tells the time and waits for it.
type Clock struct {
	// Now returns the current time.
	Now func() time.Time
	// Timer returns a channel that receives once after d, and a function that
	// gives the timer back when nobody waits for it any more.
	Timer func(d time.Duration) (fired <-chan time.Time, stop func())
}

type clockKey struct{}

// With returns a context that carries c.
func With(ctx context.Context, c Clock) context.Context {
	return context.WithValue(ctx, clockKey{}, c)
}

// From returns the clock that ctx carries, or the system's.
func From(ctx context.Context) Clock {
	if c, ok := ctx.Value(clockKey{}).(Clock); ok {
		return c
	}
	return System()
}

// System returns the system's clock.
func System() Clock {
	return Clock{
		Now: time.Now,
		Timer: func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTimer(d)
			return t.C, func() { t.Stop() }
		},
	}
}
