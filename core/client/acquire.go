package client

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// need is what an answer of the resource server asks for.
type need struct {
	// failed is the access token that was not enough, empty if there was none.
	failed    string
	challenge bearer
	// fully says that a refreshed token has been refused too.
	fully bool
	// scopes are those that a step-up has to add. Without them any other token
	// than the failed one will do.
	scopes []string
	// abandoned is how many flows had been given up when the request began.
	abandoned int
}

// ready returns the token for a request that is about to be sent, refreshed if
// that is due. It is nil where there is none: the request then goes out bare, so
// that the server says what it wants.
func (t *Transport) ready(ctx context.Context) (*held, error) {
	h, err := t.current(ctx)
	if err != nil || h == nil {
		return nil, err
	}
	t.saveLate(ctx, h)
	now := environ.From(ctx).Now()
	expired := h.expired(now)
	if !t.renewable(h) {
		if !expired {
			return h, nil
		}
		return t.fresh(ctx, now)
	}
	if !expired && (!h.due(now) || t.triedEarly(h)) {
		return h, nil
	}
	err = t.refresh(ctx, h)
	switch {
	case err == nil:
		return t.current(ctx)
	case ctx.Err() != nil:
		return nil, err
	case !expired:
		return h, nil
	case errors.Is(err, errRefused):
		return t.fresh(ctx, now)
	case t.moved(ctx, h):
		return nil, nil //nolint:nilnil // no token and no error: the request goes out bare
	}
	return nil, err
}

// fresh returns the stored token if that one is good still.
func (t *Transport) fresh(ctx context.Context, now time.Time) (*held, error) {
	h, err := t.reload(ctx)
	if err != nil || h == nil || h.expired(now) {
		return nil, err
	}
	return h, nil
}

// triedEarly reports whether the refresh of a token that is good still was tried
// before, and notes that it is.
func (t *Transport) triedEarly(h *held) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	tried := t.early != nil && t.early.AccessToken == h.AccessToken
	t.early = h
	return tried
}

// acquire gets the token that an answer has asked for, or waits for who is
// getting it. full says that it took an authorization, not a refresh only.
func (t *Transport) acquire(ctx context.Context, n need) (full bool, err error) {
	h, err := t.current(ctx)
	if err != nil {
		return false, err
	}
	if h != nil && t.renewable(h) && !n.fully && len(n.scopes) == 0 {
		// A refresh asks nobody, so it doesn't wait for a user who is being asked.
		if _, err := t.share(ctx, &t.renewing, n, t.replace); !errors.Is(err, errRefused) {
			return false, err
		}
	}
	return t.share(ctx, &t.authorizing, n, t.obtain)
}

// share gets a token for n, together with who is getting one in the same way.
func (t *Transport) share(ctx context.Context, g *group, n need, get func(context.Context, need) (bool, error)) (full bool, err error) {
	for {
		var own bool
		full, own, err = g.do(ctx, func(ctx context.Context) (bool, error) { return get(ctx, n) })
		if own || err != nil && !t.saidOfOthers(err, n) {
			return full, err
		}
		// What others were getting may be enough, too.
		if enough, err := t.satisfied(ctx, n); err != nil || enough {
			return full, err
		}
	}
}

// satisfied reports whether the token in use is what n asks for.
func (t *Transport) satisfied(ctx context.Context, n need) (bool, error) {
	h, err := t.current(ctx)
	if err == nil && h != nil && h.AccessToken == n.failed {
		h, err = t.reload(ctx)
	}
	if err != nil || h == nil {
		return false, err
	}
	// What was asked for with it and not granted is the user's word, for n too.
	asked := slices.Concat(h.Scopes, h.Requested)
	return h.AccessToken != n.failed && !h.expired(environ.From(ctx).Now()) && containsAll(asked, n.scopes), nil
}

// replace refreshes the token, if the authorization server is the same as before.
// Where that can't be done, or is refused, its error wraps errRefused.
func (t *Transport) replace(ctx context.Context, n need) (full bool, err error) {
	if enough, err := t.satisfied(ctx, n); err != nil || enough {
		return false, err
	}
	h, err := t.current(ctx)
	if err != nil {
		return false, err
	}
	if h == nil || !t.renewable(h) {
		return false, errRefused
	}
	about, err := t.load(ctx, Key{Resource: t.config.Resource})
	if err != nil {
		return false, err
	}
	_, _, issuer, err := t.locate(ctx, n, about)
	if err != nil {
		return false, err
	}
	if h.issuer != issuer {
		return false, errRefused // Nothing of the old server is of use at the new one.
	}
	return false, t.refresh(ctx, h)
}

// locate finds the resource's metadata, where they are, and the authorization
// server to use.
func (t *Transport) locate(ctx context.Context, n need, about State) (resource discovery.Resource, metadataURL, issuer string, err error) {
	resource, metadataURL, err = t.describe(ctx, n.challenge.metadataURL)
	if err == nil {
		issuer, err = t.pick(resource.AuthorizationServers, about.Issuer)
	}
	return resource, metadataURL, issuer, err
}

// obtain gets a token by an authorization.
func (t *Transport) obtain(ctx context.Context, n need) (full bool, err error) {
	if enough, err := t.satisfied(ctx, n); err != nil || enough {
		return false, err
	}
	about, err := t.load(ctx, Key{Resource: t.config.Resource})
	if err != nil {
		return false, err
	}
	resource, metadataURL, issuer, err := t.locate(ctx, n, about)
	if err != nil {
		return false, err
	}
	h, err := t.current(ctx)
	if err != nil {
		return false, err
	}
	if h != nil && h.issuer != issuer {
		h = nil // Nothing of the old server is of use at the new one.
	}
	server, err := t.server(ctx, issuer)
	if err != nil {
		return false, err
	}
	g := grant{
		resource: resource.Resource, server: server, about: about,
		scopes: t.choose(ctx, n, h, resource, server),
	}
	if len(n.scopes) > 0 && h != nil && !h.lacks(g.scopes, n.scopes) {
		return false, nil // Config.Scopes wants none of it: the 403 is the answer.
	}
	if err := t.justDenied(ctx, g, n); err != nil {
		return true, err
	}
	token, err := t.authorize(ctx, g)
	if err != nil {
		t.noteDenial(ctx, g, err)
		return true, err
	}
	t.noteIssue(ctx, token)
	return true, t.keep(ctx, g, metadataURL, token)
}

// expired reports whether the access token is of no use any more. One without an
// expiry is good until it is refused.
func (t *Token) expired(now time.Time) bool { return !t.Expiry.IsZero() && !now.Before(t.Expiry) }

// due reports whether it is time to refresh the access token: half a minute
// before it expires, or in the last quarter of a short life.
func (t *Token) due(now time.Time) bool {
	const margin = 30 * time.Second
	return !t.Expiry.IsZero() && !now.Before(t.Expiry.Add(-min(margin, t.Expiry.Sub(t.Issued)/4)))
}

// pick chooses among the authorization servers that the resource names: the one
// that knows the client, the one that is in use, or the first.
func (t *Transport) pick(named []string, used string) (string, error) {
	if len(named) == 0 {
		return "", &Error{Stage: stageResource, Err: errors.New("it names no authorization server: the MCP server has to (authorization_servers)")}
	}
	if own := t.config.Credentials.Issuer; own != "" {
		if !slices.Contains(named, own) {
			return "", &Error{Stage: stageResource, Issuer: own, Err: errors.New("it doesn't name the authorization server that Credentials are for, and they are used nowhere else")}
		}
		return own, nil
	}
	if slices.Contains(named, used) {
		return used, nil
	}
	return named[0], nil
}
