package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// patience is how long anything waits that must come.
const patience = 10 * time.Second

// site is one gate with an authority of its own, in one scenario.
type site struct {
	ctx     context.Context //nolint:containedctx // it ends with the scenario
	stop    context.CancelFunc
	a       *authority
	handler http.Handler
	clock   *environ.Manual // the kit's, or nil
}

// open returns the kit's gate. Where the clock is to be moved by hand, it stands
// still until then.
func open(ctx context.Context, manual bool, begin func(*authority)) (*site, error) {
	s, err := newSite(ctx, begin)
	if err != nil {
		return nil, err
	}
	kitCtx := s.ctx
	if manual {
		s.clock = environ.NewManual(time.Now())
		kitCtx = environ.With(s.ctx, s.clock.Clock())
	}
	rs, err := unreadyServer(kitCtx, s.a)
	if err != nil {
		return nil, err
	}
	s.handler = rs.Handler(http.HandlerFunc(done))
	if begin == nil {
		return s, ready(ctx, rs.Ready)
	}
	return s, nil
}

// openPeer returns keyfunc's, as it comes, behind the SDK's middleware.
func openPeer(ctx context.Context, begin func(*authority)) (*site, error) {
	s, err := newSite(ctx, begin)
	if err != nil {
		return nil, err
	}
	m, err := goSDK(s.ctx, s.a)
	if err != nil {
		return nil, err
	}
	s.handler = m(http.HandlerFunc(done))
	return s, nil
}

func newSite(ctx context.Context, begin func(*authority)) (*site, error) {
	a, err := newAuthority()
	if err != nil {
		return nil, err
	}
	if begin != nil {
		begin(a)
	}
	s := &site{a: a}
	s.ctx, s.stop = context.WithCancel(ctx)
	return s, nil
}

func (s *site) close() {
	s.stop()
	s.a.close()
}

// send sends one request, for at most that long.
func (s *site) send(token string, most time.Duration) int {
	ctx, cancel := context.WithTimeout(s.ctx, most)
	defer cancel()
	v, err := newVisit(ctx, s.handler, token)
	if err != nil {
		return 0
	}
	return v.send()
}

// refused sends n requests and returns how many were not let in.
func (s *site) refused(n int, token func() string) int {
	refused := 0
	for range n {
		if s.send(token(), patience) != http.StatusOK {
			refused++
		}
	}
	return refused
}

// pass lets that much time pass on the kit's clock, and what it wakes run.
func (s *site) pass(d time.Duration) {
	s.clock.Advance(d)
	wait(s.ctx, patience, func() bool { return s.clock.Waiting() > 0 })
}

// wait looks again and again, for at most that long, and reports whether it
// came to hold.
func wait(ctx context.Context, most time.Duration, holds func() bool) bool {
	end := time.After(most)
	for !holds() {
		select {
		case <-end:
			return false
		case <-ctx.Done():
			return false
		case <-time.After(2 * time.Millisecond):
		}
	}
	return true
}

// failures is P5 to P8.
func failures(ctx context.Context, _ *authority, s scale, t *table) error {
	for _, scenario := range []func(context.Context, *table) error{flood, underFlood, outages} {
		if err := scenario(ctx, t); err != nil {
			return err
		}
	}
	if !s.failures {
		return nil
	}
	for _, scenario := range []func(context.Context, *table) error{slowFlood, rotation, downAtStart} {
		if err := scenario(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// flood is P5 as far as fetches go: a thousand tokens under unknown key ids in
// each of twelve cooldowns, and a thousand under a known one.
func flood(ctx context.Context, t *table) error {
	const cooldowns, each = 12, 1000
	s, err := open(ctx, true, nil)
	if err != nil {
		return err
	}
	defer s.close()
	good := s.a.token()
	before, refused := s.a.fetches.Load(), 0
	for range cooldowns {
		for i := range each {
			s.send(bogus(good, i), patience)
		}
		refused += s.refused(1, func() string { return good })
		s.pass(10 * time.Second)
	}
	provoked := s.a.fetches.Load() - before
	for i := range each {
		s.send(spoil(good, i), patience)
	}
	known := s.a.fetches.Load() - before - provoked

	peer, err := openPeer(ctx, nil)
	if err != nil {
		return err
	}
	defer peer.close()
	peerGood, peerBefore := peer.a.token(), peer.a.fetches.Load()
	for i := range each {
		peer.send(bogus(peerGood, i), time.Second)
	}
	t.atMost("P5", fmt.Sprintf("fetches by %d bogus key ids in %d cooldowns", cooldowns*each, cooldowns), cooldowns, float64(provoked), "",
		fmt.Sprintf("keyfunc %d by %d, then none for 300 s", peer.a.fetches.Load()-peerBefore, each))
	t.atMost("P5", fmt.Sprintf("fetches by %d bad signatures under a known key id", each), 0, float64(known), "", "")
	t.atMost("P5", "valid requests refused in the flood", 0, float64(refused), "", fmt.Sprintf("of %d", cooldowns))
	return nil
}

// bogus returns a token under a key id that nobody has. Its signature is of
// another token, which nobody finds out without a key.
func bogus(good string, i int) string {
	return encodeHeader(map[string]any{"alg": "RS256", "typ": "at+jwt", "kid": fmt.Sprintf("bogus-%d", i)}) + good[firstDot(good):]
}

// spoil returns a token with a signature that is wrong.
func spoil(good string, i int) string {
	end := len(good) - 100
	return fmt.Sprintf("%s%08d%s", good[:end], i, good[end+8:])
}

// slowFlood is P5 where the key endpoint takes two seconds.
func slowFlood(ctx context.Context, t *table) error {
	const crowd, most = 1000, 128
	s, err := open(ctx, false, nil)
	if err != nil {
		return err
	}
	defer s.close()
	good := s.a.token()
	s.a.fail(s.a.slowly(2 * time.Second))
	var finished atomic.Int64
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() {
			s.send(bogus(good, i), 10*time.Second)
			finished.Add(1)
		})
	}
	wait(ctx, 1500*time.Millisecond, func() bool { return finished.Load() >= crowd-most })
	waiting := crowd - finished.Load()
	refused := s.refused(100, func() string { return good })
	all.Wait()
	t.atMost("P5", fmt.Sprintf("of %d, waiting while the endpoint takes 2 s", crowd), most, float64(waiting), "", "")
	t.atMost("P5", "valid requests refused meanwhile", 0, float64(refused), "", "of 100")
	return nil
}

// underFlood is P6: how long a rotated key takes to be accepted while bogus key
// ids provoke what they can.
func underFlood(ctx context.Context, t *table) error {
	s, err := open(ctx, true, nil)
	if err != nil {
		return err
	}
	defer s.close()
	good := s.a.token()
	s.send(bogus(good, 0), patience)
	if err := s.a.rotate(); err != nil {
		return err
	}
	rotated := s.a.token()
	var took time.Duration
	for s.send(rotated, patience) != http.StatusOK && took < 10*time.Minute {
		for i := range 20 {
			s.send(bogus(good, i), patience)
		}
		s.clock.Advance(100 * time.Millisecond)
		took += 100 * time.Millisecond
	}

	peer, err := openPeer(ctx, nil)
	if err != nil {
		return err
	}
	defer peer.close()
	peer.send(bogus(peer.a.token(), 0), time.Second)
	if err := peer.a.rotate(); err != nil {
		return err
	}
	peerRotated := peer.a.token()
	beside := "keyfunc at once"
	const bound = 3 * time.Second
	if !wait(ctx, bound, func() bool { return peer.send(peerRotated, time.Second) == http.StatusOK }) {
		beside = fmt.Sprintf("keyfunc not within %v; its limiter says 300 s", bound)
	}
	t.atMost("P6", "a rotated key is accepted under the flood within", 10, took.Seconds(), " s", beside)
	return nil
}

// rotation is P6: 200 requests a second, while the key is replaced at an
// endpoint that takes 200 milliseconds.
func rotation(ctx context.Context, t *table) error {
	const requests, latency = 1000, 200 * time.Millisecond
	run := func(s *site) (refused, first int, err error) {
		s.a.fail(s.a.slowly(latency))
		var count, early atomic.Int64
		var all sync.WaitGroup
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := range requests {
			if i == requests/5 {
				if err := s.a.rotate(); err != nil {
					return 0, 0, err
				}
				s.a.fail(s.a.slowly(latency))
			}
			token := s.a.token()
			all.Go(func() {
				if s.send(token, 5*time.Second) != http.StatusOK {
					count.Add(1)
					if i < requests/5+41 {
						early.Add(1)
					}
				}
			})
			<-tick.C
		}
		all.Wait()
		return int(count.Load()), int(early.Load()), nil
	}
	s, err := open(ctx, false, nil)
	if err != nil {
		return err
	}
	defer s.close()
	refused, _, err := run(s)
	if err != nil {
		return err
	}
	peer, err := openPeer(ctx, nil)
	if err != nil {
		return err
	}
	defer peer.close()
	peerRefused, peerEarly, err := run(peer)
	if err != nil {
		return err
	}
	t.atMost("P6", fmt.Sprintf("of %d valid requests, refused when the key rotates", requests), 0, float64(refused), "",
		fmt.Sprintf("keyfunc %d, %d of the first 41", peerRefused, peerEarly))
	return nil
}

// drop closes the connection without an answer.
func drop(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close() // it is gone then, or was before
	}
}

// downAtStart is P7: the key endpoint is back five seconds after the start.
func downAtStart(ctx context.Context, t *table) error {
	const outage = 5 * time.Second
	run := func(s *site, bound time.Duration) (back, longest time.Duration, served bool) {
		token := s.a.token()
		began := time.Now()
		mended := false
		served = wait(ctx, outage+bound, func() bool {
			if !mended && time.Since(began) > outage {
				s.a.fail(nil)
				mended = true
			}
			asked := time.Now()
			status := s.send(token, patience)
			longest = max(longest, time.Since(asked))
			back = time.Since(began) - outage
			return status == http.StatusOK
		})
		return back, longest, served
	}
	down := func(a *authority) { a.fail(drop) }
	s, err := open(ctx, false, down)
	if err != nil {
		return err
	}
	defer s.close()
	back, longest, _ := run(s, patience)
	peer, err := openPeer(ctx, down)
	if err != nil {
		return err
	}
	defer peer.close()
	const bound = 5 * time.Second
	peerBack, _, served := run(peer, bound)
	beside := fmt.Sprintf("keyfunc %.1f s", peerBack.Seconds())
	if !served {
		beside = fmt.Sprintf("keyfunc not within %v; its limiter says 300 s", bound)
	}
	t.atMost("P7", "serving after the endpoint is back", 2, back.Seconds(), " s", beside)
	t.atMost("P7", "longest wait of a request", 2.1, longest.Seconds(), " s", "two seconds, and what the machine adds")
	return nil
}

// outages is P8: valid requests after the key endpoint, once warm, has failed in
// some way when it was asked again.
func outages(ctx context.Context, t *table) error {
	const each = 100
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body)) // the client is gone if this fails
		}
	}
	for _, fault := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"dropping connections", drop},
		{"failing", text(http.StatusInternalServerError, "")},
		{"hanging", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"answering HTML", text(http.StatusOK, "<!doctype html>")},
		{"answering an empty set", text(http.StatusOK, `{"keys":[]}`)},
	} {
		s, err := open(ctx, true, nil)
		if err != nil {
			return err
		}
		before := s.a.fetches.Load()
		s.a.fail(fault.answer)
		s.clock.Advance(5 * time.Minute)
		if !wait(ctx, patience, func() bool { return s.a.fetches.Load() > before }) {
			return fmt.Errorf("the kit never asked the endpoint that was %s", fault.name)
		}
		wait(ctx, 100*time.Millisecond, func() bool { return s.clock.Waiting() > 0 })
		refused := s.refused(each, func() string { return s.a.token() })
		s.close()

		peer, err := openPeer(ctx, nil)
		if err != nil {
			return err
		}
		peer.a.fail(fault.answer)
		peer.send(bogus(peer.a.token(), 0), 2*time.Second) // which has it fetch
		peerRefused := peer.refused(each, func() string { return peer.a.token() })
		peer.close()
		t.atMost("P8", "valid requests refused, the endpoint "+fault.name, 0, float64(refused), "",
			fmt.Sprintf("keyfunc %d, of %d", peerRefused, each))
	}
	return nil
}
