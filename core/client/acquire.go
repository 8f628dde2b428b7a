package client

import (
	"cmp"
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

// current returns the token in use, from the storage if this is the first time.
// It is nil where there is none.
func (t *Transport) current(ctx context.Context) (*held, error) {
	t.mu.Lock()
	h := t.held
	t.mu.Unlock()
	if h != nil {
		return h, nil
	}
	return t.reload(ctx)
}

// reload reads the token anew: another process may have put one there. One that
// the storage has failed to take stays: what is stored is what it came from.
func (t *Transport) reload(ctx context.Context) (*held, error) {
	t.mu.Lock()
	before := t.held
	unsaved := before != nil && !before.saved
	t.mu.Unlock()
	if unsaved {
		return before, nil
	}
	about, err := t.load(ctx, Key{Resource: t.config.Resource})
	if err != nil || about.Issuer == "" {
		return nil, err
	}
	state, err := t.load(ctx, Key{Issuer: about.Issuer, Resource: t.config.Resource})
	if err != nil || state.Token == nil || !t.owns(about.Issuer, state.Token) {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == before { // What came in between is newer than what was read.
		t.held = &held{Token: *state.Token, issuer: about.Issuer, saved: true}
	}
	return t.held, nil
}

func (t *Transport) load(ctx context.Context, key Key) (State, error) {
	state, err := t.config.Storage.Load(ctx, key)
	return state, storageError(err)
}

// errTwice is for a change that would be made anew, with a code or a refresh token
// that is spent.
var errTwice = errors.New("the Storage ran the change of an Update twice, and may run it once")

// update changes a state. Once the change has begun it is no longer ended with
// ctx: it may send what can be sent once only. It ends by itself, for each of its
// requests has a timeout.
func (t *Transport) update(ctx context.Context, key Key, change func(context.Context, State) (State, error)) error {
	begun, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	return t.config.Storage.Update(begun, key, func(s State) (State, error) {
		if !stop() {
			return s, cmp.Or(ctx.Err(), errTwice)
		}
		return change(begun, s)
	})
}

// hold puts a token into use that is about to be stored.
func (t *Transport) hold(issuer string, token Token) *held {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = &held{Token: token, issuer: issuer}
	return t.held
}

// saved notes that the storage has a token, if it is one.
func (t *Transport) saved(h *held) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h != nil {
		h.saved = true
	}
}

// late notes that the storage has failed to take a token, if it is one.
func (t *Transport) late(h *held) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h != nil {
		h.late = true
	}
}

// saveTimeout is how long a request that has a token waits for another one to be
// stored.
const saveTimeout = time.Second

// saveLate stores a token that the storage has failed to take: the process may end
// before the next refresh, and what is stored is spent. If it fails again, the
// next request tries.
func (t *Transport) saveLate(ctx context.Context, h *held) {
	t.mu.Lock()
	late := h.late
	h.late = false
	t.mu.Unlock()
	if !late {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	err := t.update(ctx, Key{Issuer: h.issuer, Resource: t.config.Resource}, func(_ context.Context, s State) (State, error) {
		// Another request or another process may have got a later one meanwhile.
		if t.inUse(h) && (s.Token == nil || !s.Token.Issued.After(h.Issued)) {
			token := h.Token
			s.Token = &token
		}
		return s, nil
	})
	if err == nil {
		t.saved(h)
		err = t.update(ctx, Key{Resource: t.config.Resource}, func(_ context.Context, s State) (State, error) {
			if s.Issuer != h.issuer {
				s = State{Issuer: h.issuer, ClientID: t.config.Credentials.ID}
			}
			return s, nil
		})
	}
	if err != nil {
		t.late(h)
	}
}

func (t *Transport) inUse(h *held) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held == h
}

// unsaved returns the token in use if it is of this issuer and the storage has
// failed to take it, and else nil.
func (t *Transport) unsaved(issuer string) *held {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h := t.held; h != nil && h.issuer == issuer && !h.saved {
		return h
	}
	return nil
}

// owns reports whether a token that is stored for an issuer is one that this
// client could have got: not one of other credentials, nor of another server
// than the one that they are for, which would be sent their secret. One of a
// client that this one can't prove to be couldn't be refreshed, ever.
func (t *Transport) owns(issuer string, token *Token) bool {
	c := t.config.Credentials
	if c.ID != "" && c.ID != token.Client.ClientID || c.Issuer != "" && c.Issuer != issuer {
		return false
	}
	_, err := t.getter.CheckURL(token.TokenEndpoint)
	return err == nil && isToken(token.AccessToken) && t.canProve(token.Client)
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

// keep puts a new token into use. It is in use even if the storage fails, and
// stored even if nobody waits any more: a code was spent for it.
func (t *Transport) keep(ctx context.Context, g grant, metadataURL string, token Token) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	issuer := g.server.Issuer
	key := Key{Issuer: issuer, Resource: t.config.Resource}
	var h *held
	err := t.update(ctx, key, func(_ context.Context, s State) (State, error) {
		h = t.hold(issuer, token) // in the order in which the storage has them
		s.Token = &token
		return s, nil
	})
	if err != nil {
		h = t.hold(issuer, token)
	}
	if err == nil {
		t.saved(h)
		err = t.update(ctx, Key{Resource: t.config.Resource}, func(context.Context, State) (State, error) {
			return State{Issuer: issuer, ClientID: t.config.Credentials.ID, MetadataURL: metadataURL}, nil
		})
	}
	if err != nil {
		t.late(h)
	}
	if old := g.about.Issuer; err == nil && old != "" && old != issuer {
		err = t.update(ctx, Key{Issuer: old, Resource: t.config.Resource}, func(_ context.Context, s State) (State, error) {
			s.Token = nil
			return s, nil
		})
	}
	return storageError(err)
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
