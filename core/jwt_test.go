package core

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// FuzzReadJWT reads tokens beside golang-jwt. What is read here must be read
// there as well and mean the same; the other way round, more may be refused.
func FuzzReadJWT(f *testing.F) {
	f.Add(`{"alg":"RS256","typ":"JWT","kid":"k"}`, `{"iss":"i","sub":"s","aud":"r","scope":"a b","exp":2000000000,"iat":1000000000}`, "c2ln")
	f.Add(`{"alg":"none"}`, `{"aud":["r","s"],"exp":1e300}`, "")
	f.Add(`{"alg":"RS256","ALG":"none"}`, `{"exp":"9999999999"}`, "AA")
	f.Add(`{"alg":"RS256","crit":["b64"]}`, `{"scp":["a","b"]}`, "A")
	f.Fuzz(func(t *testing.T, header, payload, signature string) {
		encode := base64.RawURLEncoding.EncodeToString
		token := encode([]byte(header)) + "." + encode([]byte(payload)) + "." + signature
		parts, err := splitJWT(token)
		if err != nil {
			return
		}
		h, err := readHeader(parts.header)
		if err != nil || !slices.Contains(allAlgorithms(), h.algorithm) {
			return
		}
		c, err := readClaims(parts.payload)
		if err != nil {
			return
		}
		p, err := c.principal(&trustedIssuer{Issuer: Issuer{URL: "i"}.completed("r")})
		if err != nil {
			return
		}
		theirs, claims := parseElsewhere(t, token)
		if theirs.Method.Alg() != h.algorithm {
			t.Fatalf("alg %q here, %q there", h.algorithm, theirs.Method.Alg())
		}
		if kid, ok := theirs.Header["kid"].(string); ok != (h.keyID != nil) || ok && kid != *h.keyID {
			t.Fatalf("kid differs from %q", kid)
		}
		subject, err := claims.GetSubject()
		if err != nil || subject != p.Subject {
			t.Fatalf("sub %q here, %q there (%v)", p.Subject, subject, err)
		}
		audience, err := claims.GetAudience()
		if err != nil || !slices.Equal(audience, p.Audience) {
			t.Fatalf("aud %q here, %q there (%v)", p.Audience, audience, err)
		}
		expiry, err := claims.GetExpirationTime()
		if err != nil || p.Expiry.IsZero() && expiry != nil && expiry.Unix() > 0 ||
			!p.Expiry.IsZero() && p.Expiry.Sub(expiry.Time).Abs() > time.Second {
			t.Fatalf("exp %v here, %v there (%v)", p.Expiry, expiry, err)
		}
	})
}

func parseElsewhere(t *testing.T, token string) (*jwt.Token, jwt.MapClaims) {
	t.Helper()
	claims := jwt.MapClaims{}
	parsed, _, err := jwt.NewParser(jwt.WithStrictDecoding()).ParseUnverified(token, claims)
	if err != nil {
		t.Fatalf("golang-jwt refuses what is read here: %v", err)
	}
	return parsed, claims
}

// TestOneSpellingOfASegment proves that base64url is read strictly (RFC 7515 §2),
// in each segment.
func TestOneSpellingOfASegment(t *testing.T) {
	good := []string{"e30", "eyJhIjoiPz8-In0", "c2lnXw"}
	if _, err := splitJWT(strings.Join(good, ".")); err != nil {
		t.Fatal(err)
	}
	for place := range good {
		for about, bad := range map[string]string{
			"padding": "e30=", "trailing bits": "e31", "a lone character": "e30ab", "standard alphabet": "Pz8+", "its other character": "Pz8/",
			"a line feed": "e3\n0", "a carriage return": "e30\r", "a line end": "\r\ne30", "a space": "e3 0", "a NUL": "e30\x00",
		} {
			segments := slices.Clone(good)
			segments[place] = bad
			var refused *refusal
			if _, err := splitJWT(strings.Join(segments, ".")); !errors.As(err, &refused) || refused.reason != reasonMalformed {
				t.Errorf("%s in segment %d: %v", about, place, err)
			}
		}
	}
}

func TestDatesAreNumbers(t *testing.T) {
	for text, want := range map[string]string{
		`2000000000`:    "2033-05-18T03:33:20Z",
		`2000000000.5`:  "2033-05-18T03:33:20.5Z",
		`2e9`:           "2033-05-18T03:33:20Z",
		`-1`:            "1969-12-31T23:59:59Z",
		`0`:             "1970-01-01T00:00:00Z",
		`253402300799`:  "9999-12-31T23:59:59Z",
		`253402300800`:  "refused",
		`2000000000000`: "refused", // milliseconds
		`1e400`:         "refused",
		`-1e400`:        "refused",
		`"2000000000"`:  "refused",
		`null`:          "refused",
		`true`:          "refused",
		`[2000000000]`:  "refused",
		`{}`:            "refused",
	} {
		c := claims{members: []strictjson.Member{{Name: "exp", Value: []byte(text)}}}
		got := "refused"
		if date, present, err := c.date("exp"); err == nil && present {
			got = date.UTC().Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("exp %s is %s, want %s", text, got, want)
		}
	}
}

func TestScopesOfAToken(t *testing.T) {
	for name, c := range map[string]struct {
		payload string
		want    string
	}{
		"S23 string":                  {`{"scope":"a b"}`, "a|b"},
		"S23 list":                    {`{"scope":["a","b"]}`, "a|b"},
		"S23 scp string":              {`{"scp":"a b"}`, "a|b"},
		"S23 scp list":                {`{"scp":["a","b"]}`, "a|b"},
		"S23 first non-empty":         {`{"scope":"","scp":"c"}`, "c"},
		"S23 first non-empty list":    {`{"scope":[],"scp":["c"]}`, "c"},
		"S23 only the first":          {`{"scope":"a","scp":"c"}`, "a"},
		"S15 doubled spaces":          {`{"scope":" a  b "}`, "a|b"},
		"S15 a list entry is one":     {`{"scope":["a b"]}`, "a b"},
		"S15 tab is no separator":     {`{"scope":"a\tb"}`, "a\tb"},
		"S15 no-break space is none":  {`{"scope":"a\u00a0b"}`, "a\u00a0b"},
		"S15 line break is none":      {`{"scope":"a\nb"}`, "a\nb"},
		"S15 empty list entries":      {`{"scope":["","a"]}`, "a"},
		"no scopes":                   {`{}`, ""},
		"a number is refused":         {`{"scope":1}`, "refused"},
		"null is refused":             {`{"scope":null}`, "refused"},
		"a mixed list is refused":     {`{"scope":["a",1]}`, "refused"},
		"an object is refused":        {`{"scope":{"a":true}}`, "refused"},
		"permissions are not default": {`{"permissions":["a"]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			read, err := readClaims([]byte(c.payload))
			if err != nil {
				t.Fatal(err)
			}
			got := "refused"
			if scopes, err := read.scopes([]string{"scope", "scp"}); err == nil {
				got = strings.Join(scopes, "|")
			}
			if got != c.want {
				t.Errorf("scopes %q, want %q", got, c.want)
			}
		})
	}
}

func TestSameAudience(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://h", "https://h/", true},
		{"https://h/", "https://h", true},
		{"https://h:8443", "https://h:8443/", true},
		{"https://h/mcp", "https://h/mcp/", false},
		{"https://h/mcp", "https://h/mcp", true},
		{"https://h", "https://H", false},
		{"https://h?", "https://h?/", false},
		{"https://h/?x=/", "https://h/?x=", false},
		{"api://id", "api://id/", true},
		{"id", "id/", false},
		{"", "/", false},
	} {
		if got := sameAudience(c.a, c.b); got != c.want {
			t.Errorf("sameAudience(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

func TestStrikeOutLeavesNothingOfTheToken(t *testing.T) {
	payload := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"alice"}`))
	token := "aGVhZGVyaGVhZGVy." + payload + ".c2lnbmF0dXJlc2lnbmF0dXJl"
	text := strikeOut("verifier said no to "+token+" because "+payload+" is odd", token)
	for _, part := range strings.Split(token, ".") {
		if strings.Contains(text, part) {
			t.Errorf("a segment of the token is left: %s", text)
		}
	}
	if !strings.Contains(text, "is odd") {
		t.Errorf("more than the token is gone: %s", text)
	}
	for _, opaque := range []string{"o/p+a=q~u-e_token", "o/p+a=q~u.secret+part=="} {
		for _, written := range []string{url.Values{"token": {opaque}}.Encode(), url.PathEscape(opaque), url.QueryEscape(strings.Split(opaque, ".")[0])} {
			text := strikeOut("no answer to "+written+" today", opaque)
			if !strings.Contains(text, "[token]") || strings.Contains(text, written) || !strings.HasSuffix(text, " today") {
				t.Errorf("of %q is left %q", written, text)
			}
		}
	}
}

func TestScopeHierarchy(t *testing.T) {
	v := newVocabulary(map[string][]string{"owner": {"admin"}, "admin": {"read", "write"}, "x": {"y"}, "y": {"x"}}, "")
	for _, c := range []struct {
		granted, need string
		want          bool
	}{
		{"read", "read", true},
		{"admin", "write", true},
		{"owner", "read", true},
		{"read", "admin", false},
		{"x", "y", true},
		{"y", "x", true},
		{"admin:read", "admin", false},
		{"adm", "admin", false},
		{"read:all", "read", false},
		{"", "read", false},
	} {
		if got := v.covers([]string{c.granted}, c.need); got != c.want {
			t.Errorf("S9: %q covers %q: %v", c.granted, c.need, got)
		}
	}
}

func TestScopeSpelling(t *testing.T) {
	v := newVocabulary(nil, "api://id/")
	if got := v.spelled([]string{"read"}); got[0] != "api://id/read" {
		t.Errorf("advertised as %q", got)
	}
	if got := v.read([]string{"api://id/read", "write"}); !slices.Equal(got, []string{"read", "write"}) {
		t.Errorf("read as %q", got)
	}
}
