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
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

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
	// Locate tells where the endpoint is. It is called again once nothing is
	// found there any more.
	Locate func(context.Context) (url string, err error)
	// Authentication is how this client proves who it is.
	Authentication Authentication
}

const (
	// maxAsked bounds the questions of one kind that are under way, and
	// maxWaiting those that wait for their turn.
	maxAsked   = 32
	maxWaiting = 1024
	// pause is how long the endpoint isn't looked for again after it was not
	// found.
	pause = time.Second
)

// Client asks one endpoint. Its methods may be called concurrently.
type Client struct {
	options Options
	// Turns of tokens that were good before, and of all others.
	known, unknown chan struct{}

	mu    sync.Mutex
	calls map[question]*call

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
// epoch that is under way. Known says that the token was good before. The
// question outlives ctx, up to the timeout, for those who share it.
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

// join returns the call for the question, which it begins where there is none.
func (c *Client) join(ctx context.Context, q question, known bool) (*call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if under := c.calls[q]; under != nil {
		return under, nil
	}
	if len(c.calls) >= 2*(maxAsked+maxWaiting) || !known && len(c.calls) >= maxAsked+maxWaiting {
		return nil, ErrBusy
	}
	begun := &call{done: make(chan struct{})}
	c.calls[q] = begun
	go c.run(context.WithoutCancel(ctx), q, known, begun)
	return begun, nil
}

// run asks the question once it has its turn. It ends with the timeout.
func (c *Client) run(ctx context.Context, q question, known bool, begun *call) {
	defer func() {
		c.mu.Lock()
		delete(c.calls, q)
		c.mu.Unlock()
		close(begun.done)
	}()
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
	begun.answer, begun.err = c.exchange(ctx, q.token)
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

// exchange sends the request and reads the answer (RFC 7662 §2.1, §2.2).
func (c *Client) exchange(ctx context.Context, token string) (Answer, error) {
	endpoint, err := c.endpoint(ctx)
	if err != nil {
		return Answer{}, err
	}
	form, header := url.Values{"token": {token}, "token_type_hint": {"access_token"}}, make(http.Header)
	if err := c.options.Authentication.add(form, header, c.options.Clock.Now()); err != nil {
		return Answer{}, err
	}
	response, err := c.options.Getter.Post(ctx, endpoint, form, header)
	if err != nil {
		return Answer{}, c.failure(ctx, err)
	}
	active, err := activeOf(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("the answer of %s: %w", endpoint, err)
	}
	return Answer{Active: active, Body: response.Body}, nil
}

// failure tells a client that is refused from a server in trouble, and forgets
// an endpoint that isn't where it was.
func (c *Client) failure(ctx context.Context, err error) error {
	var status *fetch.StatusError
	if !errors.As(err, &status) {
		if ctx.Err() == nil { // nobody answers there
			c.forget(ctx)
		}
		return err
	}
	switch status.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		return &RefusedError{Status: status.Status}
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		c.forget(ctx)
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
	if c.url != "" {
		return c.url, nil
	}
	now := c.options.Clock.Now()
	if c.err != nil && now.Sub(c.sought) < pause {
		return "", c.err
	}
	c.url, c.err = c.options.Locate(ctx)
	c.sought = now
	if c.err != nil {
		c.url = ""
		c.err = fmt.Errorf("finding the introspection endpoint: %w", c.err)
	}
	return c.url, c.err
}

func (c *Client) forget(ctx context.Context) {
	if c.lock(ctx) == nil {
		c.url = ""
		c.unlock()
	}
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
