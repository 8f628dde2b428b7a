package requirement

import (
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// malformedRows are the part of S5 about length, and about what no client sends.
func malformedRows() []Row {
	return append(longRows(), one("S5/bearer-and-spaces", "RFC 6750 §2.1, §3.1", "Bearer with nothing but spaces is no credentials.",
		Request{Authorization: []string{"Bearer   "}, Direct: true}, endpoint().bare()))
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
