package authtest

import (
	"testing"
	"time"
)

// ExamineWithin is Examine with another patience.
func ExamineWithin(tb testing.TB, target Target, patience time.Duration) []Result {
	tb.Helper()
	return examine(tb, &target, patience)
}
