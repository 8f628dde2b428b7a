package requirement

import (
	"slices"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

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

// spellingRows are the credentials that others send too: S2 and S4 to S6. Of
// those that are malformed no verifier is asked, and nobody is reached.
func spellingRows() []Row {
	var rows []Row
	for _, c := range slices.Concat(cases.Spellings(), cases.Elsewhere()) {
		q := Request{
			Token: good("a", "b"), Authorization: c.Values, Direct: c.Control,
			Method: c.Method, Header: c.Header, Body: c.Body,
		}
		if c.Values == nil {
			q.Authorization = []string{}
		}
		if c.Query != "" {
			q.Path = endpointPath + "?" + c.Query
		}
		rows = append(rows, one(c.ID, c.Clause, c.About, q, wantOf(c.Outcome, c.Reason, nil)))
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
