// Package introspect asks an authorization server what a token is worth
// (RFC 7662).
//
// The token and the client's credentials go to the one endpoint that was
// configured or that the validated metadata name, and along no redirect. However
// many requests come with one token, it is asked about once at a time; however
// many tokens come, only so many questions are under way. Tokens that were good
// before have places of their own, so that a flood of made-up ones can't keep
// them from being asked about again.
package introspect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// errBroken says that the caller's transport or key broke down, by a panic or
// worse. The value of the panic isn't told: the token may be in it.
var errBroken = errors.New("asking the introspection endpoint broke down")

// ErrBusy says that so many questions are under way that this one wasn't asked.
var ErrBusy = errors.New("too many introspection requests are under way")

// RefusedError says that the authorization server doesn't let this client
// introspect at all: what is wrong is the client, not the token.
type RefusedError struct {
	// Status is the HTTP status: 400, 401 or 403.
	Status int
}

// Error tells the status.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("the introspection endpoint refuses this client with status %d", e.Status)
}

// Options describe how to ask.
type Options struct {
	// Getter sends the requests. Its Timeout bounds a question with all that
	// comes before it.
	Getter fetch.Getter
	Clock  environ.Clock
	// Locate tells where the endpoint is. It is called again once a question
	// failed there: the metadata may name another by now.
	Locate func(context.Context) (url string, err error)
	// MaxAge is how old an answer may be. A question that was sent longer ago may
	// be answered by what held before then, so it is not shared any more; none
	// that was sent is if MaxAge is zero.
	MaxAge time.Duration
	// Authentication is how this client proves who it is.
	Authentication Authentication
}

const (
	// maxAsked bounds the questions of one kind that are under way, and
	// maxWaiting those that wait for their turn.
	maxAsked   = 32
	maxWaiting = 1024
	// pause is how long the endpoint isn't looked for again after it was looked
	// for, so that an outage causes few questions.
	pause = time.Second
)

// Client asks one endpoint. Its methods may be called concurrently.
type Client struct {
	options Options
	// Turns of tokens that were good before, and of all others.
	known, unknown chan struct{}

	mu    sync.Mutex
	calls map[question]*call // the latest of each question
	under int                // how many calls are under way

	doubtful atomic.Bool // a question failed since the endpoint was looked for

	locating chan struct{} // holds one while the fields below are in use
	url      string
	sought   time.Time
	err      error
}

// question is what is asked about, and since when. What was begun in another
// epoch may be out of date.
type question struct {
	token string
	epoch uint64
}

// call is a question under way.
type call struct {
	after *call     // of the same question, which has to end before, or nil
	sent  time.Time // under the client's lock; zero before

	done   chan struct{} // closed when the fields below are set
	answer Answer
	err    error
}

// Answer is what the authorization server says (RFC 7662 §2.2).
type Answer struct {
	// Active says that the token is good there.
	Active bool
	// Body is the whole answer, a JSON object that reads one way.
	Body []byte
	// Sent is when the question was sent. The answer may be of that time.
	Sent time.Time
}

// New returns a client. It does no I/O.
func New(options Options) *Client {
	return &Client{
		options:  options,
		known:    make(chan struct{}, maxAsked),
		unknown:  make(chan struct{}, maxAsked),
		calls:    make(map[question]*call),
		locating: make(chan struct{}, 1),
	}
}

// Ask asks about the token, or shares the answer to the same question of the same
// epoch that is under way and was not sent too long ago. Known says that the token
// was good before. The question outlives ctx, up to the timeout, for those who
// share it.
//
// The error is a *RefusedError, ErrBusy, that of Locate or of fetch.Getter.Post,
// or says what is wrong with the answer. It holds neither the token nor a secret.
func (c *Client) Ask(ctx context.Context, token string, known bool, epoch uint64) (Answer, error) {
	under, err := c.join(ctx, question{token, epoch}, known)
	if err != nil {
		return Answer{}, err
	}
	select {
	case <-under.done:
		return under.answer, under.err
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

// join returns the call for the question. It begins one where there is none that
// may be shared. That one waits for its predecessor, so that one token never
// takes more than one turn.
func (c *Client) join(ctx context.Context, q question, known bool) (*call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.calls[q]
	if before != nil && (before.sent.IsZero() || c.options.Clock.Now().Sub(before.sent) < c.options.MaxAge) {
		return before, nil
	}
	if c.under >= 2*(maxAsked+maxWaiting) || !known && c.under >= maxAsked+maxWaiting {
		return nil, ErrBusy
	}
	begun := &call{after: before, done: make(chan struct{}), err: errBroken}
	c.calls[q] = begun
	c.under++
	go c.run(context.WithoutCancel(ctx), q, known, begun)
	return begun, nil
}

// run asks the question once it has its turn. It ends with the timeout, and
// whatever becomes of it, those who share it are told.
func (c *Client) run(ctx context.Context, q question, known bool, begun *call) {
	defer func() {
		_ = recover() // begun has an error, unless all went well
		c.mu.Lock()
		if c.calls[q] == begun {
			delete(c.calls, q)
		}
		c.under--
		c.mu.Unlock()
		close(begun.done)
	}()
	if begun.after != nil {
		<-begun.after.done
		begun.after = nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Getter.Timeout)
	defer cancel()
	turns := c.unknown
	if known {
		turns = c.known
	}
	if !takeTurn(ctx, turns) {
		begun.err = ErrBusy
		return
	}
	defer func() { <-turns }()
	begun.answer, begun.err = c.exchange(ctx, q.token, begun)
}

// takeTurn waits for a turn. It prefers one to the end of ctx.
func takeTurn(ctx context.Context, turns chan struct{}) bool {
	select {
	case turns <- struct{}{}:
		return true
	default:
	}
	select {
	case turns <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// exchange sends the request and reads the answer (RFC 7662 §2.1, §2.2). Where it
// fails, the endpoint may have moved: what is left at its old place may answer
// with any status, or with a page.
func (c *Client) exchange(ctx context.Context, token string, under *call) (Answer, error) {
	endpoint, err := c.endpoint(ctx)
	if err != nil {
		return Answer{}, err
	}
	form, header := url.Values{"token": {token}, "token_type_hint": {"access_token"}}, make(http.Header)
	if err := c.options.Authentication.add(form, header, c.options.Clock.Now()); err != nil {
		return Answer{}, err
	}
	sent := c.send(under)
	response, err := c.options.Getter.Post(ctx, endpoint, form, header)
	if err != nil {
		c.doubtful.Store(true)
		return Answer{}, failure(err)
	}
	active, err := activeOf(response.Body)
	if err != nil {
		c.doubtful.Store(true)
		return Answer{}, fmt.Errorf("the answer of %s: %w", endpoint, err)
	}
	return Answer{Active: active, Body: response.Body, Sent: sent}, nil
}

// send notes that the question is sent from now on.
func (c *Client) send(under *call) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	under.sent = c.options.Clock.Now()
	return under.sent
}

// failure tells a client that is refused from a server in trouble.
func failure(err error) error {
	var status *fetch.StatusError
	if errors.As(err, &status) {
		switch status.Status {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
			return &RefusedError{Status: status.Status}
		}
	}
	return err
}

// activeOf reads the one member that every answer has.
func activeOf(body []byte) (bool, error) {
	members, err := strictjson.Object(body)
	if err != nil {
		return false, err
	}
	for _, m := range members {
		if m.Name == "active" {
			switch string(m.Value) {
			case "true":
				return true, nil
			case "false":
				return false, nil
			}
		}
	}
	return false, errors.New("it has no member active that is true or false")
}

// endpoint returns where to ask. Those who come while it is looked for wait, and
// share what was found.
func (c *Client) endpoint(ctx context.Context) (string, error) {
	if err := c.lock(ctx); err != nil {
		return "", err
	}
	defer c.unlock()
	now := c.options.Clock.Now()
	resting := now.Sub(c.sought) < pause
	switch {
	case c.url != "" && (resting || !c.doubtful.Load()):
		return c.url, nil
	case c.err != nil && resting:
		return "", c.err
	}
	c.doubtful.Store(false)
	c.sought = now
	c.url, c.err = c.options.Locate(ctx)
	if c.err != nil {
		c.url = ""
		c.err = fmt.Errorf("finding the introspection endpoint: %w", c.err)
	}
	return c.url, c.err
}

func (c *Client) lock(ctx context.Context) error {
	select {
	case c.locating <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) unlock() { <-c.locating }
