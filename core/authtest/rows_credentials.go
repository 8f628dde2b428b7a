package authtest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// letIn expects that a request reached the MCP server and was answered.
func (f *findings) letIn(t *trial, a *answer, why string) {
	t.news(a)
	f.expect(a.err == nil && a.status == http.StatusOK && a.result(), a, "a result, since %s", why)
}

// refused expects a status, and that nothing ran for credentials that don't
// suffice.
func (f *findings) refused(t *trial, a *answer, status int) {
	f.expect(a.err == nil && a.status == status, a, "status %d", status)
	f.breach = len(f.nothingRan(t, a)) > 0 || f.breach || a.result()
}

// nothingRan expects that nothing ran, and returns what did.
func (f *findings) nothingRan(t *trial, a *answer) []string {
	ran := t.news(a)
	f.expect(len(ran) == 0, a, "that nothing runs, but this did: %s", strings.Join(ran, ", "))
	return ran
}

// noStore expects that nobody keeps a denial.
func (f *findings) noStore(a *answer) {
	f.expect(strings.Contains(a.header.Get("Cache-Control"), "no-store"), a, "Cache-Control: no-store")
}

// discoverable expects one Bearer challenge that names the metadata and, if there
// are any, all of these scopes.
func (f *findings) discoverable(a *answer, scopes []string) {
	c, ok := a.bearer()
	f.expect(ok, a, "one well-formed Bearer challenge in WWW-Authenticate")
	metadata, _ := c.Get("resource_metadata")
	u, err := url.Parse(metadata)
	f.expect(err == nil && u.IsAbs() && u.Host != "", a, "an absolute URL in the parameter resource_metadata")
	f.expect(a.challenged(scopes), a, "the parameter scope with at least %q", strings.Join(scopes, " "))
}

// controlRows show that the server lets in what it must: a server that refuses
// everything protects nothing.
func controlRows() []conformRow {
	return []conformRow{
		{
			id: "S4/let-in", clause: "RFC 6750 §2.1", about: "A token that is good for everything is let in.",
			check: func(t *trial, f *findings) {
				if t.failure != "" {
					f.list = append(f.list, t.failure)
				}
			},
		},
		{
			id: "S8/enough", clause: "RFC 6749 §3.3", about: "A token with no more than the scopes of the endpoint is let in.",
			check: func(t *trial, f *findings) {
				f.letIn(t, t.send(t.inSession(sending{token: t.low, holder: "a token with Scopes alone"})), "the token has the scopes that every request needs")
			},
		},
	}
}

// challengeRows are S1, and the form of a 401: S3.
func challengeRows() []conformRow {
	bare := func(t *trial) *answer { return t.send(sending{}) }
	invalid := func(t *trial) *answer { return t.send(sending{token: "garbage", holder: "a garbage token"}) }
	rows := []conformRow{
		{
			id: "S1/challenge", clause: "RFC 6750 §3; RFC 9728 §5.1; MCP 2026-07-28 authorization, scope selection strategy",
			about: "The challenge names the metadata, and all the scopes that the endpoint needs.",
			check: func(t *trial, f *findings) { f.discoverable(bare(t), t.suite.target.Scopes) },
		},
		{
			id: "S1/no-error", clause: "RFC 6750 §3.1", about: "A request without credentials is challenged without an error.",
			check: func(t *trial, f *findings) {
				a := bare(t)
				_, ok := a.bearer()
				f.expect(ok && a.oauthError() == "", a, "a Bearer challenge without the parameter error")
			},
		},
		{
			id: "S1/no-store", clause: "RFC 9111 §5.2.2.5", about: "Nobody keeps a challenge.",
			check: func(t *trial, f *findings) { f.noStore(bare(t)) },
		},
		{
			id: "S3/challenge", clause: "RFC 6750 §3.1; RFC 9728 §5.1", about: "The challenge for a bad token has the error invalid_token, and says where to get a good one.",
			check: func(t *trial, f *findings) {
				a := invalid(t)
				f.discoverable(a, t.suite.target.Scopes)
				f.expect(a.oauthError() == "invalid_token", a, `error="invalid_token" in the challenge`)
			},
		},
		{
			id: "S3/no-store", clause: "RFC 9111 §5.2.2.5", about: "Nobody keeps a challenge.",
			check: func(t *trial, f *findings) { f.noStore(invalid(t)) },
		},
	}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		rows = append(rows, conformRow{
			id: "S1/" + strings.ToLower(method), clause: "RFC 6750 §3.1; MCP 2026-07-28 authorization, access token usage",
			about: "A request without credentials is answered 401, whatever its method.",
			check: func(t *trial, f *findings) { f.refused(t, t.send(sending{method: method}), http.StatusUnauthorized) },
		})
	}
	return append(rows, conformRow{
		id: "G1/unread", clause: "RFC 9110 §10.1.1", about: "A request without credentials is answered before its body is read.",
		check: func(t *trial, f *findings) {
			f.refused(t, t.send(sending{body: strings.Repeat(" ", 1<<16), withheld: true}), http.StatusUnauthorized)
		},
	})
}

// spellingRows are S2, S4 to S6, and the part of S3 about other shapes.
func spellingRows() []conformRow {
	var rows []conformRow
	for _, c := range slices.Concat(cases.Spellings(), cases.Elsewhere(), cases.Shapes()) {
		rows = append(rows, conformRow{
			id: c.ID, clause: c.Clause, about: c.About,
			lacks: func(*trial) string {
				if strings.Contains(strings.Join(c.Values, ""), "\n") {
					return "on the wire a line feed ends the header field"
				}
				return ""
			},
			check: func(t *trial, f *findings) { f.outcome(t, t.send(t.spelled(&c)), c.Outcome) },
		})
	}
	return append(rows, conformRow{
		id: "S5/too-long", clause: "RFC 6750 §2.1", about: "A token of 64 KiB is refused before anything looks at it.",
		check: func(t *trial, f *findings) {
			a := t.send(sending{authorization: []string{"Bearer " + strings.Repeat("x", 64<<10)}})
			f.expect(a.status == http.StatusBadRequest || a.status == http.StatusRequestHeaderFieldsTooLarge, a, "status 400, or 431")
			f.nothingRan(t, a)
		},
	})
}

// spelled is a request with credentials in unusual spellings.
func (t *trial) spelled(c *cases.Credentials) sending {
	fill := func(text string) string { return strings.ReplaceAll(text, "{token}", t.low) }
	q := sending{method: c.Method, body: fill(c.Body), holder: "where a token is, it is good"}
	for _, value := range c.Values {
		q.authorization = append(q.authorization, fill(value))
	}
	for name, values := range c.Header {
		for _, value := range values {
			q.headers = append(q.headers, name+": "+fill(value))
		}
	}
	if c.Query != "" {
		query := "?"
		if t.base.RawQuery != "" {
			query = "&"
		}
		q.target = t.base.RequestURI() + query + fill(c.Query)
	}
	return t.inSession(q)
}

// outcome expects what becomes of credentials.
func (f *findings) outcome(t *trial, a *answer, outcome cases.Outcome) {
	switch outcome {
	case cases.Good:
		f.letIn(t, a, "the token is good")
	case cases.Malformed:
		f.refused(t, a, http.StatusBadRequest)
	case cases.Lacking:
		f.refused(t, a, http.StatusForbidden)
	default:
		f.refused(t, a, http.StatusUnauthorized)
	}
}

// flawRows are S3: tokens that are flawed in a named way.
func flawRows() []conformRow {
	var rows []conformRow
	for _, flaw := range Flaws() {
		rows = append(rows, conformRow{
			id: "S3/" + strings.ReplaceAll(string(flaw), " ", "-"), clause: "RFC 6750 §3.1; RFC 8725 §3",
			about: "A token with this flaw is invalid: " + string(flaw) + ".",
			check: func(t *trial, f *findings) {
				token := t.mint(Token{Scopes: t.suite.target.all(), Flaw: flaw})
				f.refused(t, t.send(t.inSession(sending{token: token, holder: "a token with the flaw: " + string(flaw)})), http.StatusUnauthorized)
				f.count(t.as.Requests(StrangerKeysPath), 0, "a token that points to a key", "requests for that key")
			},
		})
	}
	return rows
}

// tokenRows are S7, S15 to S17, S19 to S23 and S26.
func tokenRows(site *cases.Site) []conformRow {
	var rows []conformRow
	for _, c := range site.Tokens() {
		rows = append(rows, conformRow{
			id: c.ID, clause: c.Clause, about: c.About,
			check: func(t *trial, f *findings) {
				token := t.mint(Token{Scopes: t.suite.target.Scopes, Algorithm: c.Algorithm, Header: c.Header, Claims: c.Claims})
				f.outcome(t, t.send(t.inSession(sending{token: token, holder: "a token that differs from a good one: " + differs(&c)})), c.Outcome)
			},
		})
	}
	return append(rows, conformRow{
		id: "S19/never-asked", clause: "RFC 8725 §3.8", about: "The issuer that a token names is never asked for its keys.",
		check: func(t *trial, f *findings) {
			stranger := NewServer(t.tb)
			token := stranger.Mint(Token{Audience: t.endpoint.Resource, Scopes: t.suite.target.all()})
			t.minted = append(t.minted, token)
			f.refused(t, t.send(t.inSession(sending{token: token, holder: "a token of an issuer that isn't trusted"})), http.StatusUnauthorized)
			f.count(stranger.asked(), 0, "a token of an issuer that isn't trusted", "requests to that issuer")
		},
	})
}

const scopeClause = "RFC 6750 §3.1; MCP 2026-07-28 authorization, scope challenge handling"

// scopeRows are S8 and S13: a token that lacks a scope of the endpoint.
func scopeRows() []conformRow {
	const clause = scopeClause
	lacking := func(t *trial, q sending) *answer {
		q.token, q.holder = t.token("other"), "a token without the scopes of the endpoint"
		return t.send(t.inSession(q))
	}
	rows := []conformRow{
		{
			id: "S8/challenge", clause: clause, about: "A token that lacks scopes is told all the scopes that are needed, in one challenge.",
			check: func(t *trial, f *findings) {
				a := lacking(t, sending{})
				f.discoverable(a, t.suite.target.Scopes)
				f.expect(a.oauthError() == "insufficient_scope", a, `error="insufficient_scope" in the challenge`)
			},
		},
		{
			id: "S8/no-store", clause: "RFC 9111 §5.2.2.5", about: "Nobody keeps a denial.",
			check: func(t *trial, f *findings) { f.noStore(lacking(t, sending{})) },
		},
		{
			id: "S13/id", clause: "JSON-RPC 2.0 §5", about: "A denial of a message carries the message's id, in a JSON-RPC error.",
			check: func(t *trial, f *findings) {
				a := lacking(t, sending{})
				f.answers(a, a.id)
			},
		},
		{
			id: "S13/id-string", clause: "JSON-RPC 2.0 §5", about: "A denial of a message carries the message's id, if it is a string too.",
			check: func(t *trial, f *findings) {
				f.answers(lacking(t, sending{body: strings.Replace(t.probe(), `"id":7`, `"id":"seven"`, 1)}), `"seven"`)
			},
		},
		{
			id: "S8/case", clause: clause, about: "Scopes are compared with regard to case.",
			check: func(t *trial, f *findings) {
				var other []string
				for _, s := range t.suite.target.Scopes {
					other = append(other, swapCase(s))
				}
				f.refused(t, t.send(t.inSession(sending{token: t.token(other...), holder: "a token with the scopes in another case"})), http.StatusForbidden)
			},
		},
		lackingOneRow(),
	}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		rows = append(rows, conformRow{
			id: "S8/" + strings.ToLower(method), clause: clause, about: "A token without the scopes of the endpoint is answered 403, whatever the method.",
			check: func(t *trial, f *findings) { f.refused(t, lacking(t, sending{method: method}), http.StatusForbidden) },
		})
	}
	for i := range rows {
		rows[i].lacks = needScopes
	}
	return rows
}

func lackingOneRow() conformRow {
	return conformRow{
		id: "S8/lacking-one", clause: scopeClause, about: "A token that lacks one scope of the endpoint is answered 403.",
		check: func(t *trial, f *findings) {
			for i, s := range t.suite.target.Scopes {
				rest := append(slices.Delete(slices.Clone(t.suite.target.Scopes), i, i+1), "other")
				f.refused(t, t.send(t.inSession(sending{token: t.token(rest...), holder: "a token without " + s})), http.StatusForbidden)
			}
		},
	}
}

func needScopes(t *trial) string {
	if len(t.suite.target.Scopes) == 0 {
		return "Target.Scopes names none that every request needs"
	}
	return ""
}

// swapCase turns the case of every letter of a scope.
func swapCase(s string) string {
	if upper := strings.ToUpper(s); upper != s {
		return upper
	}
	return strings.ToLower(s)
}
