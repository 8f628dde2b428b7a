package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// patience is when a test gives up. Nothing that works comes near it.
const patience = time.Minute

// world is a resource server and an authorization server on loopback, one clock
// for all, a user, and a record of what goes over the wire.
type world struct {
	*testing.T
	as       *authtest.Server
	clock    *environ.Manual
	base     string // the origin of the resource server
	resource string
	ctx      context.Context
	wire     *wire
	// handler answers at the resource, behind the kit's gate, which is app.
	handler, app http.Handler

	mu       sync.Mutex
	answers  map[string]http.Handler
	approved []devissuer.AuthorizationRequest
	decide   func(devissuer.AuthorizationRequest) devissuer.Decision
}

// start makes a world whose resource needs the scope mcp:read, and notes:write
// for the tool purge.
func start(t *testing.T, change ...func(*devissuer.Config)) *world {
	t.Helper()
	w := &world{
		T: t, clock: environ.NewManual(time.Now()), answers: make(map[string]http.Handler),
		decide: devissuer.ApproveAll("alice"),
		handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, _ := core.PrincipalFrom(r.Context())
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s by %s: %s", r.Method, p.Subject, body)
		}),
	}
	ctx, cancel := context.WithTimeout(environ.With(context.Background(), w.clock.Clock()), patience)
	t.Cleanup(cancel)
	w.ctx = ctx
	w.as = authtest.NewServer(t, append([]func(*devissuer.Config){func(c *devissuer.Config) {
		c.Now = w.clock.Now
		c.Approve = w.approve
	}}, change...)...)
	// Keys are made when they are first asked for. On a busy machine an RSA key takes
	// longer than a resource server waits for a key set, and this clock, by which it
	// would ask again, stands still.
	w.as.KeyID("RS256")
	site := httptest.NewUnstartedServer(nil)
	w.base = "http://" + site.Listener.Addr().String()
	w.resource = w.base + "/mcp"
	rs, err := core.New(ctx, core.Config{
		Resource: w.resource, AuthorizationServers: []string{w.as.Issuer()}, Scopes: []string{"mcp:read"},
		Policy: core.Policy{Tools: map[string]core.Requirement{
			"read": core.Scopes(), "purge": core.Scopes("notes:write"), "never": core.Never(),
		}},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.app = rs.InFront(http.NotFoundHandler(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }))
	site.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if answer := w.answer(r.URL.Path); answer != nil {
			answer.ServeHTTP(rw, r)
			return
		}
		w.app.ServeHTTP(rw, r)
	})
	site.Start()
	t.Cleanup(func() { site.CloseClientConnections(); site.Close() })
	if err := rs.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	w.wire = &wire{roles: map[string]string{w.base: "R", w.as.Issuer(): "AS"}}
	return w
}

// set makes h answer for a path of the resource server; nil undoes it.
func (w *world) set(path string, h http.Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[path] = h
}

// gate is what the resource server is by itself.
func (w *world) gate() http.Handler { return w.app }

func (w *world) answer(path string) http.Handler {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.answers[path]
}

func (w *world) approve(r devissuer.AuthorizationRequest) devissuer.Decision {
	w.mu.Lock()
	w.approved = append(w.approved, r)
	decide := w.decide
	w.mu.Unlock()
	return decide(r)
}

// decideBy changes what the user does.
func (w *world) decideBy(decide func(devissuer.AuthorizationRequest) devissuer.Decision) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.decide = decide
}

// asked returns the scopes of each authorization that the user saw.
func (w *world) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var asked []string
	for _, r := range w.approved {
		asked = append(asked, strings.Join(r.Scopes, " "))
	}
	return asked
}

// transport makes a transport of the package under test, whose user has a
// browser. Each change alters its config.
func (w *world) transport(change ...func(*client.Config)) *client.Transport {
	w.Helper()
	config := client.Config{Resource: w.resource, Transport: w.wire, Redirect: w.browse}
	for _, f := range change {
		f(&config)
	}
	transport, err := client.New(config)
	if err != nil {
		w.Fatal(err)
	}
	return transport
}

// browse opens a page as a browser would, and follows where it leads.
func (w *world) browse(ctx context.Context, page string) error {
	return w.browseBut(ctx, page, func(url.Values) {})
}

// browseBut is browse with an authorization response that was changed on its
// way.
func (w *world) browseBut(ctx context.Context, page string, change func(url.Values)) error {
	browser := &http.Client{
		Transport: w.wire.as("browser"),
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			q := r.URL.Query()
			change(q)
			r.URL.RawQuery = q.Encode()
			return nil
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	response, err := browser.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// answer is a response that was read.
type answer struct {
	status int
	header http.Header
	body   string
	resp   *http.Response
}

// send sends one request through a transport.
func (w *world) send(transport http.RoundTripper, method, target, body string, header ...string) (answer, error) {
	return w.sendWith(w.ctx, transport, method, target, strings.NewReader(body), header...)
}

func (w *world) sendWith(ctx context.Context, transport http.RoundTripper, method, target string, body io.Reader, header ...string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text), resp}, err
}

// call calls a tool.
func (w *world) call(transport http.RoundTripper, tool string) (answer, error) {
	return w.send(transport, http.MethodPost, w.resource, callOf(tool))
}

func callOf(tool string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `"}}`
}

// mustCall calls a tool, which must run.
func (w *world) mustCall(transport http.RoundTripper, tool string) {
	w.Helper()
	got, err := w.call(transport, tool)
	if want := "POST by alice: " + callOf(tool); err != nil || got.status != http.StatusOK || got.body != want {
		w.Fatalf("calling %s: status %d, body %q, error %v\n%s", tool, got.status, got.body, err, w.wire)
	}
}

// mustFail checks that calling the tool fails with an *Error of a stage.
func (w *world) mustFail(transport http.RoundTripper, stage string) *client.Error {
	w.Helper()
	got, err := w.call(transport, "read")
	var e *client.Error
	if !errors.As(err, &e) || e.Stage != stage {
		w.Fatalf("status %d, error %v, want one at the stage %q\n%s", got.status, err, stage, w.wire)
	}
	return e
}

// wantFailure is mustFail for who needs no more than that.
func (w *world) wantFailure(transport http.RoundTripper, stage string) {
	w.Helper()
	_ = w.mustFail(transport, stage)
}

func (w *world) wantLog(want ...string) {
	w.Helper()
	if got := w.wire.log(); !slices.Equal(got, want) {
		w.Errorf("on the wire:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// wantCount checks how often a line is on the wire.
func (w *world) wantCount(line string, want int) {
	w.Helper()
	if got := w.wire.count(line); got != want {
		w.Errorf("%d times %q, want %d\n%s", got, line, want, w.wire)
	}
}

// exchange is one request and its answer.
type exchange struct {
	line          string // "R POST /mcp 401"
	url           *url.URL
	authorization string
	form          url.Values
	body          string
}

// wire is the network, as a transport that keeps a record.
type wire struct {
	roles map[string]string // by origin

	mu        sync.Mutex
	exchanges []exchange
	fail      func(*http.Request) error
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	role := w.roles[r.URL.Scheme+"://"+r.URL.Host]
	if role == "" {
		role = "elsewhere"
	}
	return w.pass(r, role)
}

// as returns a transport that records under another name.
func (w *wire) as(role string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) { return w.pass(r, role) })
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (w *wire) pass(r *http.Request, role string) (*http.Response, error) {
	e := exchange{line: role + " " + r.Method + " " + r.URL.Path, url: r.URL, authorization: r.Header.Get("Authorization")}
	if r.GetBody != nil {
		if body, err := r.GetBody(); err == nil && body != nil {
			text, _ := io.ReadAll(body)
			e.body = string(text)
			if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
				e.form, _ = url.ParseQuery(e.body)
			}
		}
	}
	w.mu.Lock()
	fail := w.fail
	w.mu.Unlock()
	var resp *http.Response
	var err error
	if fail != nil {
		err = fail(r)
	}
	if err == nil {
		resp, err = http.DefaultTransport.RoundTrip(r)
	} else if r.Body != nil {
		_ = r.Body.Close()
	}
	if err != nil {
		e.line += " failed"
	} else {
		e.line += fmt.Sprintf(" %d", resp.StatusCode)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exchanges = append(w.exchanges, e)
	return resp, err
}

// failBy makes requests fail for which f returns an error.
func (w *wire) failBy(f func(*http.Request) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = f
}

func (w *wire) all() []exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.exchanges)
}

// log returns the lines of all exchanges, in order, and forgets nothing.
func (w *wire) log() []string {
	var lines []string
	for _, e := range w.all() {
		lines = append(lines, e.line)
	}
	return lines
}

func (w *wire) count(line string) int {
	n := 0
	for _, l := range w.log() {
		if l == line {
			n++
		}
	}
	return n
}

// forget begins the record anew.
func (w *wire) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exchanges = nil
}

// find returns the exchanges with lines that begin so.
func (w *wire) find(prefix string) []exchange {
	return slices.DeleteFunc(w.all(), func(e exchange) bool { return !strings.HasPrefix(e.line, prefix) })
}

func (w *wire) String() string { return strings.Join(w.log(), "\n") }

// document answers with JSON.
func document(members map[string]any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(members)
	})
}

// status answers with a status and nothing else.
func status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}
