package client

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

// Transport is an [http.RoundTripper] that authorizes the requests to one
// protected resource. It may be used by several goroutines at once; make one for
// each resource and user, not one for each request.
type Transport struct {
	// What is secret stands behind pointers: fmt and log/slog print what is in
	// fields like these by no method of its own, and follow no pointer.
	config   *Config
	resource *url.URL
	base     http.RoundTripper
	getter   fetch.Getter
	// outward sends what holds secrets, and follows no redirect with them.
	outward *http.Client
	tokens  *http.Client // the same for token requests

	refreshing, renewing, authorizing group

	mu     sync.Mutex
	held   *held
	denied *denial
	issued *issue
	// early is the token that could not be refreshed before its expiry: once is
	// enough while it is good.
	early *held
	// widened keeps a registration from being made anew for nothing.
	widened widened
}

// held is the token in use.
type held struct {
	Token
	issuer string
	// saved says that the storage has it, or had it before a later one; late that
	// the storage has failed to take it, or to say of whom it is. Both are guarded
	// by Transport.mu.
	saved, late bool
}

// New returns a transport for config, or every mistake found in it, joined; each
// is a *[ConfigError]. It does no I/O.
func New(config Config) (*Transport, error) {
	resource, err := config.validate()
	if err != nil {
		return nil, err
	}
	t := &Transport{config: &config, resource: resource, base: config.Transport}
	if t.base == nil {
		t.base = http.DefaultTransport
	}
	if t.config.Storage == nil {
		t.config.Storage = MemoryStorage()
	}
	if t.config.Redirect == nil {
		t.config.Redirect = OpenBrowser
	}
	if t.config.Receive == nil {
		t.config.Receive = Loopback{}.Receive
	}
	t.config.Metadata.Name = cmp.Or(t.config.Metadata.Name, "MCP client")
	t.getter = fetch.Getter{
		Client: &http.Client{Transport: t.base}, AllowHTTP: config.DangerouslyAllowHTTP,
		// A resource that is elsewhere has no say in what is asked on this machine.
		TLSOnLoopback: !fetch.IsLoopbackHost(resource.Hostname()),
	}
	t.outward = &http.Client{
		Transport:     t.base,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.tokens = &http.Client{Transport: answers{t.base}, CheckRedirect: t.outward.CheckRedirect}
	return t, nil
}

// RoundTrip implements [http.RoundTripper]. It sends a request to the resource's
// origin with an access token, and where the answer is a challenge that can be
// met, it meets it and sends the request once more. Any other answer is the
// server's, untouched; a stream stays a stream. A request to another origin, or
// one that has an Authorization field of its own, goes out as it is.
//
// A body without GetBody is read into memory first, up to 4 MiB; see
// [ErrNotReplayable] for larger ones. The error is an *[Error] where
// authorization has failed, and a context's where the request's has ended.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !fetch.SameOrigin(req.URL, t.resource) || len(req.Header["Authorization"]) > 0 {
		return t.base.RoundTrip(req)
	}
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	defer body.close()
	return (&operation{t: t, req: req, body: body, abandoned: t.authorizing.abandoned()}).run(req.Context())
}

// operation is one request of the caller, however often it is sent.
type operation struct {
	t    *Transport
	req  *http.Request
	body *body
	// abandoned is how many flows had been given up when it began.
	abandoned int
	// What was done for it already. Each is done once.
	renewed, authorized, stepped bool
}

func (o *operation) run(ctx context.Context) (*http.Response, error) {
	for {
		h, err := o.t.ready(ctx)
		if err != nil {
			return nil, err
		}
		resp, err := o.send(ctx, h)
		if err != nil {
			return nil, err
		}
		need, met := o.meet(ctx, resp, h)
		if !met {
			return resp, nil
		}
		discard(resp)
		full, err := o.t.acquire(ctx, need)
		if err != nil {
			return nil, err
		}
		o.authorized = o.authorized || full
		if !o.body.again() {
			return nil, ErrNotReplayable
		}
	}
}

// send sends the request with a token, or without one. The caller's own request
// stays as it is, and is the one that the response is for: the token shows in
// neither.
func (o *operation) send(ctx context.Context, h *held) (*http.Response, error) {
	body, err := o.body.next()
	if err != nil {
		return nil, err
	}
	out := o.req.Clone(ctx)
	out.Body, out.GetBody = body, o.body.get
	if out.Header == nil {
		out.Header = make(http.Header)
	}
	if h != nil {
		out.Header.Set("Authorization", "Bearer "+h.AccessToken)
	}
	resp, err := o.t.base.RoundTrip(out)
	if resp != nil {
		resp.Request = o.req
	}
	return resp, err
}

// meet tells what an answer asks for, and whether there is anything left to do
// about it.
func (o *operation) meet(ctx context.Context, resp *http.Response, h *held) (n need, met bool) {
	if h != nil {
		n.failed = h.AccessToken
	}
	n.challenge, n.abandoned = readBearer(resp.Header), o.abandoned
	switch {
	case resp.StatusCode == http.StatusUnauthorized && !n.challenge.foreign:
		if o.authorized {
			if o.t.justIssued(ctx, h) {
				o.t.noteUseless(ctx, h, n.challenge)
			}
			return n, false
		}
		// After a new token was refused too, only a new authorization may help.
		n.fully = o.renewed
		o.authorized = h == nil || o.renewed
		o.renewed = true
		return n, true
	case resp.StatusCode == http.StatusForbidden && n.challenge.code == "insufficient_scope":
		// Asking again for what was granted would change nothing, and for what a
		// user has just held back only annoy them.
		settled := func(have []string) bool { return containsAll(have, n.challenge.scopes) }
		if o.stepped || h == nil || settled(h.Scopes) || o.t.justIssued(ctx, h) && settled(slices.Concat(h.Scopes, h.Requested)) {
			return n, false
		}
		n.scopes = n.challenge.scopes
		o.stepped, o.authorized = true, true
		return n, true
	}
	return n, false
}

// discard closes an answer that nobody gets. It reads it first if that is known
// to be short, so that the connection can be used again; another one may go on
// for ever.
func discard(resp *http.Response) {
	if 0 < resp.ContentLength && resp.ContentLength <= 64<<10 {
		_, _ = io.Copy(io.Discard, resp.Body) // the connection is closed if this fails
	}
	_ = resp.Body.Close() // as above
}

// CloseIdleConnections closes the idle connections of the transport below, for
// the method of the same name of [http.Client].
func (t *Transport) CloseIdleConnections() { t.outward.CloseIdleConnections() }
