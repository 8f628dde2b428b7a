package requirement

import "github.com/mcpbearer/mcpbearer/internal/cases"

// tokenRows are the tokens that others send too: S7, S15 to S17, S19 to S23 and
// S26.
func tokenRows() []Row {
	site := cases.Site{Resource: Resource, Issuer: "{issuer}", Scopes: []string{"a", "b"}, Now: Epoch()}
	var rows []Row
	for _, c := range site.Tokens() {
		token := good("a", "b")
		token.Header, token.Claims = c.Header, c.Claims
		if c.Algorithm != "" {
			token.Algorithm = c.Algorithm
		}
		rows = append(rows, one(c.ID, c.Clause, c.About, Request{Token: token}, wantOf(c.Outcome, c.Reason, c.Claims["aud"])))
	}
	return rows
}

// spellingRows are the credentials that others send too: S2, S4 and S5. Of those
// that are refused no verifier is asked, and nobody is reached.
func spellingRows() []Row {
	var rows []Row
	for _, c := range cases.Spellings() {
		rows = append(rows, one(c.ID, c.Clause, c.About,
			Request{Token: good("a", "b"), Authorization: c.Values, Direct: c.Control}, wantOf(c.Outcome, "malformed_credentials", nil)))
	}
	return rows
}

// wantOf is the kit's answer. The audience of a token that is let in may be a
// list.
func wantOf(outcome cases.Outcome, reason string, audience any) Want {
	switch outcome {
	case cases.Invalid:
		return endpoint().invalid(reason)
	case cases.Lacking:
		return endpoint().lacking("7")
	case cases.Malformed:
		return endpoint().malformed(reason)
	case cases.None:
		return endpoint().bare()
	}
	c := alice("a", "b")
	if list, ok := audience.([]string); ok {
		c.Audience = list
	}
	return letIn(c)
}
