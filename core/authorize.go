package core

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/caller"
)

// Authorize decides whether the request may reach an ordinary route that needs
// the given scopes; without scopes, any valid token will do. It returns the
// request to go on with, which carries the principal, or an error that is a
// *[Denial], to be answered with Deny.
//
// Neither the Origin check nor anything of JSON-RPC applies here; those are the
// MCP endpoint's, which Handler protects.
func (rs *ResourceServer) Authorize(r *http.Request, scopes ...string) (*http.Request, error) {
	began := rs.clock.Now()
	who, denial := rs.decideRoute(r, began, scopes)
	if err := r.Context().Err(); denial == nil && err != nil {
		denial = rs.denialOf(overdue(err), "", nil)
	}
	rs.tell(r, began, &who, Operation{}, denial)
	if denial != nil {
		return nil, denial
	}
	a := &admission{Context: r.Context(), rs: rs, verified: who.verified}
	return a.admit(r), nil
}

// overdue says that the request's time ended before it was decided on.
func overdue(err error) error {
	return fmt.Errorf("%w: the request's time is over: %w", ErrUnavailable, err)
}

func (rs *ResourceServer) decideRoute(r *http.Request, now time.Time, scopes []string) (bearer, *Denial) {
	for _, scope := range scopes {
		if !isScope(scope) || scope == offlineAccess {
			return bearer{}, rs.denialOf(fmt.Errorf("the route needs %q, which no resource server may ask for (RFC 6749 §3.3)", scope), "", nil)
		}
	}
	return rs.decide(r, now, scopes)
}

// Protect returns next behind [ResourceServer.Authorize] and Deny: middleware
// for ordinary routes of an app made of net/http handlers.
func (rs *ResourceServer) Protect(next http.Handler, scopes ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		admitted, err := rs.Authorize(r, scopes...)
		if err != nil {
			rs.Deny(w, r, err)
			return
		}
		next.ServeHTTP(w, admitted)
	})
}

// decide runs the stages that need nothing but the request's head: credentials,
// verification with expiry and audience, confirmation, scopes. The principal is
// returned with a denial too, once it is known.
func (rs *ResourceServer) decide(r *http.Request, now time.Time, scopes []string) (bearer, *Denial) {
	who, denial := rs.authenticate(r, now, scopes)
	if denial != nil {
		return bearer{}, denial
	}
	if err := rs.confirm(r, &who.principal); err != nil {
		return who, rs.denialOf(err, who.token, scopes)
	}
	if missing := rs.vocabulary.missing(who.principal.Scopes, scopes); len(missing) > 0 {
		return who, rs.insufficientScope(scopes, missing)
	}
	return who, nil
}

// authenticate finds who calls. A request that this resource server has let in
// already, on an outer route, has had its token taken away: its principal is
// still good.
func (rs *ResourceServer) authenticate(r *http.Request, now time.Time, scopes []string) (bearer, *Denial) {
	token, present, err := bearerToken(r.Header, rs.limits.TokenBytes)
	if err != nil {
		return bearer{}, rs.denialOf(err, "", scopes)
	}
	if !present {
		outer, ok := r.Context().Value(admissionKey{}).(*admission)
		if !ok || outer.rs != rs || outer.verified == nil {
			return bearer{}, rs.noCredentials(scopes)
		}
		if err := rs.current(&outer.verified.principal); err != nil {
			return bearer{}, rs.denialOf(err, "", scopes)
		}
		return bearer{verified: outer.verified}, nil
	}
	v, kept, err := rs.verify(r.Context(), token, now)
	if err != nil {
		return bearer{}, rs.denialOf(err, token, scopes)
	}
	return bearer{verified: v, token: token, kept: kept}, nil
}

// admission is the context of a request that was let in. It also holds that
// request as the handler sees it, and the endpoint's writer, so that all of them
// cost one allocation.
type admission struct {
	context.Context
	rs       *ResourceServer
	verified *verified // nil for an anonymous caller
	op       Operation
	request  http.Request
	writer   flushWriter
	body     replay
}

type admissionKey struct{}

// Value finds the admission itself, and asks the outer context for the rest.
func (a *admission) Value(key any) any {
	switch key.(type) {
	case admissionKey:
		return a
	case caller.Key:
		if a.rs == nil {
			return nil // made by WithPrincipal: nobody was let in
		}
		return a
	}
	return a.Context.Value(key)
}

// Owner makes an admission a caller.Caller, with the methods that follow.
func (a *admission) Owner() string { return a.verified.ownerName() }

// Scopes are the principal's, shared.
func (a *admission) Scopes() []string {
	if a.verified == nil {
		return nil
	}
	return a.verified.principal.Scopes
}

// Expiry is the token's.
func (a *admission) Expiry() time.Time {
	if a.verified == nil {
		return time.Time{}
	}
	return a.verified.principal.Expiry
}

// Operation is what the policy let run.
func (a *admission) Operation() (method, name string) {
	if a.rs.policy == nil {
		return "", ""
	}
	return a.op.Method, a.op.Name
}

// replayed gives the handler the body that was checked, without the fields behind
// it, which were not.
func (a *admission) replayed(r *http.Request, body []byte) {
	a.body.rest = body
	r.Body, r.ContentLength, r.TransferEncoding, r.Trailer = &a.body, int64(len(body)), nil, nil
}

// admit returns r as the handler may see it.
func (a *admission) admit(r *http.Request) *http.Request {
	a.request = *r.WithContext(a)
	if _, limited := r.Context().Deadline(); limited {
		// Whoever set the limit may have given up by now, and be reading the
		// header while it is changed here.
		a.request.Header = maps.Clone(r.Header)
	}
	if !a.rs.config.DangerouslyForwardToken {
		// Without a limit the header is shared with r, so the token is gone for
		// whatever runs around the handler too. That is meant: it has done its
		// work, and what can't be read can't be logged or passed on.
		delete(a.request.Header, "Authorization")
	}
	return &a.request
}
