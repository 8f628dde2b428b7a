package client

import (
	"cmp"
	"context"
	"errors"
	"time"
)

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
