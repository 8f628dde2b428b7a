package core

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// latestDate is the end of the year 9999. A greater time in a claim is most
// often one in milliseconds, which would make the token all but eternal.
const latestDate = 253402300799

// claims is the claims set of a JWT (RFC 7519 §4), its values undecoded.
type claims struct {
	members []strictjson.Member
}

func readClaims(text []byte) (*claims, error) {
	members, err := strictjson.Object(text)
	if err != nil {
		return nil, invalid(reasonMalformed, "claims that read one way", err.Error())
	}
	return &claims{members}, nil
}

// raw returns the text of a claim. There are so few that looking through them is
// cheaper than a map.
func (c *claims) raw(claim string) (text []byte, present bool) {
	for i := range c.members {
		if c.members[i].Name == claim {
			return c.members[i].Value, true
		}
	}
	return nil, false
}

// check refuses what is no access token, or none that may be used as a plain
// bearer token at this time. The expiry is checked for all verifiers alike,
// elsewhere.
func (c *claims) check(now time.Time, skew time.Duration) error {
	if _, bound := c.raw("cnf"); bound {
		return invalid(reasonBound, "a plain bearer token", "one bound to a key (cnf)")
	}
	if err := c.checkKind(); err != nil {
		return err
	}
	for _, claim := range []string{"nbf", "iat"} {
		from, present, err := c.date(claim)
		if err != nil {
			return err
		}
		if present && now.Add(skew).Before(from) {
			return invalid(reasonNotYet, claim+" not after "+now.UTC().Format(time.RFC3339), from.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// claimsRead are the claims that are read in the issuer's tokens.
func (i *Issuer) claimsRead() []string {
	read := []string{
		"iss", "sub", "exp", "nbf", "iat", "cnf", "nonce", "at_hash", "c_hash", "events", "token_use", "token_type", "typ",
		i.AudienceClaim, i.ClientClaim,
	}
	read = append(read, i.ScopeClaims...)
	return slices.AppendSeq(read, maps.Keys(i.Require))
}

// checkNames refuses a claim that another reader might take for one of those
// that are read here: a cnf that is spelled CNF must not go unseen.
func (c *claims) checkNames(issuer *trustedIssuer) error {
	for i := range c.members {
		if isVariant(c.members[i].Name, issuer.read...) {
			return invalid(reasonMalformed, "claim names as they are written", "one in another case")
		}
	}
	return nil
}

// isVariant reports whether the name is one of the others in another case.
func isVariant(name string, others ...string) bool {
	return !slices.Contains(others, name) &&
		slices.ContainsFunc(others, func(other string) bool { return strings.EqualFold(name, other) })
}

// checkKind refuses ID tokens and their like where they show what they are.
func (c *claims) checkKind() error {
	for _, claim := range []string{"nonce", "at_hash", "c_hash"} {
		if _, present := c.raw(claim); present {
			return invalid(reasonNotAccess, "an access token", "an ID token ("+claim+")")
		}
	}
	if _, present := c.raw("events"); present {
		return invalid(reasonNotAccess, "an access token", "a security event token (events)")
	}
	if raw, present := c.raw("token_use"); present {
		// Amazon Cognito writes the one, Ory Hydra the other.
		if use, ok := strictjson.String(raw); !ok || use != "access" && use != "access_token" {
			return invalid(reasonNotAccess, "token_use access", "another")
		}
	}
	if raw, present := c.raw("typ"); present {
		typ, _ := strictjson.String(raw)
		if slices.Contains([]string{"id", "refresh", "offline", "logout"}, strings.ToLower(typ)) {
			return invalid(reasonNotAccess, "an access token", "claim typ "+typ)
		}
	}
	return nil
}

// require checks the claims that the issuer's rules ask for.
func (c *claims) require(rules map[string][]string) error {
	for _, claim := range slices.Sorted(maps.Keys(rules)) {
		held, err := c.list(claim, func(s string) []string { return []string{s} })
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(held, func(value string) bool { return slices.Contains(rules[claim], value) }) {
			got := strings.Join(held, " and ")
			if held == nil {
				got = "no such claim"
			}
			return invalid(reasonClaim, claim+" "+strings.Join(rules[claim], " or "), got)
		}
	}
	return nil
}

// principal reads who the token speaks for.
func (c *claims) principal(issuer *trustedIssuer) (Principal, error) {
	p := Principal{Issuer: issuer.URL}
	var err error
	if p.Subject, err = c.text("sub"); err != nil {
		return p, err
	}
	if p.ClientID, err = c.text(issuer.ClientClaim); err != nil {
		return p, err
	}
	if p.Audience, err = c.list(issuer.AudienceClaim, func(s string) []string { return []string{s} }); err != nil {
		return p, err
	}
	if p.Scopes, err = c.scopes(issuer.ScopeClaims); err != nil {
		return p, err
	}
	expiry, present, err := c.date("exp")
	if err != nil {
		return p, err
	}
	if present && expiry.Unix() > 0 {
		p.Expiry = expiry
	}
	return p, nil
}

// scopes reads the first claim that holds any scope.
func (c *claims) scopes(from []string) ([]string, error) {
	for _, claim := range from {
		// Only the space separates scopes (RFC 6749 §3.3), so that no other
		// white space can smuggle one in.
		scopes, err := c.list(claim, func(s string) []string { return strings.Split(s, " ") })
		if err != nil {
			return nil, err
		}
		scopes = slices.DeleteFunc(scopes, func(s string) bool { return s == "" })
		if len(scopes) > 0 {
			return scopes, nil
		}
	}
	return nil, nil
}

// text reads a claim that is a string where it is present.
func (c *claims) text(claim string) (string, error) {
	raw, present := c.raw(claim)
	if !present {
		return "", nil
	}
	s, ok := strictjson.String(raw)
	if !ok {
		return "", c.wrongType(claim, "a string")
	}
	return s, nil
}

// list reads a claim that is a string or a list of strings where it is present.
func (c *claims) list(claim string, split func(string) []string) ([]string, error) {
	raw, present := c.raw(claim)
	if !present {
		return nil, nil
	}
	if s, ok := strictjson.String(raw); ok {
		return split(s), nil
	}
	if list, ok := strictjson.Strings(raw); ok {
		return list, nil
	}
	return nil, c.wrongType(claim, "a string or a list of strings")
}

// date reads a NumericDate (RFC 7519 §2): a JSON number, nothing that merely
// looks like one.
func (c *claims) date(claim string) (date time.Time, present bool, err error) {
	raw, present := c.raw(claim)
	if !present {
		return time.Time{}, false, nil
	}
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return time.Time{}, true, c.wrongType(claim, "a number")
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.Abs(seconds) > latestDate {
		return time.Time{}, true, c.wrongType(claim, "seconds since 1970, before the year 10000")
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*float64(time.Second))), true, nil
}

func (c *claims) wrongType(claim, expected string) error {
	return invalid(reasonMalformed, fmt.Sprintf("%s in claim %s", expected, claim), "something else")
}
