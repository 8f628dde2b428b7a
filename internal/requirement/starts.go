package requirement

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
)

// startRows are S27: how a service starts, also while the authorization server
// is down.
func startRows() []Row {
	const clause = "RFC 9110 §15.6.4"
	down := func(w *World) { w.Server.Down() }
	up := func(w *World) {
		w.Server.Up()
		w.heal(1)
	}
	return []Row{
		{
			ID: "S27/heals", Clause: clause, About: "A service starts while the authorization server is down, and heals by itself once it is back.",
			Before: down, Unready: true,
			Steps: []Step{
				{Want: endpoint().bare().fetching(-1)}, // The worker may be trying.
				{Before: settled(1), Request: Request{Token: good("a", "b")}, Want: unavailable("keys_unavailable")},
				{Before: up, Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
				{Request: Request{Token: good("a")}, Want: endpoint().lacking("7")},
			},
		},
		{
			ID: "S27/heals-late", Clause: clause, About: "What is tried in vain is tried again, for as long as it takes.",
			Before: down, Unready: true,
			Steps: []Step{
				{Before: func(w *World) { w.fail(12) }, Request: Request{Token: good("a", "b")}, Want: unavailable("keys_unavailable")},
				{Before: func(w *World) {
					w.Server.Up()
					settled(1)(w)
					w.Clock.Advance(healLimit)
					ready(w)
				}, Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
			},
		},
		{
			ID: "S27/keys-appear", Clause: clause, About: "A key set that was no good heals too, without a restart.",
			Before: func(w *World) { w.answer(keySetPath, http.NotFoundHandler()) }, Unready: true,
			Steps: []Step{
				{Before: settled(1), Request: Request{Token: good("a", "b")}, Want: unavailable("keys_unavailable")},
				{Before: func(w *World) {
					w.Server.Answer(keySetPath, nil)
					w.heal(1)
				}, Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
			},
		},
		{
			ID: "S27/new-waits-for-nobody", Clause: clause, About: "New returns, and bare requests are answered, while the authorization server hangs; a token waits for the first keys.",
			Unready: true, Before: func(w *World) { w.hold(metadataOfServer) },
			Run: func(w *World) []string { return w.hanging() },
		},
		{
			ID: "S27/ready", Clause: clause, About: "Ready waits for the keys, says whose are missing once its context ends, and can be asked again.",
			Before: down, Unready: true,
			Run: func(w *World) []string { return w.readiness() },
		},
		{
			ID: "S27/verifier-ready", Clause: clause, About: "Ready asks a verifier that knows whether it is ready.",
			Config: func(_ *World, c *core.Config) { c.Verifiers = append(c.Verifiers, warming{}) }, Unready: true,
			Run: func(w *World) []string { return w.warming() },
		},
		{
			ID: "S27/defaults", Clause: clause, About: "With nothing but authorization servers listed, their tokens are verified.",
			Config: func(_ *World, c *core.Config) { c.Issuers, c.Verifiers = nil, nil },
			Steps: []Step{
				{Want: endpoint().bare()},
				{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
				{Request: Request{Token: good("a")}, Want: endpoint().lacking("7")},
			},
		},
		{
			ID: "S27/ends", Clause: clause, About: "The worker ends with the context that New got.",
			Run: func(w *World) []string {
				if w.app.Servers == nil {
					return w.compare(Step{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))})
				}
				w.stop()
				if !w.eventually(func() bool { return w.Clock.Waiting() == 0 }) {
					return []string{"the worker still waits for its next turn"}
				}
				return w.compare(Step{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))})
			},
		},
	}
}

// healLimit is the longest pause of a worker that never had a key set: the
// cooldown.
const healLimit = 10 * time.Second

const metadataOfServer = "/.well-known/oauth-authorization-server"

// fail lets n attempts of the worker fail.
func (w *World) fail(n int) {
	if w.app.Servers == nil {
		return
	}
	for range n {
		before := len(w.network.all())
		if !w.eventually(func() bool { return w.Clock.Waiting() == 1 }) {
			return
		}
		w.Clock.Advance(healLimit)
		w.eventually(func() bool { return len(w.network.all()) > before })
	}
	settled(1)(w)
}

// held is a path of the authorization server that hangs.
type held struct {
	reached chan struct{}
	release chan struct{}
}

// hold makes a path hang until it is released, and then answer as ever.
func (w *World) hold(path string) {
	h := &held{make(chan struct{}, 1), make(chan struct{})}
	w.held = h
	w.answer(path, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h.reached <- struct{}{}
		select {
		case <-h.release:
			w.Server.Answer(path, nil)
			http.Redirect(rw, r, path, http.StatusTemporaryRedirect)
		case <-r.Context().Done():
		}
	}))
}

// hanging sends requests while the authorization server hangs, and lets go.
func (w *World) hanging() []string {
	differences := w.compare(Step{Want: endpoint().bare().fetching(-1)})
	if w.app.Servers == nil {
		return differences
	}
	select {
	case <-w.held.reached:
	case <-w.ctx.Done():
		return append(differences, "nobody asked the authorization server")
	}
	answered := make(chan []string)
	go func() {
		answered <- w.compare(Step{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b")).fetching(-1)})
	}()
	// The verifier that is asked first tells that the token has come in.
	if !w.eventually(func() bool { return len(w.verifier.all()) > 0 }) {
		differences = append(differences, "the token never came in")
	}
	close(w.held.release)
	return append(differences, <-answered...)
}

// readiness asks Ready before and after the keys are there.
func (w *World) readiness() []string {
	if w.app.Servers == nil {
		return w.compare(Step{Request: Request{Token: good("a", "b")}, Want: unavailable("keys_unavailable")})
	}
	rs := w.app.Servers[0]
	ended, end := context.WithCancel(w.ctx)
	end()
	d := &checks{}
	settled(1)(w)
	err := rs.Ready(ended)
	d.check("Ready says that keys are unavailable", true, errors.Is(err, core.ErrUnavailable))
	d.check("Ready says that its context has ended", true, errors.Is(err, context.Canceled))
	d.check("Ready names the issuer", true, err != nil && strings.Contains(err.Error(), w.Server.Issuer()))
	waiting := make(chan error)
	go func() { waiting <- w.ready() }()
	w.Server.Up()
	w.heal(1)
	d.check("Ready, once the keys are there", "<nil>", fmt.Sprint(<-waiting))
	d.check("Ready, asked again", "<nil>", fmt.Sprint(w.ready()))
	return d.list
}

// warming is a verifier that isn't ready yet.
type warming struct{}

var errWarming = errors.New("no table of keys yet")

// Verify implements core.Verifier.
func (warming) Verify(context.Context, string) (core.Principal, error) {
	return core.Principal{}, fmt.Errorf("%w: %w", errWarming, core.ErrUnavailable)
}

// Ready says that it isn't.
func (warming) Ready(context.Context) error { return errWarming }

// warming asks Ready, and sends a token, while a verifier isn't ready.
func (w *World) warming() []string {
	d := &checks{}
	if w.app.Servers != nil {
		err := w.ready()
		d.check("Ready says that a verifier is unavailable", true, errors.Is(err, core.ErrUnavailable))
		d.check("Ready hands on what the verifier says", true, errors.Is(err, errWarming))
	}
	return append(d.list, w.compare(Step{Request: keyed(apiKey), Want: unavailable("verifier_unavailable")})...)
}
