package requirement

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// patience bounds what a row waits for, so that a row that can't come true
// fails. Nothing else depends on it.
const patience = 20 * time.Second

// Bench runs rows against one target, one after another. They share an
// authorization server, since its keys are slow to make.
type Bench struct {
	// BlackBox benches look at answers alone, not at handler, verifier, network,
	// events and log.
	BlackBox bool
	// SDK makes the MCP server of rows that want one. Its tool "whoami" answers
	// "subject=<subject> scopes=<scopes>" of the caller, and fails if it can be
	// found in two ways that disagree.
	SDK func(stateful bool) http.Handler

	target    Target
	server    *authtest.Server
	key       *ecdsa.PrivateKey // of nobody, unless a row publishes it
	beside    *ecdsa.PrivateKey // as well
	clock     atomic.Pointer[environ.Manual]
	transport *http.Transport
}

// NewBench returns a bench that ends with tb.
func NewBench(tb testing.TB, target Target) *Bench {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	beside, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	b := &Bench{target: target, key: key, beside: beside, transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	b.clock.Store(environ.NewManual(Epoch()))
	b.server = authtest.NewServer(tb, func(c *devissuer.Config) {
		c.Now = func() time.Time { return b.clock.Load().Now() }
	})
	// Keys are made when they are first asked for. On a busy machine an RSA key
	// takes longer than a resource server waits for a key set.
	b.server.KeyID("RS256")
	return b
}

// Report is what became of one row.
type Report struct {
	// Differences tell what should have been and what was, in words that hold no
	// token. There are none where the target does what the row requires.
	Differences []string
	// Transcript is each answer, whole but for what differs from run to run.
	Transcript []string
}

// Check runs one row.
func (b *Bench) Check(row *Row) Report {
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	defer cancel()
	w := &World{
		bench: b, row: row, ctx: ctx, bell: newBell(),
		Server: b.server, Clock: environ.NewManual(Epoch()),
		network: &network{issuer: b.server.Issuer(), next: b.transport},
	}
	w.network.bell, w.verifier.bell = w.bell, w.bell
	b.clock.Store(w.Clock)
	defer w.reset()
	differences := w.run()
	for i, d := range differences {
		differences[i] = w.redact(d)
	}
	return Report{Differences: differences, Transcript: w.transcript}
}

// World is what one row runs in: the authorization server, the app with the
// resource servers in it, a clock that stands still, and the records of what
// happened.
type World struct {
	Server *authtest.Server
	Clock  *environ.Manual

	bench *Bench
	row   *Row
	//nolint:containedctx // A world lives for one row, and its context with it.
	ctx   context.Context
	stop  context.CancelFunc
	app   App
	site  *httptest.Server
	local http.Handler

	bell     *bell
	network  *network
	verifier verifier
	handler  handler
	logger   logger
	events   record[core.Event]

	held    *held
	flow    *stream
	lasting *lasting

	asked      bool // whether the first resource has the verifier
	answered   []string
	minted     []string
	transcript []string
}

// run opens the app and goes through the row.
func (w *World) run() []string {
	if w.row.Before != nil {
		w.row.Before(w)
	}
	err := w.open()
	switch {
	case w.row.Refused != nil:
		return w.compareMistakes(err)
	case w.row.Unmounted != "":
		if err == nil || !strings.Contains(err.Error(), w.row.Unmounted) {
			return []string{fmt.Sprintf("mounting: expected an error that contains %q, got %v", w.row.Unmounted, err)}
		}
		return nil
	case err != nil:
		return []string{"opening the app: " + err.Error()}
	}
	var differences []string
	if w.app.Servers != nil && !w.row.Unready {
		if err := w.ready(); err != nil {
			return []string{err.Error()}
		}
		differences = w.compareFetches()
	}
	if w.row.Run != nil {
		return append(differences, w.row.Run(w)...)
	}
	for i, step := range w.row.Steps {
		if step.Before != nil {
			step.Before(w)
		}
		for _, d := range w.compare(step) {
			differences = append(differences, fmt.Sprintf("step %d: %s", i+1, d))
		}
	}
	return differences
}

func (w *World) open() error {
	site := &Site{Routes: ordinaryRoutes(), WhoAmI: whoAmI}
	if w.row.Guarded {
		site.Guard = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "guarded", http.StatusForbidden)
		})
	}
	for _, change := range append([]func(*World, *core.Config){w.row.Config}, w.row.More...) {
		resource := Protected{Config: w.config()}
		if change != nil {
			change(w, &resource.Config)
		}
		if !w.row.MetadataOnly {
			resource.MCP = w.behind()
		}
		site.Resources = append(site.Resources, resource)
	}
	w.asked = slices.Contains(site.Resources[0].Config.Verifiers, core.Verifier(&w.verifier))
	var ctx context.Context
	ctx, w.stop = context.WithCancel(environ.With(w.ctx, w.bell.clock(w.Clock)))
	var err error
	if w.app, err = w.bench.target.Open(ctx, site); err != nil {
		return err
	}
	w.local = w.app.Handler
	w.site = httptest.NewServer(w.local)
	return nil
}

func (w *World) config() core.Config {
	return core.Config{
		Resource:             Resource,
		AuthorizationServers: []string{w.Server.Issuer()},
		Issuers:              []core.Issuer{{URL: w.Server.Issuer()}},
		Verifiers:            []core.Verifier{&w.verifier},
		Scopes:               []string{"a", "b"},
		Observe:              func(_ context.Context, e core.Event) { w.events.add(e) },
		Logger:               slog.New(&w.logger),
		HTTPClient:           &http.Client{Transport: w.network},
	}
}

// behind returns the handler behind the gate.
func (w *World) behind() http.Handler {
	switch {
	case w.row.MCP != nil:
		return w.row.MCP(w)
	case w.row.SDK != "":
		return w.bench.SDK(w.row.SDK == Stateful)
	}
	return &w.handler
}

// reset leaves nothing of this row for the next.
func (w *World) reset() {
	if w.stop != nil {
		w.stop()
	}
	if w.site != nil {
		w.site.CloseClientConnections()
		w.site.Close()
	}
	w.Server.Up()
	w.Server.EditMetadata(nil)
	for _, path := range w.answered {
		w.Server.Answer(path, nil)
	}
}

// ready waits for the keys of every resource.
func (w *World) ready() error {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	for _, rs := range w.app.Servers {
		if err := rs.Ready(ctx); err != nil {
			return fmt.Errorf("waiting for the keys: %w", err)
		}
	}
	return nil
}

// heal waits until each of n key workers has given up for now, lets their pause
// pass, and waits for the keys.
func (w *World) heal(n int) {
	if w.app.Servers == nil {
		return
	}
	if w.eventually(func() bool { return w.Clock.Waiting() == n }) {
		w.Clock.Advance(time.Second)
		_ = w.ready() // If not, the next step tells.
	}
}

// eventually waits for what another goroutine brings about, and looks whenever
// something was recorded.
func (w *World) eventually(holds func() bool) bool {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	for {
		rung := w.bell.next()
		if holds() {
			return true
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return false
		}
	}
}

// answer makes the authorization server answer a path for the rest of the row.
func (w *World) answer(path string, h http.Handler) {
	w.answered = append(w.answered, path)
	w.Server.Answer(path, h)
}

// mint makes a token that never shows in a failure.
func (w *World) mint(t authtest.Token) string {
	if name, ok := strings.CutPrefix(t.Issuer, "{issuer}"); ok {
		t.Issuer = w.Server.Issuer() + name
	}
	if issuer, ok := t.Claims["iss"].(string); ok {
		t.Claims = maps.Clone(t.Claims)
		t.Claims["iss"] = strings.ReplaceAll(issuer, "{issuer}", w.Server.Issuer())
	}
	token := w.Server.Mint(t)
	w.minted = append(w.minted, token)
	return token
}

// compareMistakes compares what core.New found with what it must find.
func (w *World) compareMistakes(err error) []string {
	var found, differences []string
	list := []error{err}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		list = several.Unwrap()
	}
	for _, one := range list {
		var mistake *core.ConfigError
		if !errors.As(one, &mistake) {
			differences = append(differences, fmt.Sprintf("core.New: expected a ConfigError, got %v", one))
			continue
		}
		found = append(found, mistake.Field)
		if mistake.Value == "" || mistake.Reason == "" || mistake.Fix == "" {
			differences = append(differences, fmt.Sprintf("core.New: the mistake lacks value, reason or fix: %v", mistake))
		}
	}
	if !slices.Equal(found, w.row.Refused) {
		differences = append(differences, fmt.Sprintf("core.New: expected mistakes in %q, got %q", w.row.Refused, found))
	}
	return differences
}

// compareFetches compares what was asked of the authorization server.
func (w *World) compareFetches() []string {
	want := w.row.Fetches
	if want == nil {
		want = []string{"/.well-known/oauth-authorization-server", "/jwks.json"}
	}
	if got := w.network.all(); !w.bench.BlackBox && len(w.row.More) == 0 && !slices.Equal(got, want) {
		return []string{fmt.Sprintf("asked of the authorization server: expected %q, got %q", want, got)}
	}
	return nil
}
