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
//
// It reports whether the verdict was one that introspection had kept.
func (rs *ResourceServer) verifyJWT(ctx context.Context, token string) (v *verified, kept bool, err error) {
	t, err := splitJWT(token)
	if err != nil {
		return nil, false, err
	}
	header, err := readHeader(t.header)
	if err != nil {
		return nil, false, err
	}
	claims, err := readClaims(t.payload)
	if err != nil {
		return nil, false, err
	}
	issuer, err := rs.issuerOf(claims)
	if err != nil {
		return nil, false, err
	}
	if err := claims.checkNames(issuer); err != nil {
		return nil, false, ruledBy(issuer, err)
	}
	if issuer.verifiesJWTs() {
		v, err = rs.verifyByKeys(ctx, issuer, &t, &header, claims)
	} else {
		v, kept, err = rs.introspectJWT(ctx, issuer, token, &header, claims)
	}
	return v, kept, ruledBy(issuer, err)
}

// verifyByKeys verifies the token by the rules and the keys of its issuer.
func (rs *ResourceServer) verifyByKeys(ctx context.Context, issuer *trustedIssuer, t *compactJWT, header *jwtHeader, c *claims) (*verified, error) {
	if err := header.check(issuer); err != nil {
		return nil, err
	}
	v, err := rs.judge(issuer, c, t.payload)
	if err != nil {
		return nil, err
	}
	method := jwt.GetSigningMethod(header.algorithm)
	v.key, err = issuer.keys.Verify(ctx, method, header.keyID, t.signed, t.signature)
	if err != nil {
		return nil, keyRefusal(err, issuer, *header)
	}
	return v, rs.check(v)
}

// judge holds what a token says, or what is said of it, against the issuer's
// rules. Its text becomes the principal's claims.
func (rs *ResourceServer) judge(issuer *trustedIssuer, c *claims, text []byte) (*verified, error) {
	if err := c.check(rs.clock.Now(), rs.limits.ClockSkew); err != nil {
		return nil, err
	}
	if err := c.require(issuer.Require); err != nil {
		return nil, err
	}
	p, err := c.principal(issuer)
	if err != nil {
		return nil, err
	}
	p.Scopes = rs.vocabulary.read(p.Scopes)
	p.Claims = text
	p.vocabulary = &rs.vocabulary
	return &verified{principal: p, issuer: issuer}, nil
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
		if err != nil || strings.IndexByte(segment.text, '\r') >= 0 || strings.IndexByte(segment.text, '\n') >= 0 {
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
	return h.checkType(issuer)
}

// checkType refuses a JWT that says of itself that it is for something else
// (RFC 8725 §3.11).
func (h *jwtHeader) checkType(issuer *trustedIssuer) error {
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
	raw, _ := c.raw("iss")
	name, ok := strictjson.String(raw)
	if !ok {
		return nil, invalid(reasonIssuer, "a string in iss", "none")
	}
	issuer, ok := rs.issuers[name]
	if !ok {
		return nil, invalid(reasonIssuer, someOf(rs.issuerNames), name)
	}
	return issuer, nil
}

// someOf lists what is expected, as far as a line of the log should hold it: a
// template may have very many tenants.
func someOf(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, " or ")
	}
	return fmt.Sprintf("%s or one of %d more", strings.Join(names[:most], " or "), len(names)-most)
}

// keyRefusal says in the operator's words why no key verified the token.
func keyRefusal(err error, issuer *trustedIssuer, h jwtHeader) error {
	switch {
	case errors.Is(err, keyset.ErrUnknownKey):
		got := "none"
		if h.keyID != nil {
			got = *h.keyID
		}
		return invalid(reasonUnknownKey, "the id of a key for "+h.algorithm+" of "+issuer.URL, got)
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return invalid(reasonSignature, "a signature by a key of "+issuer.URL, "another")
	case errors.Is(err, keyset.ErrUnavailable):
		return &refusal{outcome: ErrUnavailable, reason: reasonKeys, expected: "the keys of " + issuer.URL, got: err.Error()}
	}
	return fmt.Errorf("verifying a signature: %w", err)
}
