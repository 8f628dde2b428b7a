package authtest

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// attempt is a [testing.TB] for what may fail without its test failing with it.
// What must end with the test still does.
type attempt struct {
	testing.TB

	mu     sync.Mutex
	failed bool
	said   []string
}

// run runs f until it returns, or ends itself by one of the methods below.
func (a *attempt) run(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				a.Errorf("panic: %v", p)
			}
		}()
		f()
	}()
	<-done
}

// text returns what failed, or "".
func (a *attempt) text() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed && len(a.said) == 0 {
		return "it failed without saying why"
	}
	return strings.Join(a.said, "\n")
}

func (a *attempt) say(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = true
	if text = strings.TrimSpace(text); text != "" {
		a.said = append(a.said, text)
	}
}

// Helper implements testing.TB.
func (a *attempt) Helper() {}

// Error implements testing.TB.
func (a *attempt) Error(args ...any) { a.say(fmt.Sprintln(args...)) }

// Errorf implements testing.TB.
func (a *attempt) Errorf(format string, args ...any) { a.say(fmt.Sprintf(format, args...)) }

// Fail implements testing.TB.
func (a *attempt) Fail() { a.say("") }

// FailNow implements testing.TB.
func (a *attempt) FailNow() {
	a.say("")
	runtime.Goexit()
}

// Failed implements testing.TB.
func (a *attempt) Failed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

// Fatal implements testing.TB.
func (a *attempt) Fatal(args ...any) {
	a.Error(args...)
	runtime.Goexit()
}

// Fatalf implements testing.TB.
func (a *attempt) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	runtime.Goexit()
}

// Skip implements testing.TB. A server that doesn't start has not been tried.
func (a *attempt) Skip(args ...any) { a.Fatal(append([]any{"skipped:"}, args...)...) }

// Skipf implements testing.TB.
func (a *attempt) Skipf(format string, args ...any) { a.Fatalf("skipped: "+format, args...) }

// SkipNow implements testing.TB.
func (a *attempt) SkipNow() { a.Fatal("skipped") }
