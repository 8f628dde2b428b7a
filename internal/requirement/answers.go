package requirement

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// answerRows are S34 as far as introspection goes, and S7: how long an answer is
// believed.
func answerRows() []Row {
	const clause = "RFC 7662 §4, caching"
	revoked := says(map[string]any{"active": false})
	kept, token := letIn(alice("a", "b")), keyed(opaque)
	after := func(d time.Duration) func(*World) { return func(w *World) { w.Clock.Advance(d) } }
	row := func(id, about string, before func(*World), steps ...Step) Row {
		return Row{ID: id, Clause: clause, About: about, Before: before, Config: introspected(), Unready: true, Steps: steps}
	}
	by := func(r Row, change func(*core.Introspection)) Row {
		r.Config = introspected(change)
		return r
	}
	return []Row{
		row("S34/kept", "An answer is kept for ten seconds, and then asked for again.", says(nil),
			Step{Request: token, Want: in()}, Step{Request: token, Want: kept},
			Step{Before: after(10*time.Second - 1), Request: token, Want: kept},
			Step{Before: after(1), Request: token, Want: in()}),
		row("S34/kept-from-the-question", "An answer is as old as its question, however long it took.", slowly(nil),
			Step{Request: token, Want: in()},
			Step{Before: after(6*time.Second - 1), Request: token, Want: kept},
			Step{Before: after(1), Request: token, Want: in()}),
		row("S34/refused-from-the-question", "That holds for bad tokens, too.", slowly(map[string]any{"active": false}),
			Step{Request: token, Want: endpoint().invalid("inactive_token").fetching(1)},
			Step{Before: after(6*time.Second - 1), Request: token, Want: endpoint().invalid("inactive_token")},
			Step{Before: after(1), Request: token, Want: endpoint().invalid("inactive_token").fetching(1)}),
		row("S34/revoked", "A revocation shows within ten seconds.", says(nil),
			Step{Request: token, Want: in()},
			Step{Before: revoked, Request: token, Want: kept},
			Step{Before: after(10 * time.Second), Request: token, Want: endpoint().invalid("inactive_token").fetching(1)}),
		by(row("S34/kept-by-config", "How long an answer is kept can be configured.", says(nil),
			Step{Request: token, Want: in()},
			Step{Before: after(59 * time.Second), Request: token, Want: kept},
			Step{Before: after(time.Second), Request: token, Want: in()}),
			func(i *core.Introspection) { i.CacheTime = time.Minute }),
		by(row("S34/off", "Keeping answers can be switched off.", says(nil),
			Step{Request: token, Want: in()}, Step{Request: token, Want: in()},
			Step{Before: revoked, Request: token, Want: endpoint().invalid("inactive_token").fetching(1)},
			Step{Request: token, Want: endpoint().invalid("inactive_token").fetching(1)}),
			func(i *core.Introspection) { i.CacheTime = -1 }),
		by(row("S34/never-past-expiry", "No answer outlives the token.", says(map[string]any{"exp": Epoch().Add(5 * time.Second).Unix()}),
			Step{Request: token, Want: in()},
			Step{Before: after(4 * time.Second), Request: token, Want: kept},
			Step{Before: after(time.Second), Request: token, Want: in()},
			Step{Before: after(10 * time.Second), Request: token, Want: endpoint().invalid("expired").fetching(1)}),
			func(i *core.Introspection) { i.CacheTime = time.Hour }),
		row("S34/refusals-kept", "A bad token is asked about once in ten seconds.", revoked,
			Step{Request: token, Want: endpoint().invalid("inactive_token").fetching(1)},
			Step{Request: token, Want: endpoint().invalid("inactive_token")},
			Step{Request: keyed(opaque + "-2"), Want: endpoint().invalid("inactive_token").fetching(1)},
			Step{Before: func(w *World) { says(nil)(w); w.Clock.Advance(10 * time.Second) }, Request: token, Want: in()}),
		row("S34/outages-not-kept", "An outage isn't kept: the next request asks again.", saysText(http.StatusBadGateway, ""),
			Step{Request: token, Want: unavailable("introspection_unavailable").fetching(1)},
			Step{Before: says(nil), Request: token, Want: in()}),
		row("S34/down-while-kept", "What was kept before an outage serves on while it lasts; after that nobody can tell.", says(nil),
			Step{Request: token, Want: in()},
			Step{Before: func(w *World) { w.Server.Down() }, Request: token, Want: kept},
			Step{Before: after(10 * time.Second), Request: token, Want: unavailable("introspection_unavailable").fetching(1)},
			Step{Before: func(w *World) { w.Server.Up() }, Request: token, Want: in()}),
		row("S7/introspection-without-expiry", "An answer without expiry is good for as long as it is kept.", says(map[string]any{"exp": authtest.Absent}),
			Step{Request: token, Want: in()}, Step{Request: token, Want: kept},
			Step{Before: after(10 * time.Second), Request: token, Want: in()}),
		row("S34/forgotten", "What is forgotten by its principal is asked for again, good or bad.", says(nil),
			Step{Request: token, Want: in()},
			Step{Before: forget("somebody-else"), Request: token, Want: kept},
			Step{Before: forget("alice"), Request: token, Want: in()},
			Step{Before: func(w *World) { revoked(w); forget("alice")(w) }, Request: token, Want: endpoint().invalid("inactive_token").fetching(1)},
			Step{Before: func(w *World) { says(nil)(w); forget("alice")(w) }, Request: token, Want: in()}),
		row("S34/forgotten-token", "What is forgotten by its token is asked for again.", says(nil),
			Step{Request: token, Want: in()},
			Step{Before: forgetToken(opaque + "-2"), Request: token, Want: kept},
			Step{Before: forgetToken(opaque), Request: token, Want: in()}),
		uncached(row("S34/cache-off", "Where no token is remembered, no answer is.", says(nil),
			Step{Request: token, Want: in()}, Step{Request: token, Want: in()})),
		crowdRow(), revokedMeanwhileRow(), keptEventRow(),
	}
}

// slowly makes introspection answer so, and lets four seconds pass meanwhile.
func slowly(replace map[string]any) func(*World) {
	return func(w *World) {
		answer := jsonOf(w.active(replace))
		w.answer(introspectPath, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			w.Clock.Advance(4 * time.Second)
			answer.ServeHTTP(rw, r)
		}))
	}
}

// revokedMeanwhileRow is a token that is revoked while its issuer's answer is on
// its way.
func revokedMeanwhileRow() Row {
	var asked atomic.Int32
	evaluated := make(chan struct{}, 1)
	return Row{
		ID: "S34/off-not-shared", Clause: "RFC 7662 §4", About: "Where no answer is kept, none to an earlier question is shared.",
		Config: introspected(func(i *core.Introspection) { i.CacheTime = -1 }), Unready: true,
		Before: func(w *World) {
			asked.Store(0)
			w.answer(introspectPath, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if asked.Add(1) > 1 {
					jsonOf(map[string]any{"active": false}).ServeHTTP(rw, r)
					return
				}
				evaluated <- struct{}{}
				w.eventually(func() bool { return len(w.verifier.all()) >= 2 })
				jsonOf(w.active(nil)).ServeHTTP(rw, r)
			}))
		},
		Run: func(w *World) []string {
			var statuses [2]string
			var done [2]sync.WaitGroup
			for i := range statuses {
				if err := w.sendMeanwhile(&done[i], &statuses[i]); err != nil {
					return []string{err.Error()}
				}
				if i == 0 {
					answered := make(chan struct{})
					go func() {
						defer close(answered)
						done[0].Wait()
					}()
					select {
					case <-evaluated:
					case <-answered:
						return []string{"the issuer was not asked"}
					}
				}
			}
			done[0].Wait()
			done[1].Wait()
			d := &checks{}
			d.check("status of the one who came first", "200 <nil>", statuses[0])
			d.check("status of the one who came after the revocation", "401 <nil>", statuses[1])
			return d.list
		},
	}
}

// keptEventRow is what an event says of an answer that was kept.
func keptEventRow() Row {
	return Row{
		ID: "S56/introspection-kept", Clause: "OWASP logging: what to log", About: "An event tells whether the issuer was asked, or its answer was kept.",
		Before: says(nil), Config: introspected(), Unready: true,
		Run: func(w *World) []string {
			event := core.Event{
				Issuer: "{issuer}", ClientID: authtest.ClientID, Operation: core.Operation{Method: "tools/call", Name: "get_weather"},
			}
			differences := append(w.compare(Step{Request: keyed(opaque), Want: in()}), w.compareEvent(event)...)
			event.CacheHit = true
			differences = append(differences, w.compare(Step{Request: keyed(opaque), Want: letIn(alice("a", "b"))})...)
			return append(differences, w.compareEvent(event)...)
		},
	}
}

// uncached returns the row with no place to remember anything.
func uncached(r Row) Row {
	r.Config = func(w *World, c *core.Config) {
		introspected()(w, c)
		c.Limits.CachedTokens = -1
	}
	return r
}

// forget has every resource server forget the tokens of a subject.
func forget(subject string) func(*World) {
	return func(w *World) {
		for _, rs := range w.app.Servers {
			rs.Forget(func(p core.Principal) bool { return p.Subject == subject })
		}
	}
}

func forgetToken(token string) func(*World) {
	return func(w *World) {
		for _, rs := range w.app.Servers {
			rs.ForgetToken(token)
		}
	}
}

// crowdRow is many requests with one token at once: they share a question.
func crowdRow() Row {
	return Row{
		ID: "S34/asked-once", Clause: "RFC 7662 §4", About: "Many requests at once with one new token ask about it once.",
		Config: introspected(), Unready: true, MCP: together,
		Before: func(w *World) {
			// The answer comes once every request is in.
			w.answer(introspectPath, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				w.eventually(func() bool { return len(w.verifier.all()) >= crowd })
				jsonOf(w.active(nil)).ServeHTTP(rw, r)
			}))
		},
		Run: func(w *World) []string {
			var done sync.WaitGroup
			statuses := make([]string, crowd)
			for i := range statuses {
				if err := w.sendMeanwhile(&done, &statuses[i]); err != nil {
					return []string{err.Error()}
				}
			}
			done.Wait()
			d := &checks{}
			for _, status := range statuses {
				d.check("status", "200 <nil>", status)
			}
			if !w.bench.BlackBox {
				d.check("questions", 1, len(w.network.all()))
			}
			return d.list
		},
	}
}

// sendMeanwhile sends the opaque token from another goroutine, which writes the
// status of the answer.
func (w *World) sendMeanwhile(done *sync.WaitGroup, status *string) error {
	r, err := w.request(keyed(opaque))
	if err != nil {
		return err
	}
	done.Go(func() {
		got, err := w.send(r.Request, false)
		*status = fmt.Sprint(got.status, " ", err)
	})
	return nil
}
