package cases

import (
	"net/http"
	"strings"
)

// Credentials are values of the Authorization field. "{token}" stands for a good
// token.
type Credentials struct {
	ID, Clause, About string
	// Values are sent in a field each.
	Values []string
	// Control says that they hold bytes that no HTTP server lets through.
	Control bool
	// Method, Query, Header and Body are those of the request, where they matter.
	Method, Query string
	Header        http.Header
	Body          string

	Outcome Outcome
	// Reason is the code by which the kit tells the operator why.
	Reason string
}

// Marker is a word that must not come back, and Breakout is text with it that
// would end a header parameter, a field, a header and a JSON string, if something
// let it.
const (
	Marker   = "evil.example"
	Breakout = "\", " + Marker + "=\"1\\\r\nX-Injected: 1\r\n\r\n</script>"
)

// Spellings are S2, S4 and S5: what counts as bearer credentials.
func Spellings() []Credentials {
	const clause = "RFC 6750 §2.1, §3.1"
	var all []Credentials
	for name, value := range map[string]string{
		"basic": "Basic dGVzdC1jbGllbnQ6dGVzdC1zZWNyZXQ=", "digest": `Digest username="x", realm="y"`,
		"dpop": "DPoP {token}", "prefix-of-bearer": "Bear {token}", "longer-than-bearer": "Bearers {token}",
		"token-scheme": "Token {token}", "no-scheme": "{token}",
	} {
		all = append(all, Credentials{
			ID: "S2/" + name, Clause: "RFC 9110 §11.6.2", About: "A scheme that isn't served is no credentials.",
			Values: []string{value}, Outcome: None,
		})
	}
	for name, value := range map[string]string{
		"lower-case": "bearer {token}", "mixed-case": "BeArEr {token}", "upper-case": "BEARER {token}", "two-spaces": "Bearer  {token}",
	} {
		all = append(all, Credentials{
			ID: "S4/" + name, Clause: "RFC 9110 §11.1", About: "The scheme is matched without regard to case; any number of spaces may follow.",
			Values: []string{value}, Outcome: Good,
		})
	}
	all = append(all, Credentials{
		ID: "S5/bearer-alone", Clause: clause, About: "Bearer without a token is no credentials.", Values: []string{"Bearer"}, Outcome: None,
	})
	for _, c := range []struct {
		name, about string
		values      []string
	}{
		{"two-headers", "Two Authorization fields are malformed, good as both may be.", []string{"Bearer {token}", "Bearer {token}"}},
		{"good-then-bad", "Two Authorization fields are malformed: nobody takes the first.", []string{"Bearer {token}", "Bearer garbage"}},
		{"bad-then-good", "Two Authorization fields are malformed: nobody takes the last.", []string{"Bearer garbage", "Bearer {token}"}},
		{"basic-and-bearer", "Two Authorization fields of different schemes are malformed.", []string{"Basic eDp5", "Bearer {token}"}},
		{"empty-and-bearer", "Two Authorization fields are malformed, an empty one too.", []string{"", "Bearer {token}"}},
		{"inner-space", "A space within the token is malformed.", []string{"Bearer {token} {token}"}},
		{"list", "A list of credentials is malformed.", []string{"Bearer {token}, Bearer {token}"}},
		{"parameters", "Parameters after the token are malformed.", []string{`Bearer {token} realm="x"`}},
		{"tab-before", "A tab between scheme and token is malformed.", []string{"Bearer\t{token}"}},
		{"tab-and-space-before", "A tab before the token is malformed.", []string{"Bearer \t{token}"}},
		{"inner-tab", "A tab within the token is malformed.", []string{"Bearer {token}\tx"}},
		{"non-ascii", "A token with non-ASCII bytes is malformed.", []string{"Bearer {token}é"}},
		{"no-break-space", "A no-break space is no space.", []string{"Bearer\u00a0{token}"}},
		{"invalid-utf8", "A token with bytes that aren't UTF-8 is malformed.", []string{"Bearer {token}\xff"}},
	} {
		all = append(all, Credentials{
			ID: "S5/" + c.name, Clause: clause, About: c.about, Values: c.values, Outcome: Malformed, Reason: "malformed_credentials",
		})
	}
	for name, value := range map[string]string{
		"nul": "Bearer {token}\x00", "line-feed": "Bearer {token}\n", "inner-line-break": "Bearer {token}\r\nX-Injected: 1",
		"delete": "Bearer {token}\x7f", "escape": "Bearer \x1b{token}", "nul-in-scheme": "Bearer\x00 {token}",
	} {
		all = append(all, Credentials{
			ID: "S5/" + name, Clause: clause, Values: []string{value}, Control: true, Outcome: Malformed, Reason: "malformed_credentials",
			About: "A control byte in the credentials is malformed, also where no server stands before that refuses it.",
		})
	}
	return all
}

// Elsewhere are S6: credentials in another place are never read.
func Elsewhere() []Credentials {
	const query, garbage = "access_token={token}", "Bearer garbage"
	all := []Credentials{
		{ID: "S6/query", About: "A token in the query string is never read.", Query: query, Outcome: None},
		{ID: "S6/query-get", About: "A token in the query string is never read, for GET neither.", Query: query, Method: http.MethodGet, Outcome: None},
		{
			ID: "S6/form", About: "A token in a form body is never read.",
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: query, Outcome: None,
		},
		{
			ID: "S6/other-field", About: "A token in another header field is never read.", Outcome: None,
			Header: http.Header{"Proxy-Authorization": {"Bearer {token}"}, "X-Authorization": {"Bearer {token}"}, "Cookie": {query}},
		},
		{
			ID: "S6/query-beside-bad", About: "A good token in the query string doesn't help a bad one in its place.",
			Query: query, Values: []string{garbage}, Outcome: Invalid, Reason: "not_a_jwt",
		},
		{
			ID: "S6/query-beside-good", About: "A token in the query string doesn't matter beside a good one in its place.",
			Query: "access_token=garbage", Values: []string{"Bearer {token}"}, Outcome: Good,
		},
	}
	for i := range all {
		all[i].Clause = "MCP 2026-07-28 authorization, access token usage; RFC 6750 §2.2, §2.3"
	}
	return all
}

// Shapes are the part of S3 about tokens whose text is no compact JWS.
func Shapes() []Credentials {
	const notJWT = "not_a_jwt"
	var all []Credentials
	for _, c := range []struct{ name, value, reason string }{
		{"opaque", "mF_9.B5f-4", notJWT},
		{"one-letter", "x", notJWT},
		{"comma", "x,", notJWT},
		{"quotes", `"{token}"`, malformedToken},
		{"four-segments", "{token}.x", notJWT},
		{"six-segments", "{token}.x.x.x", notJWT},
		{"dots", "..", malformedToken},
		{"four-dots", "....", "encrypted_token"},
		{"empty-header", ".e30.e30", malformedToken},
		{"header-not-an-object", "W10.e30.e30", malformedToken},
		{"standard-base64", "{token}+/", malformedToken},
		{"leading-dot", ".{token}", notJWT},
	} {
		all = append(all, Credentials{
			ID: "S3/" + c.name, Clause: "RFC 7515 §3.1, §7.1", About: "A token of another shape is invalid, and nobody is asked about it.",
			Values: []string{"Bearer " + c.value}, Outcome: Invalid, Reason: c.reason,
		})
	}
	return all
}

// ForeignOrigins are values of Origin that are not the given one, by name.
func ForeignOrigins(own string) map[string]string {
	scheme, host, _ := strings.Cut(own, "://")
	foreign := map[string]string{
		"other": "https://evil.example", "null": "null", "empty": "", "http": otherScheme(scheme) + "://" + host,
		"port": own + ":8443", "default-port-spelled": own + ":" + map[string]string{"https": "443", "http": "80"}[scheme],
		"subdomain": scheme + "://x." + host, "suffix": own + ".evil.example", "prefix": own[:len(own)-1],
		"upper-case": scheme + "://" + strings.ToUpper(host),
		"path":       own + "/mcp", "slash": own + "/", "list": own + " https://evil.example", "star": "*",
	}
	if strings.Contains(host, ":") {
		foreign["port"] = own + "0"
		delete(foreign, "default-port-spelled")
	}
	if foreign["upper-case"] == own {
		delete(foreign, "upper-case")
	}
	return foreign
}

func otherScheme(scheme string) string {
	if scheme == "https" {
		return "http"
	}
	return "https"
}
