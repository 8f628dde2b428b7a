package client

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// Reception awaits one authorization response (RFC 6749 §4.1.2). A client with
// another way than [Loopback] to get it, such as a page of its own, makes one
// for each call of Config.Receive.
type Reception struct {
	// RedirectURI is where the response arrives.
	RedirectURI string
	// Wait returns the parameters of the response: all of them, for the
	// transport checks state, iss and error. It ends with ctx.
	Wait func(ctx context.Context) (url.Values, error)
	// Close ends the reception. It is called once, and may be nil.
	Close func()
	// expect tells a Loopback the state of the response to come, before the user
	// is sent off, so that it waits on when another one arrives.
	expect func(state string)
}

// Loopback receives authorization responses on this machine: by an HTTP server
// that lives for one response (RFC 8252 §7.3). It listens on 127.0.0.1 only. The
// zero value is ready to use.
type Loopback struct {
	// Path is that of the redirect URI where none is registered. Empty means
	// /callback.
	Path string
	// Timeout is how long the user may take. Zero means 5 minutes.
	Timeout time.Duration
}

//go:embed received.html
var receivedHTML string

const defaultTimeout = 5 * time.Minute

// Receive listens at the port of redirectURI, if it has one that is free, and
// else at any other. It can stand in Config.Receive.
//
// An authorization server lets the port of a loopback IP address vary (RFC 8252
// §7.3), but not that of "localhost": there a port that is taken is an error, as
// is a redirect URI that isn't http on 127.0.0.1 or localhost. Where the other
// port needs a new registration, the transport registers anew.
func (l Loopback) Receive(ctx context.Context, redirectURI string) (*Reception, error) {
	at, err := l.address(redirectURI)
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, at)
	if err != nil {
		return nil, err
	}
	at.Host = net.JoinHostPort(at.Hostname(), portOf(listener))
	page, err := template.New("received").Parse(receivedHTML)
	if err != nil {
		_ = listener.Close() // nobody knows of it yet
		return nil, err
	}
	r := &receiver{at: at, address: listener.Addr().String(), page: page, timeout: cmp.Or(l.Timeout, defaultTimeout), first: make(chan url.Values, 1), unused: make(map[net.Conn]bool)}
	server := &http.Server{Handler: r, ConnState: r.track, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() { _ = server.Serve(listener) }() // until Close
	return &Reception{RedirectURI: at.String(), Wait: r.wait, Close: func() { r.shutDown(server, listener) }, expect: r.expect}, nil
}

// address is where to listen: a redirect URI, perhaps without a port.
func (l Loopback) address(redirectURI string) (*url.URL, error) {
	if redirectURI == "" {
		return &url.URL{Scheme: "http", Host: "127.0.0.1", Path: cmp.Or(l.Path, "/callback")}, nil
	}
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost" {
		return nil, fmt.Errorf("the redirect URI %q can't be served by a Loopback: it listens at http://127.0.0.1 only; set Config.Receive", redirectURI)
	}
	u.Path = cmp.Or(u.Path, "/")
	return u, nil
}

func listen(ctx context.Context, at *url.URL) (net.Listener, error) {
	var config net.ListenConfig
	if port := at.Port(); port != "" {
		listener, err := config.Listen(ctx, "tcp4", "127.0.0.1:"+port)
		if err == nil || at.Hostname() == "localhost" {
			return listener, err
		}
	}
	return config.Listen(ctx, "tcp4", "127.0.0.1:0")
}

func portOf(listener net.Listener) string {
	_, port, _ := net.SplitHostPort(listener.Addr().String()) // a listener's own address is well formed
	return port
}

// receiver is the handler of one reception.
type receiver struct {
	at      *url.URL
	address string
	page    *template.Template
	timeout time.Duration
	first   chan url.Values
	// state is the one that the response must have, once that is known.
	state atomic.Pointer[string]

	mu     sync.Mutex
	unused map[net.Conn]bool
}

func (r *receiver) expect(state string) { r.state.Store(&state) }

// belongs reports whether a response is the one that is waited for, as far as
// its state tells. The transport has the last word.
func (r *receiver) belongs(response url.Values) bool {
	state := r.state.Load()
	return state == nil || sameState(response.Get("state"), *state)
}

// track keeps the connections on which nothing was sent yet: browsers open some
// ahead.
func (r *receiver) track(conn net.Conn, state http.ConnState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if state == http.StateNew {
		r.unused[conn] = true
	} else {
		delete(r.unused, conn)
	}
}

// shutDown lets the page that is being sent arrive, for a moment, and nothing
// else. Then the port is free, also if the server had not begun to serve.
func (r *receiver) shutDown(server *http.Server, listener net.Listener) {
	_ = listener.Close() // nobody else is waited for
	r.mu.Lock()
	for conn := range r.unused {
		_ = conn.Close() // nothing was sent on it
	}
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close() // who holds a connection open has had that moment
	}
}

// view is what the page shows.
type view struct{ Code, Description, Problem string }

// ServeHTTP implements [http.Handler]. The first response that belongs to the
// authorization is the result; others are told so, whoever sends them.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	query, err := url.ParseQuery(req.URL.RawQuery)
	switch {
	case req.Host != r.at.Host && req.Host != r.address:
		// A page of another site that has its name resolve to this machine.
		r.show(w, http.StatusMisdirectedRequest, view{Problem: "This address is not served here."})
	case req.URL.Path != r.at.Path:
		r.show(w, http.StatusNotFound, view{Problem: "There is nothing here."})
	case req.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		r.show(w, http.StatusMethodNotAllowed, view{Problem: "An authorization response is a GET request."})
	case req.Header.Get("Sec-Fetch-Mode") != "" && req.Header.Get("Sec-Fetch-Mode") != "navigate":
		// An image or a script of any page in the browser.
		r.show(w, http.StatusForbidden, view{Problem: "An authorization response is a page that the browser opens."})
	case err != nil || !query.Has("code") && !query.Has("error") && !query.Has("state"):
		r.show(w, http.StatusBadRequest, view{Problem: "This is no authorization response."})
	case !r.belongs(query):
		r.show(w, http.StatusForbidden, view{Problem: "This response belongs to another authorization."})
	default:
		select {
		case r.first <- query:
			r.show(w, http.StatusOK, view{Code: cleanCode(query.Get("error")), Description: clean(query.Get("error_description"))})
		default:
			r.show(w, http.StatusConflict, view{Problem: "A response was received before."})
		}
	}
}

func (r *receiver) show(w http.ResponseWriter, status int, v view) {
	var body strings.Builder
	if err := r.page.Execute(&body, v); err != nil {
		http.Error(w, "the page can't be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer") // the address has the code in it
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body.String())) // The browser is gone if this fails.
}

// errTimeout is the error of a Loopback whose user took too long.
var errTimeout = errors.New("no answer came back from the browser in time: start again, and if the browser showed an error, read it there")

func (r *receiver) wait(ctx context.Context) (url.Values, error) {
	fired, stop := environ.From(ctx).Timer(r.timeout)
	defer stop()
	select {
	case query := <-r.first:
		return query, nil
	case <-fired:
		return nil, errTimeout
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
