package keyset

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// firstPause is the pause between attempts while no set was ever loaded, and
	// the first one after a held set could not be fetched again.
	firstPause = time.Second
	// firstPatience is how long the worker keeps to firstPause before it backs off.
	firstPatience = time.Minute

	defaultRefresh = 5 * time.Minute
	minRefresh     = time.Minute
	maxRefresh     = time.Hour
)

// work fetches the set until ctx ends: at once, then whenever the set has grown
// old or a token asks for a key that it lacks.
func (s *Set) work(ctx context.Context) {
	defer s.stop()
	var (
		url    string
		began  = s.options.Clock.Now()
		pause  = firstPause
		retry  = min(firstPause, s.options.Cooldown)
		failed error
	)
	for {
		refresh, err := s.attempt(ctx, &url)
		if ctx.Err() != nil {
			return
		}
		s.tell(ctx, failed, err)
		failed = err
		switch {
		case err == nil:
			pause, retry = refresh, min(firstPause, s.options.Cooldown)
		case s.current.Load() != nil:
			// Most outages are short, and a rotation may hide behind one.
			pause, retry = retry, min(2*retry, s.options.Cooldown)
		case s.options.Clock.Now().Sub(began) >= firstPatience:
			pause = min(2*pause, s.options.Cooldown)
		}
		fired, stop := s.options.Clock.Timer(pause)
		select {
		case <-fired:
		case <-s.wanted:
		case <-ctx.Done():
		}
		stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// attempt fetches the set once and returns how long it may be kept. A transport
// or a logger that breaks down is a fetch that failed.
func (s *Set) attempt(ctx context.Context, url *string) (refresh time.Duration, err error) {
	s.begin()
	grown := false
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("fetching the key set panicked with a %T", broken)
		}
		s.end(grown, err)
	}()
	if *url == "" {
		if *url, err = s.locate(ctx); err != nil {
			*url = ""
			return 0, fmt.Errorf("finding the key set: %w", err)
		}
	}
	from := *url
	// What moved is found again: the next attempt asks the metadata anew unless
	// this one succeeds.
	*url = ""
	response, err := s.options.Getter.Get(ctx, from)
	if err != nil {
		return 0, fmt.Errorf("fetching the key set: %w", err)
	}
	keys, skipped, err := parse(response.Body)
	if err != nil {
		return 0, fmt.Errorf("reading the key set of %s: %w", from, err)
	}
	if len(skipped) > 0 {
		s.options.Logger.DebugContext(ctx, "keys of the key set were passed over", "issuer", s.options.Issuer, "reasons", skipped)
	}
	*url = from
	grown = s.hold(keys, s.options.Clock.Now())
	return lifetime(response.Header), nil
}

// begin announces a fetch, unless a request has announced it already.
func (s *Set) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil {
		s.pending = make(chan struct{})
	}
	select {
	case <-s.wanted: // this fetch is the wanted one
	default:
	}
}

func (s *Set) end(grown bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastErr = err
	if soon := s.options.Clock.Now().Add(changePause); grown && soon.Before(s.cooling) {
		s.cooling = soon
	}
	close(s.pending)
	s.pending = nil
}

// stop lets go of whoever waits for a worker that is no more.
func (s *Set) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.pending != nil {
		close(s.pending)
		s.pending = nil
	}
}

// tell logs a change of fortune, not every attempt. A logger that breaks down
// doesn't end the work.
func (s *Set) tell(ctx context.Context, before, now error) {
	defer func() { _ = recover() }()
	switch {
	case now == nil && before != nil:
		s.options.Logger.InfoContext(ctx, "the key set is available again", "issuer", s.options.Issuer)
	case now != nil && (before == nil || before.Error() != now.Error()):
		s.options.Logger.WarnContext(ctx, "the key set can't be fetched; retrying in the background",
			"issuer", s.options.Issuer, "held", s.current.Load() != nil, "error", now.Error())
	}
}

// lifetime reads how long the authorization server lets its answer be cached
// (RFC 9111 §5.2.2.1), within bounds that neither hammer it nor miss a rotation.
func lifetime(header http.Header) time.Duration {
	for _, directive := range strings.Split(header.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
			return min(max(time.Duration(seconds)*time.Second, minRefresh), maxRefresh)
		}
	}
	return defaultRefresh
}
