package client_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

const many = 50

// callMany calls a tool many times at once.
func (w *world) callMany(transport http.RoundTripper, tool string) {
	w.Helper()
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			if got, err := w.call(transport, tool); err != nil || got.status != http.StatusOK {
				w.Errorf("status %d, error %v", got.status, err)
			}
		})
	}
	all.Wait()
}

// C13: many requests without a token make one authorization, and with an
// expired one they make one refresh.
func TestC13ManyRequestsShareOneFlow(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.callMany(transport, "read")
	w.wantCount("browser GET /authorize 303", 1)
	w.wantCount("AS POST /register 201", 1)
	w.wantCount("AS POST /token 200", 1)

	w.clock.Advance(time.Hour)
	w.callMany(transport, "read")
	w.wantCount("AS POST /token 200", 2)

	w.callMany(transport, "purge")
	w.wantCount("browser GET /authorize 303", 2)
	w.wantCount("AS POST /token 200", 3)
}

// C13: a token that is refused early is refreshed once for all.
func TestC13ManyRefusals(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.refuse(w.wire.find("R POST /mcp 200")[0].authorization)
	w.callMany(transport, "read")
	w.wantCount("AS POST /token 200", 2)
	w.wantCount("browser GET /authorize 303", 1)
}

// C13: one who refuses is asked once by all who wait.
func TestC13ManyAreRefusedTogether(t *testing.T) {
	w := start(t)
	var asked atomic.Int32
	arrived := make(chan struct{}, many)
	transport := w.transport(func(c *client.Config) {
		c.Redirect = func(context.Context, string) error {
			if asked.Add(1) == 1 {
				for range many { // all have had their 401
					<-arrived
				}
			}
			return errors.New("refused")
		}
	})
	gate := w.gate()
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		gate.ServeHTTP(rw, r)
		arrived <- struct{}{}
	}))
	var all sync.WaitGroup
	var failed atomic.Int32
	for range many {
		all.Go(func() {
			if _, err := w.call(transport, "read"); err != nil {
				failed.Add(1)
			}
		})
	}
	all.Wait()
	// Who comes back from the server after the refusal asks once more.
	if n := asked.Load(); failed.Load() != many || n == many {
		t.Errorf("%d of %d have failed, the user was asked %d times", failed.Load(), many, n)
	}
}

// C13: who has just refused is not asked again by an SDK that tries another
// request, but they are later, or for less.
func TestC13RefusalIsFinalForAMoment(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.decideBy(func(devissuer.AuthorizationRequest) devissuer.Decision { return devissuer.Decision{} })
	for range 2 {
		if e := w.mustFail(transport, "authorization"); e.Code != "access_denied" {
			t.Errorf("the error is %v", e)
		}
	}
	if n := len(w.asked()); n != 1 {
		t.Errorf("the user was asked %d times, want 1", n)
	}
	w.decideBy(devissuer.ApproveAll("alice"))
	w.clock.Advance(10 * time.Second)
	w.mustCall(transport, "read")
	w.decideBy(func(devissuer.AuthorizationRequest) devissuer.Decision { return devissuer.Decision{} })
	for range 2 {
		if _, err := w.call(transport, "purge"); err == nil {
			t.Error("a step-up that was refused went through")
		}
	}
	w.decideBy(devissuer.ApproveAll("alice"))
	w.refuse(w.wire.find("R POST /mcp 200")[0].authorization)
	w.as.Answer("/token", answerOnce(w, refusal(400, "invalid_grant", "revoked")))
	w.mustCall(transport, "read")
	if n := len(w.asked()); n != 4 {
		t.Errorf("the user was asked %d times, want 4", n)
	}
}

// C13: a user who grants a step-up in part is asked once by all who wait, and
// again only when that is a while ago.
func TestC13StepUpGrantedInPart(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.decideBy(func(devissuer.AuthorizationRequest) devissuer.Decision {
		return devissuer.Decision{Subject: "alice", Scopes: []string{"mcp:read", "offline_access"}}
	})
	forbidden := func() {
		if got, err := w.call(transport, "purge"); err != nil || got.status != http.StatusForbidden {
			t.Errorf("status %d, error %v", got.status, err)
		}
	}
	var all sync.WaitGroup
	for range many {
		all.Go(forbidden)
	}
	all.Wait()
	forbidden()
	if n := len(w.asked()); n != 2 {
		t.Errorf("the user was asked %d times, want 2", n)
	}
	w.clock.Advance(10 * time.Second)
	w.decideBy(devissuer.ApproveAll("alice"))
	w.mustCall(transport, "purge")
}

// paused is a user who takes their time: the browser opens when told so.
type paused struct {
	shown chan string // gets a page
	open  chan struct{}
}

func (w *world) paused() *paused { return &paused{make(chan string, 10), make(chan struct{})} }

func (p *paused) redirect(w *world) func(context.Context, string) error {
	return func(ctx context.Context, page string) error {
		p.shown <- page
		select {
		case <-p.open:
			return w.browse(ctx, page)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// loggedIn returns a transport with a token, whose user is this one from now on.
func (p *paused) loggedIn(w *world) *client.Transport {
	loggedIn := false
	transport := w.transport(func(c *client.Config) {
		c.Redirect = func(ctx context.Context, page string) error {
			if loggedIn {
				return p.redirect(w)(ctx, page)
			}
			return w.browse(ctx, page)
		}
	})
	w.mustCall(transport, "read")
	loggedIn = true
	return transport
}

// result is how a request has ended.
type result struct {
	got answer
	err error
}

func (w *world) callLater(ctx context.Context, transport http.RoundTripper, tool string) <-chan result {
	done := make(chan result, 1)
	go func() {
		got, err := w.sendWith(ctx, transport, http.MethodPost, w.resource, strings.NewReader(callOf(tool)))
		done <- result{got, err}
	}()
	return done
}

// C13: while one waits for its user to step up, others go on, streams too; and
// a token that expires meanwhile is refreshed.
func TestC13NobodyElseIsHeldUp(t *testing.T) {
	w := start(t)
	next := make(chan string)
	gate := w.handler
	w.handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Stream") == "" {
			gate.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "text/event-stream")
		for event := range next {
			_, _ = rw.Write([]byte("data: " + event + "\n\n"))
			_ = http.NewResponseController(rw).Flush()
		}
	})
	user := w.paused()
	transport := user.loggedIn(w)

	request, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.resource, strings.NewReader(callOf("read")))
	must(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Stream", "yes")
	say := func(event string) {
		select {
		case next <- event:
		case <-w.ctx.Done():
			t.Errorf("the stream doesn't take %q", event)
		}
	}
	go say("one")
	stream, err := transport.RoundTrip(request)
	must(t, err)
	defer stream.Body.Close()
	if stream.StatusCode != http.StatusOK {
		t.Fatalf("status %d", stream.StatusCode)
	}
	lines := bufio.NewReader(stream.Body)
	read := func(want string) {
		t.Helper()
		line, err := lines.ReadString('\n')
		if _, err2 := lines.ReadString('\n'); err != nil || err2 != nil || line != "data: "+want+"\n" {
			t.Errorf("the stream says %q, errors %v %v", line, err, err2)
		}
	}
	read("one")

	stepUp := w.callLater(w.ctx, transport, "purge")
	<-user.shown
	w.mustCall(transport, "read")
	w.clock.Advance(9*time.Minute + 50*time.Second)
	w.mustCall(transport, "read") // with a refreshed token
	say("two")
	read("two")
	close(user.open)
	if r := <-stepUp; r.err != nil || r.got.status != http.StatusOK {
		t.Errorf("the step-up: status %d, error %v", r.got.status, r.err)
	}
	say("three")
	read("three")
	close(next)
}

// C13: who waits can give up, and the flow goes on for the others.
func TestC13WaitingHonoursItsContext(t *testing.T) {
	w := start(t)
	user := w.paused()
	transport := w.transport(func(c *client.Config) { c.Redirect = user.redirect(w) })
	firstCtx, firstGivesUp := context.WithCancel(w.ctx)
	defer firstGivesUp()
	first := w.callLater(firstCtx, transport, "read")
	<-user.shown
	arrived := make(chan struct{}, 2)
	gate := w.gate()
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		gate.ServeHTTP(rw, r)
		arrived <- struct{}{}
	}))
	secondCtx, secondGivesUp := context.WithCancel(w.ctx)
	defer secondGivesUp()
	second, third := w.callLater(secondCtx, transport, "read"), w.callLater(w.ctx, transport, "read")
	<-arrived
	<-arrived
	secondGivesUp()
	if r := <-second; !errors.Is(r.err, context.Canceled) {
		t.Errorf("who gave up gets %v", r.err)
	}
	firstGivesUp()
	if r := <-first; !errors.Is(r.err, context.Canceled) {
		t.Errorf("who began and gave up gets %v", r.err)
	}
	close(user.open)
	if r := <-third; r.err != nil || r.got.status != http.StatusOK {
		t.Errorf("who waited: status %d, error %v", r.got.status, r.err)
	}
}

// C13: a flow that nobody waits for ends. The user isn't asked anew at once, for
// what an SDK sends to say that it has given up; a moment later they are.
func TestC13AbandonedFlowEnds(t *testing.T) {
	w := start(t)
	user := w.paused()
	ended := make(chan error, 1)
	transport := w.transport(func(c *client.Config) {
		c.Redirect = func(ctx context.Context, page string) error {
			err := user.redirect(w)(ctx, page)
			ended <- err
			return err
		}
	})
	ctx, giveUp := context.WithCancel(w.ctx)
	defer giveUp()
	only := w.callLater(ctx, transport, "read")
	<-user.shown
	giveUp()
	if r := <-only; !errors.Is(r.err, context.Canceled) {
		t.Errorf("who gave up gets %v", r.err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the flow ended with %v", err)
	}
	close(user.open)
	if e := w.mustFail(transport, "authorization"); !strings.Contains(e.Error(), "given up") {
		t.Errorf("the error is %v", e)
	}
	w.clock.Advance(2 * time.Second)
	w.mustCall(transport, "read")
	if n := len(w.asked()); n != 1 {
		t.Errorf("the browser was at the server %d times, want 1", n)
	}
}

// C13: a request that was under way when another one's flow was given up is asked
// for: it is not the one that says so.
func TestC13AbandonedFlowOfAnother(t *testing.T) {
	w := start(t)
	user := w.paused()
	transport := w.transport(func(c *client.Config) { c.Redirect = user.redirect(w) })
	ctx, giveUp := context.WithCancel(w.ctx)
	defer giveUp()
	first := w.callLater(ctx, transport, "read")
	<-user.shown
	gate, arrived, held := w.gate(), make(chan struct{}, 2), make(chan struct{})
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-held
		gate.ServeHTTP(rw, r)
	}))
	second := w.callLater(w.ctx, transport, "read")
	<-arrived
	giveUp()
	if r := <-first; !errors.Is(r.err, context.Canceled) {
		t.Errorf("who gave up gets %v", r.err)
	}
	close(user.open)
	close(held)
	if r := <-second; r.err != nil || r.got.status != http.StatusOK {
		t.Errorf("the other: status %d, error %v", r.got.status, r.err)
	}
}

// C13: a hook that panics, or ends its goroutine, fails the requests that wait,
// and nothing else.
func TestC13HookThatDoesNotReturn(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("secret text") }, "exit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			calm := false
			transport := w.transport(func(c *client.Config) {
				c.Redirect = func(ctx context.Context, page string) error {
					if !calm {
						leave()
					}
					return w.browse(ctx, page)
				}
			})
			if e := w.mustFail(transport, "authorization"); strings.Contains(e.Error(), "secret text") {
				t.Errorf("the error repeats the panic: %v", e)
			}
			calm = true
			w.mustCall(transport, "read")
		})
	}
}

// C13: who was asked, and got nothing for it, is not asked again by the next
// request of an SDK that connects.
func TestC13FailedTokenRequestAfterConsent(t *testing.T) {
	for name, h := range map[string]http.Handler{"400": refusal(400, "invalid_grant", "no"), "401": refusal(401, "invalid_client", "no"), "500": status(500)} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			transport := w.transport()
			w.as.Answer("/token", h)
			for range 3 {
				_, _ = w.call(transport, "read")
			}
			if n := len(w.asked()); n != 1 {
				t.Errorf("%d authorizations, want 1", n)
			}
			w.as.Answer("/token", nil)
			w.clock.Advance(10 * time.Second)
			w.mustCall(transport, "read")
		})
	}
}
