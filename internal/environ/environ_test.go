package environ_test

import (
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
)

func TestWithoutAClockItIsTheSystems(t *testing.T) {
	clock := environ.From(t.Context())
	before := time.Now()
	if now := clock.Now(); now.Before(before) {
		t.Errorf("the clock shows %v, before %v", now, before)
	}
	fired, stop := clock.Timer(0)
	defer stop()
	<-fired
}

func TestATimerThatIsGivenBackNeverFires(t *testing.T) {
	manual := environ.NewManual(time.Now())
	fired, stop := manual.Clock().Timer(time.Second)
	stop()
	manual.Advance(time.Minute)
	select {
	case <-fired:
		t.Error("it fired")
	default:
	}
	if manual.Waiting() != 0 {
		t.Errorf("%d timers are left", manual.Waiting())
	}
	due, stop := manual.Clock().Timer(-time.Second)
	defer stop()
	<-due
}
