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
	// Claims is the JSON object that the token carried, where it carried one.
	Claims json.RawMessage

	vocabulary *vocabulary // of the resource server that let the principal in
	text       string      // of Claims, where the principal is packed
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
	if p.text != "" {
		p.Claims, p.text = json.RawMessage(p.text), ""
	}
	return p
}

// packed returns p in the form in which many of them are kept: one string for
// the claims and, as far as they stand in it, for the names that were read from
// them. Claims is empty; clone brings it back.
func (p Principal) packed() Principal {
	p.text, p.Claims = string(p.Claims), nil
	part := func(s string) string {
		if i := strings.Index(p.text, s); i >= 0 {
			return p.text[i : i+len(s)]
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
	return &admission{Context: ctx, verified: &verified{principal: p.clone()}}
}
