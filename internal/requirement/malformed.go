package requirement

import (
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// malformedRows are S5: credentials that can't be read in just one way. No
// verifier is asked and nobody is reached.
func malformedRows() []Row {
	const clause = "RFC 6750 §2.1, §3.1"
	rows := []Row{
		one("S5/bearer-alone", clause, "Bearer without a token is no credentials.",
			Request{Authorization: []string{"Bearer"}}, endpoint().bare()),
		one("S5/bearer-and-spaces", clause, "Bearer with nothing but spaces is no credentials.",
			Request{Authorization: []string{"Bearer   "}, Direct: true}, endpoint().bare()),
	}
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
		rows = append(rows, one("S5/"+c.name, clause, c.about,
			Request{Token: good("a", "b"), Authorization: c.values}, endpoint().malformed("malformed_credentials")))
	}
	for name, value := range map[string]string{
		"nul": "Bearer {token}\x00", "line-feed": "Bearer {token}\n", "inner-line-break": "Bearer {token}\r\nX-Injected: 1",
		"delete": "Bearer {token}\x7f", "escape": "Bearer \x1b{token}", "nul-in-scheme": "Bearer\x00 {token}",
	} {
		rows = append(rows, one("S5/"+name, clause, "A control byte in the credentials is malformed, also where no server stands before that refuses it.",
			Request{Token: good("a", "b"), Authorization: []string{value}, Direct: true}, endpoint().malformed("malformed_credentials")))
	}
	return append(rows, longRows()...)
}

// longRows are the part of S5 about the length of tokens.
func longRows() []Row {
	const clause = "RFC 6750 §2.1"
	const most = 16 << 10
	short := func(_ *World, c *core.Config) { c.Limits.TokenBytes = 8 }
	return []Row{
		one("S5/too-long", clause, "A token of more than 16 KiB is refused before anything looks at it.",
			Request{Authorization: []string{"Bearer " + strings.Repeat("x", most+1)}}, endpoint().malformed("token_too_long")),
		one("S5/just-fits", clause, "A token of 16 KiB is looked at.",
			Request{Authorization: []string{"Bearer " + strings.Repeat("x", most)}}, endpoint().invalid("not_a_jwt")),
		{
			ID: "S5/too-long-by-config", Clause: clause, About: "The greatest length of a token can be configured.",
			Config: short,
			Steps: []Step{
				{Request: Request{Authorization: []string{"Bearer 123456789"}}, Want: endpoint().malformed("token_too_long")},
				{Request: Request{Authorization: []string{"Bearer 12345678"}}, Want: endpoint().invalid("not_a_jwt")},
			},
		},
		{
			ID: "S5/too-long-good", Clause: clause, About: "A good token that is too long is refused too.",
			Config: short,
			Steps:  []Step{{Request: Request{Token: good("a", "b")}, Want: endpoint().malformed("token_too_long")}},
		},
	}
}
