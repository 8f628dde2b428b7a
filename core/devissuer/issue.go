package devissuer

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// tokenAnswer is a successful token answer (RFC 6749 §5.1).
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}

// Grant is an authorization that is given without asking anybody.
type Grant struct {
	// Subject and ClientID become sub and client_id. The client need not be
	// registered.
	Subject, ClientID string
	// Scopes and Resources become scope and aud. They are not checked against
	// the [Config].
	Scopes, Resources []string

	_ struct{}
}

// Issue returns an access token for g, in the form that the token endpoint
// issues: it can be introspected and revoked like one of those. It is for
// seeding a demo or a test. It is an error if Subject, ClientID or Resources is
// empty, or if signing fails.
func (s *Server) Issue(g Grant) (string, error) {
	if g.Subject == "" || g.ClientID == "" || len(g.Resources) == 0 {
		return "", errors.New("devissuer: a Grant needs Subject, ClientID and Resources")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	granted := &grant{
		client:  &client{id: g.ClientID},
		subject: g.Subject, scopes: slices.Clone(g.Scopes), resources: slices.Clone(g.Resources),
	}
	answer, _, err := s.issueAccess(granted, granted.scopes, granted.resources)
	if err != nil {
		return "", err
	}
	return answer.AccessToken, nil
}

// issue issues an access token, and a refresh token if the client uses them.
// The refresh token is good for the whole grant, however narrow the access
// token is (RFC 6749 §6).
func (s *Server) issue(g *grant, scopes, resources []string) (*tokenAnswer, error) {
	answer, now, err := s.issueAccess(g, scopes, resources)
	if err != nil {
		return nil, err
	}
	if g.client.may(grantRefresh) && !g.noRefresh {
		answer.RefreshToken = newSecret()
		s.store.refresh.put(digestOf(answer.RefreshToken), &refreshToken{
			grant: g, expires: now.Add(s.config.RefreshTokenTTL),
		})
	}
	return answer, nil
}

func (s *Server) issueAccess(g *grant, scopes, resources []string) (*tokenAnswer, time.Time, error) {
	now := s.config.Now()
	t := &accessToken{
		grant: g, id: rand.Text(), scopes: scopes, resources: resources,
		issued: now, expires: now.Add(s.config.AccessTokenTTL),
	}
	text := newSecret()
	if !s.config.Opaque {
		var err error
		if text, err = s.keys.Sign("at+jwt", s.claims(t)); err != nil {
			return nil, now, fmt.Errorf("devissuer: signing an access token: %w", err)
		}
	}
	s.store.access.put(digestOf(text), t)
	return &tokenAnswer{
		AccessToken: text,
		TokenType:   "Bearer",
		ExpiresIn:   int64(s.config.AccessTokenTTL / time.Second),
		Scope:       strings.Join(scopes, " "),
	}, now, nil
}

// claims are those of RFC 9068 §2.2; an introspection answer has them too (RFC
// 7662 §2.2).
func (s *Server) claims(t *accessToken) map[string]any {
	claims := map[string]any{
		"iss":       s.config.Issuer,
		"sub":       t.grant.subject,
		"aud":       audience(t.resources),
		"client_id": t.grant.client.id,
		"iat":       t.issued.Unix(),
		"exp":       t.expires.Unix(),
		"jti":       t.id,
	}
	if len(t.scopes) > 0 {
		claims["scope"] = strings.Join(t.scopes, " ")
	}
	return claims
}

// newSecret returns 260 random bits in text: nobody guesses it.
func newSecret() string { return rand.Text() + rand.Text() }
