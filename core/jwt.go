package core

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/internal/keyset"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// verifyJWT verifies a signed JWT access token (RFC 9068 §4, RFC 8725). All
// that can be checked without a key is checked first, so that junk causes no
// network traffic. golang-jwt does the signatures; header and claims are read
// here, because its reading is more lenient than a gate may be.
func (rs *ResourceServer) verifyJWT(ctx context.Context, token string) (*verified, error) {
	t, err := splitJWT(token)
	if err != nil {
		return nil, err
	}
	header, err := readHeader(t.header)
	if err != nil {
		return nil, err
	}
	claims, err := readClaims(t.payload)
	if err != nil {
		return nil, err
	}
	issuer, err := rs.issuerOf(claims)
	if err != nil {
		return nil, err
	}
	if err := claims.checkNames(issuer); err != nil {
		return nil, err
	}
	if err := header.check(issuer); err != nil {
		return nil, err
	}
	if err := claims.check(rs.clock.Now(), rs.limits.ClockSkew); err != nil {
		return nil, err
	}
	p, err := claims.principal(issuer)
	if err != nil {
		return nil, err
	}
	p.Scopes = rs.vocabulary.read(p.Scopes)
	p.Claims = t.payload
	p.vocabulary = &rs.vocabulary
	method := jwt.GetSigningMethod(header.algorithm)
	key, err := issuer.keys.Verify(ctx, method, header.keyID, t.signed, t.signature)
	if err != nil {
		return nil, keyRefusal(err, issuer, header)
	}
	return rs.check(&verified{principal: p.packed(), key: key}, issuer.Audiences)
}

// compactJWT is a token of three segments, decoded (RFC 7515 §3.1).
type compactJWT struct {
	header, payload, signature []byte
	signed                     string
}

func splitJWT(token string) (compactJWT, error) {
	switch strings.Count(token, ".") {
	case 2:
	case 4:
		return compactJWT{}, invalid(reasonEncrypted, "a signed JWT", "an encrypted one (JWE)")
	default:
		return compactJWT{}, invalid(reasonOpaque, "a JWT of a trusted issuer", "a token that is no JWT")
	}
	end := strings.LastIndexByte(token, '.')
	header, payload, _ := strings.Cut(token[:end], ".")
	t := compactJWT{signed: token[:end]}
	for _, segment := range []struct {
		text string
		into *[]byte
	}{{header, &t.header}, {payload, &t.payload}, {token[end+1:], &t.signature}} {
		// Strict decoding refuses the other spellings of the same bytes, but not
		// line breaks, which the base64 package passes over.
		decoded, err := base64.RawURLEncoding.Strict().DecodeString(segment.text)
		if err != nil || strings.ContainsAny(segment.text, "\r\n") {
			return compactJWT{}, invalid(reasonMalformed, "base64url without padding in each segment", "something else")
		}
		*segment.into = decoded
	}
	return t, nil
}

type jwtHeader struct {
	algorithm string
	typ       string
	keyID     *string
}

// readHeader reads the JOSE header (RFC 7515 §4). Key material in it is never
// looked at: jku, jwk, x5u and x5c are what the sender says of themselves.
func readHeader(text []byte) (jwtHeader, error) {
	members, err := strictjson.Object(text)
	if err != nil {
		return jwtHeader{}, invalid(reasonMalformed, "a JOSE header that reads one way", err.Error())
	}
	var h jwtHeader
	for _, m := range members {
		var into *string
		switch m.Name {
		case "alg":
			into = &h.algorithm
		case "typ":
			into = &h.typ
		case "kid":
			h.keyID = new(string)
			into = h.keyID
		case "crit":
			return jwtHeader{}, invalid(reasonCritical, "no critical header parameters", "crit")
		default:
			if isVariant(m.Name, "alg", "typ", "kid", "crit") {
				return jwtHeader{}, invalid(reasonMalformed, "header names as they are written", "one in another case")
			}
			continue
		}
		s, ok := strictjson.String(m.Value)
		if !ok {
			return jwtHeader{}, invalid(reasonMalformed, "a string in header "+m.Name, "something else")
		}
		*into = s
	}
	return h, nil
}

// check holds the header against the issuer's rules.
func (h *jwtHeader) check(issuer *trustedIssuer) error {
	if !slices.Contains(issuer.Algorithms, h.algorithm) {
		return invalid(reasonAlgorithm, strings.Join(issuer.Algorithms, " or "), h.algorithm)
	}
	typ := strings.ToLower(h.typ)
	switch {
	case typ == "at+jwt", typ == "application/at+jwt":
		return nil
	case issuer.RequireATJWT:
		return invalid(reasonType, "typ at+jwt", "typ "+h.typ)
	case typ == "", typ == "jwt":
		return nil
	}
	return invalid(reasonType, "typ at+jwt, JWT or none", "typ "+h.typ)
}

// issuerOf chooses the issuer whose rules apply. The claim is not verified yet:
// it selects among those configured and causes no lookup of its own.
func (rs *ResourceServer) issuerOf(c *claims) (*trustedIssuer, error) {
	name, ok := strictjson.String(c.members["iss"])
	if !ok {
		return nil, invalid(reasonIssuer, "a string in iss", "none")
	}
	issuer, ok := rs.issuers[name]
	if !ok {
		return nil, invalid(reasonIssuer, strings.Join(rs.issuerNames, " or "), name)
	}
	return issuer, nil
}

// keyRefusal says in the operator's words why no key verified the token.
func keyRefusal(err error, issuer *trustedIssuer, h jwtHeader) error {
	switch {
	case errors.Is(err, keyset.ErrUnknownKey):
		got := "none"
		if h.keyID != nil {
			got = *h.keyID
		}
		return invalid(reasonUnknownKey, "the id of a "+h.algorithm+" key of "+issuer.URL, got)
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return invalid(reasonSignature, "a signature by a key of "+issuer.URL, "another")
	case errors.Is(err, keyset.ErrUnavailable):
		return &refusal{outcome: ErrUnavailable, reason: reasonKeys, expected: "the keys of " + issuer.URL, got: err.Error()}
	}
	return fmt.Errorf("verifying a signature: %w", err)
}
