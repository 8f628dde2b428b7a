package environ

import (
	"sync"
	"time"
)

// Manual is a clock that stands still until it is told to move.
type Manual struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*manualTimer]struct{}
}

type manualTimer struct {
	at    time.Time
	fired chan time.Time
}

// NewManual returns a clock that shows start.
func NewManual(start time.Time) *Manual {
	return &Manual{now: start, timers: make(map[*manualTimer]struct{})}
}

// Clock returns the view of m that code under test uses.
func (m *Manual) Clock() Clock {
	return Clock{Now: m.Now, Timer: m.timer}
}

// Now returns the time that m shows.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock and fires every timer that has come due.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	for t := range m.timers {
		m.fireIfDue(t)
	}
}

// Waiting reports how many timers have not fired yet.
func (m *Manual) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.timers)
}

func (m *Manual) timer(d time.Duration) (<-chan time.Time, func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &manualTimer{at: m.now.Add(d), fired: make(chan time.Time, 1)}
	m.timers[t] = struct{}{}
	m.fireIfDue(t)
	return t.fired, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.timers, t)
	}
}

func (m *Manual) fireIfDue(t *manualTimer) {
	if t.at.After(m.now) {
		return
	}
	t.fired <- m.now
	delete(m.timers, t)
}
