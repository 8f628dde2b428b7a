package cases

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Token is an access token that differs from a good one in one way. A good one
// is a JWT of the issuer for the resource with all the scopes of the endpoint.
type Token struct {
	// ID names the case, such as "S16/other".
	ID string
	// Clause is where the requirement comes from, and About says it.
	Clause, About string
	// Header and Claims are members in place of the good token's. The value
	// [Absent] is for a member that isn't there.
	Header, Claims map[string]any
	// Algorithm signs the token, where that matters.
	Algorithm string

	Outcome Outcome
	// Reason is the code by which the kit tells the operator why.
	Reason string
}

// Outcome is what becomes of a token, or of other credentials.
type Outcome int

const (
	// Good ones are let in.
	Good Outcome = iota
	// Invalid ones are answered 401 with the error invalid_token.
	Invalid
	// Lacking ones are answered 403 with the error insufficient_scope.
	Lacking
	// Malformed ones are answered 400.
	Malformed
	// None are no credentials: they are answered 401 without an error.
	None
)

// Absence is the type of Absent.
type Absence string

// Absent stands for a member that isn't there.
const Absent Absence = "absent"

// Site is what tokens are about.
type Site struct {
	// Resource and Issuer are the identifiers.
	Resource, Issuer string
	// Scopes are those of the endpoint.
	Scopes []string
	// Now is the time.
	Now time.Time
}

// Tokens returns all the cases for the site.
func (s *Site) Tokens() []Token {
	return slices.Concat(s.audiences(), s.issuers(), s.times(), kinds(), names(), algorithms(), headers(), s.scopes())
}

// The kit's codes that occur more than once.
const (
	malformedToken = "malformed_token"
	wrongAudience  = "wrong_audience"
	noExpiry       = "no_expiry"
	notAccess      = "not_an_access_token"
	wrongType      = "wrong_token_type"
	lacksScope     = "insufficient_scope"
)

// table makes cases of claims.
type table struct {
	clause, about string
	cases         []Token
}

func (t *table) claim(id string, claims map[string]any, outcome Outcome, reason string) {
	t.cases = append(t.cases, Token{ID: id, Clause: t.clause, About: t.about, Claims: claims, Outcome: outcome, Reason: reason})
}

func (t *table) header(id string, header map[string]any, outcome Outcome, reason string) {
	t.cases = append(t.cases, Token{ID: id, Clause: t.clause, About: t.about, Header: header, Outcome: outcome, Reason: reason})
}

// audiences are S16, and the part of S17 about a path.
func (s *Site) audiences() []Token {
	t := &table{clause: "RFC 8707 §2; RFC 9068 §4", about: "A token is good if its audience names this resource, byte for byte."}
	scheme, rest, _ := strings.Cut(s.Resource, "://")
	host, path, _ := strings.Cut(rest, "/")
	path = "/" + path
	port := host + ":443"
	if strings.Contains(host, ":") {
		port = host + "0"
	}
	in := func(name string, audience any) {
		t.claim("S16/"+name, map[string]any{"aud": audience}, Good, "")
	}
	wrong := func(name string, audience any) {
		t.claim("S16/"+name, map[string]any{"aud": audience}, Invalid, wrongAudience)
	}
	malformed := func(name string, audience any) {
		t.claim("S16/"+name, map[string]any{"aud": audience}, Invalid, malformedToken)
	}
	in("equal", s.Resource)
	in("list", []string{"https://other.example", s.Resource})
	in("list-of-one", []string{s.Resource})
	wrong("other", "https://other.example/mcp")
	wrong("other-list", []string{"https://other.example", "x"})
	wrong("missing", Absent)
	wrong("empty", "")
	wrong("empty-list", []string{})
	malformed("null", nil)
	malformed("number", 1)
	malformed("object", map[string]any{s.Resource: true})
	malformed("number-in-list", []any{s.Resource, 1})
	malformed("nested-list", []any{[]string{s.Resource}})
	wrong("longer", s.Resource+"/x")
	wrong("with-query", s.Resource+"?x=1")
	wrong("host-in-path", "https://evil.example/"+s.Resource)
	wrong("http", otherScheme(scheme)+"://"+rest)
	wrong("upper-case", strings.ToUpper(scheme+"://"+host)+path)
	wrong("port", scheme+"://"+port+path)
	wrong("space-separated", "https://other.example "+s.Resource)
	wrong("star", "*")
	if len(path) > 2 {
		wrong("origin", scheme+"://"+host)
		wrong("prefix", scheme+"://"+host+path[:2])
		wrong("escaped", scheme+"://"+host+"/"+percent(path[1:]))
		t.claim("S17/trailing-slash", map[string]any{"aud": s.Resource + "/"}, Invalid, wrongAudience)
	}
	return t.cases
}

// issuers are the first sentence of S19.
func (s *Site) issuers() []Token {
	const unknown = "unknown_issuer"
	t := &table{clause: "RFC 9068 §4; RFC 8414 §3.3", about: "An issuer that isn't trusted, byte for byte, is unknown."}
	for name, issuer := range map[string]string{
		"trailing-slash": s.Issuer + "/", "query": s.Issuer + "?", "path": s.Issuer + "/x", "other": "https://elsewhere.example",
		"loopback-name": "http://localhost", "empty": "", "space": s.Issuer + " ",
	} {
		t.claim("S19/"+name, map[string]any{"iss": issuer}, Invalid, unknown)
	}
	t.about = "An issuer is a string."
	for name, issuer := range map[string]any{
		"missing": Absent, "null": nil, "number": 1, "list": []string{"https://as.example"}, "object": map[string]any{},
	} {
		t.claim("S19/"+name, map[string]any{"iss": issuer}, Invalid, unknown)
	}
	return t.cases
}

// times are the values of exp, nbf and iat: S7 and S22.
func (s *Site) times() []Token {
	const early = "not_yet_valid"
	t := &table{
		clause: "RFC 7519 §2, §4.1.4 to §4.1.6",
		about:  "A time is a JSON number within reason; exp must be there, nbf and iat must not be in the future.",
	}
	now := s.Now.Unix()
	const expired = "expired"
	t.claim("S7/expired", map[string]any{"exp": now - 3600}, Invalid, expired)
	if len(s.Scopes) > 0 {
		t.claim("S7/expired-and-lacking", map[string]any{"exp": now - 3600, "scope": "other"}, Invalid, expired)
	}
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	t.claim("S7/no-exp", map[string]any{"exp": Absent}, Invalid, noExpiry)
	t.claim("S7/exp-zero", map[string]any{"exp": 0}, Invalid, noExpiry)
	t.claim("S7/exp-negative", map[string]any{"exp": -1}, Invalid, noExpiry)
	for name, exp := range map[string]any{
		"string": "9999999999", "null": nil, "true": true, "list": []int64{now + 60}, "object": map[string]any{},
		"milliseconds": (now + 60) * 1000, "huge": raw("1e300"), "infinite": raw("1e999"),
	} {
		t.claim("S7/exp-"+name, map[string]any{"exp": exp}, Invalid, malformedToken)
	}
	t.claim("S7/exp-fraction", map[string]any{"exp": float64(now) + 60.5}, Good, "")
	t.claim("S7/exp-exponent", map[string]any{"exp": raw("9e9")}, Good, "")
	t.claim("S22/nbf-future", map[string]any{"nbf": now + 600}, Invalid, early)
	t.claim("S22/nbf-string", map[string]any{"nbf": "0"}, Invalid, malformedToken)
	t.claim("S22/nbf-null", map[string]any{"nbf": nil}, Invalid, malformedToken)
	t.claim("S22/nbf-infinite", map[string]any{"nbf": raw("-1e999")}, Invalid, malformedToken)
	t.claim("S22/iat-future", map[string]any{"iat": now + 600}, Invalid, early)
	t.claim("S22/iat-string", map[string]any{"iat": "0"}, Invalid, malformedToken)
	t.claim("S22/iat-object", map[string]any{"iat": map[string]any{}}, Invalid, malformedToken)
	t.claim("S22/neither-nbf-nor-iat", map[string]any{"nbf": Absent, "iat": Absent}, Good, "")
	return t.cases
}

// scopes are S15 and S23: where scopes stand in a token, and how they are read.
// Of two scopes a token gets one, and of a single one none.
func (s *Site) scopes() []Token {
	if len(s.Scopes) == 0 {
		return nil
	}
	t := &table{clause: "RFC 6749 §3.3; RFC 9068 §2.2.3"}
	all, some, second := strings.Join(s.Scopes, " "), s.Scopes[0], "other"
	beside := some
	whole := Good // of a token with the first scope alone
	if len(s.Scopes) > 1 {
		second, whole = s.Scopes[1], Lacking
	} else {
		beside = second
	}
	add := func(id, about string, claims map[string]any, outcome Outcome) {
		reason := map[Outcome]string{Lacking: lacksScope, Invalid: malformedToken}[outcome]
		t.about = about
		t.claim(id, claims, outcome, reason)
	}
	scope := func(value any) map[string]any { return map[string]any{"scope": value} }
	add("S15/duplicates", "A scope listed twice is one scope.", scope(some+" "+some), whole)
	add("S15/empty", "An empty scope string grants nothing.", scope(""), Lacking)
	add("S15/spaces", "Scopes are split at spaces, however many.", scope("  "+strings.Join(s.Scopes, "   ")+" "), Good)
	add("S15/only-spaces", "Spaces alone grant nothing.", scope("   "), Lacking)
	add("S15/space-in-list", "An entry of a list is one scope, whatever is in it.", scope([]string{some + " " + second}), Lacking)
	add("S15/empty-entries", "Empty entries of a list grant nothing.", scope([]string{"", some, ""}), whole)
	add("S15/empty-list", "An empty list grants nothing.", scope([]string{}), Lacking)
	for _, c := range []struct{ id, what, text string }{
		{"comma", "A comma", ","},
		{"tab", "A tab", "\t"},
		{"line-feed", "A line feed", "\n"},
		{"no-break-space", "A no-break space", "\u00a0"},
		{"em-space", "An em space", "\u2003"},
	} {
		add("S15/"+c.id, c.what+" doesn't separate scopes.", scope(some+c.text+second), Lacking)
	}
	add("S15/number-in-list", "A list with anything but strings makes the token invalid.", scope([]any{some, second, 1}), Invalid)
	add("S15/nested-list", "A list within the list makes the token invalid.", scope([]any{some, []string{second}}), Invalid)
	add("S15/object", "An object makes the token invalid.", scope(map[string]any{some: true, second: true}), Invalid)
	add("S15/number", "A number makes the token invalid.", scope(1), Invalid)
	add("S15/true", "A boolean makes the token invalid.", scope(true), Invalid)
	add("S15/null", "Null makes the token invalid.", scope(nil), Invalid)
	add("S23/scope-list", "scope may be a list.", scope(s.Scopes), Good)
	add("S23/scp-string", "scp may hold the scopes.", map[string]any{"scope": Absent, "scp": all}, Good)
	add("S23/scp-list", "scp may be a list.", map[string]any{"scope": Absent, "scp": s.Scopes}, Good)
	add("S23/first-wins", "The first claim that isn't empty counts alone.", map[string]any{"scope": beside, "scp": all}, Lacking)
	add("S23/empty-passes", "An empty claim is passed over.", map[string]any{"scope": "", "scp": s.Scopes}, Good)
	add("S23/other-claims", "Claims that aren't configured hold no scopes.", map[string]any{
		"scope": Absent, "permissions": s.Scopes, "roles": s.Scopes, "scopes": all,
	}, Lacking)
	return t.cases
}
