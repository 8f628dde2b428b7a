package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// group lets one call run at a time. Who comes while one is running waits for
// that one in place of making another.
type group struct {
	mu      sync.Mutex
	running *flight
	// ended counts the calls that were given up.
	ended int
}

type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	// full and err are the result, once done is closed.
	full bool
	err  error
}

// do runs a call, or waits for the one under way; own tells which. It ends with
// ctx, but the call goes on for as long as anyone waits for it, with the values
// of the context that began it.
func (g *group) do(ctx context.Context, run func(context.Context) (full bool, err error)) (full, own bool, err error) {
	f, own, err := g.join(ctx, run)
	if err != nil {
		return false, false, err
	}
	select {
	case <-f.done:
		return f.full, own, f.err
	case <-ctx.Done():
		g.leave(f)
		return false, own, ctx.Err()
	}
}

func (g *group) join(ctx context.Context, run func(context.Context) (bool, error)) (_ *flight, own bool, _ error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		g.mu.Lock()
		f := g.running
		if f == nil {
			f = g.start(ctx, run)
			g.mu.Unlock()
			return f, true, nil
		}
		if f.waiting > 0 {
			f.waiting++
			g.mu.Unlock()
			return f, false, nil
		}
		g.mu.Unlock()
		// Nobody waits for this one any more: it is about to end, and must not
		// hand its cancellation on.
		select {
		case <-f.done:
		case <-ctx.Done():
		}
	}
}

// start begins a call. Its owner holds g.mu.
func (g *group) start(ctx context.Context, run func(context.Context) (bool, error)) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel, waiting: 1}
	g.running = f
	go func() {
		defer cancel()
		// This stays where run doesn't come back: runtime.Goexit ends it.
		full, err := false, error(&Error{Stage: stageAuthorization, Err: errors.New("a hook of the config ended its goroutine")})
		defer func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			f.full, f.err = full, err
			g.running = nil
			close(f.done)
		}()
		full, err = guarded(ctx, run)
	}()
	return f
}

// leave gives up waiting. The last one out ends the call.
func (g *group) leave(f *flight) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		g.ended++
		f.cancel()
	}
}

// abandoned returns how many calls were given up so far.
func (g *group) abandoned() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ended
}

// guarded turns a panic, which may come from a hook or a Storage, into an error
// of all who wait.
func guarded(ctx context.Context, run func(context.Context) (bool, error)) (full bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			full, err = false, &Error{Stage: stageAuthorization, Err: fmt.Errorf("a hook of the config panicked with a %T", p)}
		}
	}()
	return run(ctx)
}
