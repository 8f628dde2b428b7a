package client

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// issue is the last token that an authorization led to, and until when it is too
// new for another one to be the answer to what is said of it.
type issue struct {
	token string
	until time.Time
}

func (t *Transport) noteIssue(ctx context.Context, token Token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.issued = &issue{token: token.AccessToken, until: environ.From(ctx).Now().Add(denialPause)}
}

// justIssued reports whether h is what an authorization led to a moment ago.
func (t *Transport) justIssued(ctx context.Context, h *held) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return h != nil && t.issued != nil && h.AccessToken == t.issued.token && environ.From(ctx).Now().Before(t.issued.until)
}

// denial is the word of a user who has just refused, or who never came back, or
// came back too late, or for nothing.
type denial struct {
	err    error
	issuer string // where that was; empty means wherever
	scopes []string
	until  time.Time
	// abandoned is how many flows have been given up by then, if this one was.
	abandoned int
}

// denialPause is how long a refusal is final. An SDK that tries another request
// when one has failed, as they do when they connect, would ask the user again.
const denialPause = 10 * time.Second

// abandonPause is the same where the request was given up. go-sdk then sends
// another one, to say so. Requests that were under way before are no such ones.
const abandonPause = 2 * time.Second

func (t *Transport) noteDenial(ctx context.Context, g grant, err error) {
	var (
		e     *Error
		pause time.Duration
		ended int
	)
	switch {
	case errors.Is(err, errAbandoned):
		pause, ended = abandonPause, t.authorizing.abandoned()
	case errors.As(err, &e) && t.inVain(e), errors.Is(err, errTimeout):
		pause = denialPause
	default:
		return
	}
	t.deny(denial{err: err, issuer: g.server.Issuer, scopes: g.scopes, until: environ.From(ctx).Now().Add(pause), abandoned: ended})
}

// inVain reports whether the user was asked, and the server then granted nothing.
func (t *Transport) inVain(e *Error) bool {
	return !t.config.ClientCredentials && (e.Stage == stageToken || e.Stage == stageAuthorization && e.Code != "")
}

// noteUseless takes the word of a resource that refuses a token which was issued
// a moment ago: others, for whatever scopes, are not what it misses.
func (t *Transport) noteUseless(ctx context.Context, h *held, challenge bearer) {
	t.deny(denial{until: environ.From(ctx).Now().Add(denialPause), err: &Error{
		Stage: stageRequest, Issuer: h.issuer, Status: http.StatusUnauthorized,
		Code: cleanCode(challenge.code), Description: clean(challenge.description),
		Err: errors.New("the resource refuses a token that has just been issued for it: see that it takes tokens of this authorization server"),
	}})
}

func (t *Transport) deny(d denial) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.denied = &d
}

// saidOfOthers reports whether an error is the refusal of scopes that n has no part
// in: whoever waited for that flight can still ask for its own.
func (t *Transport) saidOfOthers(err error, n need) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	var e, denied *Error
	d := t.denied
	return d != nil && errors.As(err, &e) && errors.As(d.err, &denied) && e == denied &&
		len(d.scopes) > 0 && !containsAll(d.scopes, n.scopes)
}

// justDenied returns the refusal of a moment ago, if n asks for as much again
// by g.
func (t *Transport) justDenied(ctx context.Context, g grant, n need) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.denied
	if d == nil || d.issuer != "" && d.issuer != g.server.Issuer || !environ.From(ctx).Now().Before(d.until) || !containsAll(g.scopes, d.scopes) || n.abandoned < d.abandoned {
		return nil
	}
	return d.err
}
