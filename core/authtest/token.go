package authtest

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// Token describes a token for [Server.Mint]. The zero Token is a well-formed
// JWT access token (RFC 9068) but for its audience, which has no default.
type Token struct {
	// Issuer is iss. Empty means the server's issuer.
	Issuer string
	// Subject is sub. Empty means alice.
	Subject string
	// ClientID is client_id. Empty means [ClientID].
	ClientID string
	// Audience is aud: a string, a list of strings, or anything that a test
	// wants to see refused. Nil means the DefaultResource of the
	// configuration, or no aud where there is none.
	Audience any
	// Scopes become the scope string. Empty means no scope member.
	Scopes []string
	// IssuedAt and NotBefore are iat and nbf, in whole seconds; zero means now.
	IssuedAt, NotBefore time.Time
	// Expiry is exp, in whole seconds; zero means that the token lives for the
	// AccessTokenTTL of the configuration, 10 minutes by default.
	Expiry time.Time

	// Algorithm is alg, and the way of signing. Empty means RS256. Others are
	// RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA; with
	// Key also HS256, HS384 and HS512.
	Algorithm string
	// KeyID is kid. Empty means the one under which the key is published.
	KeyID string
	// Type is typ. Empty means at+jwt.
	Type string
	// Key signs the token in place of the server's key: an *rsa.PrivateKey, an
	// *ecdsa.PrivateKey, an ed25519.PrivateKey, or a []byte for HS algorithms.
	Key any

	// Header and Claims set members of header and payload, over all of the
	// above. The value [Absent] removes a member.
	Header, Claims map[string]any
	// RawHeader and RawPayload, if not empty, are the JSON text that is signed
	// in place of what the fields above say; Algorithm and Key still sign it.
	RawHeader, RawPayload string

	// Flaw spoils the token in a named way. Empty leaves it whole.
	Flaw Flaw

	_ struct{}
}

// Absent removes the member, as a value in Token.Header or Token.Claims.
const Absent = cases.Absent

// Token returns a well-formed access token for resource, with subject alice and
// client [ClientID]. It is issued as the token endpoint would issue it: opaque
// if the configuration says so, and known to introspection and revocation.
func (s *Server) Token(resource string, scopes ...string) string {
	s.tb.Helper()
	token, err := s.issuer.Issue(devissuer.Grant{
		Subject: "alice", ClientID: ClientID, Scopes: scopes, Resources: []string{resource},
	})
	if err != nil {
		s.tb.Fatalf("authtest: %v", err)
	}
	return token
}

// Mint returns a JWT as t describes it, signed by the server's current key
// unless t says otherwise. Introspection does not know it.
func (s *Server) Mint(t Token) string {
	s.tb.Helper()
	token, err := s.mint(t)
	if err != nil {
		s.tb.Fatalf("authtest: minting a token: %v", err)
	}
	return token
}

func (s *Server) mint(t Token) (string, error) {
	t.Algorithm = cmp.Or(t.Algorithm, "RS256")
	d := &draft{
		server:  s,
		method:  jwt.GetSigningMethod(t.Algorithm),
		key:     t.Key,
		kid:     t.KeyID,
		encode:  base64.RawURLEncoding.EncodeToString,
		rawHead: t.RawHeader, rawBody: t.RawPayload,
	}
	if d.method == nil {
		return "", fmt.Errorf("there is no algorithm %q", t.Algorithm)
	}
	if t.Key == nil {
		kid, key, err := s.ring.key(t.Algorithm)
		if err != nil {
			return "", err
		}
		d.kid, d.key = cmp.Or(t.KeyID, kid), key
	}
	d.header = s.header(t, d.kid)
	d.claims = s.claims(t)
	return d.forge(t.Flaw)
}

func (s *Server) header(t Token, kid string) map[string]any {
	header := map[string]any{"alg": t.Algorithm, "typ": cmp.Or(t.Type, "at+jwt")}
	if kid != "" {
		header["kid"] = kid
	}
	override(header, t.Header)
	return header
}

func (s *Server) claims(t Token) map[string]any {
	now := s.config.Now()
	seconds := func(given, otherwise time.Time) int64 {
		if given.IsZero() {
			given = otherwise
		}
		return given.Unix()
	}
	claims := map[string]any{
		"iss":       cmp.Or(t.Issuer, s.Issuer()),
		"sub":       cmp.Or(t.Subject, "alice"),
		"client_id": cmp.Or(t.ClientID, ClientID),
		"iat":       seconds(t.IssuedAt, now),
		"nbf":       seconds(t.NotBefore, now),
		"exp":       seconds(t.Expiry, now.Add(s.config.AccessTokenTTL)),
		"jti":       rand.Text(),
	}
	if t.Audience != nil {
		claims["aud"] = t.Audience
	} else if s.config.DefaultResource != "" {
		claims["aud"] = s.config.DefaultResource
	}
	if len(t.Scopes) > 0 {
		claims["scope"] = strings.Join(t.Scopes, " ")
	}
	override(claims, t.Claims)
	return claims
}

func override(members, with map[string]any) {
	for name, value := range with {
		if value == Absent {
			delete(members, name)
			continue
		}
		members[name] = value
	}
}

// text returns the JSON of members, or raw if there is any.
func text(members map[string]any, raw string) (string, error) {
	if raw != "" {
		return raw, nil
	}
	body, err := json.Marshal(members)
	return string(body), err
}
