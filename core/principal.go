package core

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Principal is the caller that a verified access token stands for.
type Principal struct {
	// Issuer is who vouches for the other fields: the iss of a JWT, or what a
	// verifier says.
	Issuer string
	// Subject is the resource owner (sub). It is empty where the token names
	// none, and never filled from another field.
	Subject string
	// ClientID is the OAuth client that the token was issued to. It is empty
	// where the token names none, and never filled from another field.
	ClientID string
	// Audience is whom the token is for.
	Audience []string
	// Scopes are the granted scopes as the token lists them, without an
	// [Issuer.ScopePrefix] and without what they imply.
	Scopes []string
	// Expiry is when the token ends. A verifier that leaves it zero must set
	// NoExpiry.
	Expiry time.Time
	// NoExpiry says that the token has no end of its own, as API keys have none.
	NoExpiry bool
	// Claims is the JSON object that the token carried, or that introspection
	// answered, where there is one.
	Claims json.RawMessage

	vocabulary *vocabulary // of the resource server that let the principal in
	// Where the principal is packed: the text of Claims, and behind it from
	// cut on, whom sessions belong to.
	all string
	cut int
}

// Has reports whether the scope was granted, or is implied by one that was
// ([Config.Implies]). A handler that checks a scope by itself asks this.
func (p Principal) Has(scope string) bool {
	if p.vocabulary == nil {
		return slices.Contains(p.Scopes, scope)
	}
	return p.vocabulary.covers(p.Scopes, scope)
}

// clone returns a Principal that shares no memory with p.
func (p Principal) clone() Principal {
	p.Audience = slices.Clone(p.Audience)
	p.Scopes = slices.Clone(p.Scopes)
	p.Claims = slices.Clone(p.Claims)
	if p.cut > 0 {
		p.Claims = json.RawMessage(p.all[:p.cut])
	}
	p.all, p.cut = "", 0
	return p
}

// packed returns p in the form in which many of them are kept: one string holds
// all text and, as far as they stand in it, the names that were read from the
// claims. Claims is empty; clone brings it back. Nothing of it is shared with p
// that could be changed.
func (p Principal) packed() Principal {
	all := string(p.Claims) + ownerOf(&p)
	p.all, p.cut, p.Claims = all, len(p.Claims), nil
	part := func(s string) string {
		if i := strings.Index(all, s); i >= 0 {
			return all[i : i+len(s)]
		}
		return s
	}
	parts := func(list []string) []string {
		if list == nil {
			return nil
		}
		of := make([]string, len(list))
		for i, s := range list {
			of[i] = part(s)
		}
		return of
	}
	p.Subject, p.ClientID = part(p.Subject), part(p.ClientID)
	p.Audience, p.Scopes = parts(p.Audience), parts(p.Scopes)
	return p
}

// owner names whom the principal's sessions belong to.
func (p *Principal) owner() string {
	if p.all == "" {
		return ownerOf(p)
	}
	return p.all[p.cut:]
}

// PrincipalFrom returns a copy of the principal on whose behalf the request
// with this context runs. It reports false where no resource server let the
// request in, and for an anonymous caller.
func PrincipalFrom(ctx context.Context) (Principal, bool) {
	a, ok := ctx.Value(admissionKey{}).(*admission)
	if !ok || a.verified == nil {
		return Principal{}, false
	}
	return a.verified.principal.clone(), true
}

// WithPrincipal returns a context in which [PrincipalFrom] finds p. It is for
// bridges that run handlers under another context than the request's, and for
// tests of handlers: no resource server takes such a context for a proof.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return &admission{Context: ctx, verified: &verified{principal: p.packed()}}
}
