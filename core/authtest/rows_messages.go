package authtest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

const stepUp = "MCP 2026-07-28 authorization, scope challenge handling"

// messageRows are G2 to G10, S42 to S44: messages that MCP servers read
// differently, and messages that only look so. Each is sent with a token that
// suffices and with one that doesn't.
func messageRows(o *cases.Offer) []conformRow {
	var rows []conformRow
	for _, m := range o.Messages() {
		if m.Verdict == cases.Forbidden && strings.Contains(m.Body, "subscribe") {
			continue // Many servers take a subscription to anything: it leads to nothing.
		}
		rows = append(rows, conformRow{
			id: m.ID(), clause: m.Clause, about: aboutMessage(&m),
			lacks: func(t *trial) string { return t.missing(&m) },
			check: func(t *trial, f *findings) { t.try(&m, f) },
		})
	}
	return rows
}

func aboutMessage(m *cases.Message) string {
	_, name, _ := strings.Cut(m.Name, " ")
	switch m.Verdict {
	case cases.Refused:
		return "This is refused whatever the token, and nothing runs: " + name + "."
	case cases.Forbidden:
		return "This is another name, and leads to nothing that is protected: " + name + "."
	case cases.Honest:
		return "This needs no more than the scopes of the endpoint, and runs: " + name + "."
	case cases.Silent:
		return "This doesn't run without its scopes: " + name + "."
	}
	return "This runs with its scopes, and is answered 403 without: " + name + "."
}

// missing returns why the server can't be tried with the message.
func (t *trial) missing(m *cases.Message) string {
	switch {
	case m.Verdict == cases.Refused:
		return ""
	case m.Verdict == cases.Forbidden && !t.suite.has(m.Almost, true):
		return "Target names nothing that needs more than Scopes: " + kind(m.Almost)
	case m.Verdict == cases.Honest && !t.suite.has(m.Runs, false):
		return "Target names nothing that needs no more than Scopes: " + kind(m.Runs)
	case m.Verdict == cases.Silent && !t.suite.has("tool "+t.suite.offer().Danger, true):
		return "Target.Tools names no tool that needs more than Scopes"
	case m.Verdict == cases.Protected && !t.suite.has(m.Runs, true):
		return "Target names nothing that needs more than Scopes: " + kind(m.Runs)
	}
	return ""
}

func kind(runs string) string {
	what, _, _ := strings.Cut(runs, " ")
	return "no " + what
}

// try sends the message with both tokens.
func (t *trial) try(m *cases.Message, f *findings) {
	low := t.send(t.carrying(m, t.low, "a token with Scopes alone"))
	switch m.Verdict {
	case cases.Refused:
		f.expect(low.err == nil && low.status == m.Status, low, "status %d", m.Status)
		f.denied(t, low, m)
		if len(f.list) > 0 {
			return
		}
		full := t.send(t.carrying(m, t.full, "a token with every scope"))
		f.expect(full.err == nil && full.status == m.Status, full, "status %d", m.Status)
		f.nothingRan(t, full)
		return
	case cases.Forbidden:
		answered := low.status >= http.StatusBadRequest || len(low.messages()) > 0
		f.expect(low.err == nil && answered && !low.result(), low, "an error, and no result")
		f.denied(t, low, m)
		return
	case cases.Honest:
		f.ran(t, low, m)
		return
	}
	if t.speaks(m) {
		f.expect(low.status == http.StatusForbidden, low, "status 403")
	} else {
		f.expect(low.status >= http.StatusBadRequest, low, "status 403, or another refusal of a version that isn't served")
	}
	f.denied(t, low, m)
	if m.Verdict == cases.Protected {
		f.ran(t, t.send(t.carrying(m, t.full, "a token with every scope")), m)
	}
}

// denied expects that nothing ran. That what the message hides did, or that what
// it openly asks for was given, is a breach: its token doesn't suffice.
func (f *findings) denied(t *trial, a *answer, m *cases.Message) {
	t.settle(a)
	ran, hidden := f.nothingRan(t, a), t.suite.offer().Danger
	f.breach = slices.Contains(ran, hidden) && t.suite.has("tool "+hidden, true) ||
		m.Verdict == cases.Protected && (len(ran) > 0 || a.result())
}

// carrying is the request that the message is.
func (t *trial) carrying(m *cases.Message, token, holder string) sending {
	q := sending{token: token, holder: holder, headers: slices.Clone(m.Headers), body: m.Body, chunked: m.Chunked}
	switch {
	case m.Body == "":
		q.body = " " // Nothing is what a probe stands for.
	case t.modern && m.Verdict != cases.Refused && !m.Modern:
		q = t.inSession(q)
		// What was added must not make it too long.
		if over := len(q.body) - max(len(m.Body), t.suite.offer().BodyBytes); over > 0 {
			q.body = strings.TrimSuffix(q.body, strings.Repeat(" ", over))
		}
		return q
	}
	if !t.modern && !m.Modern && t.session != "" {
		q.headers = append(q.headers, "Mcp-Session-Id: "+t.session)
	}
	return q
}

// speaks reports whether the message is of a protocol version that the server
// has agreed to, or doesn't say.
func (t *trial) speaks(m *cases.Message) bool {
	if t.modern && !m.Modern && (cases.AsModern(m.Body) == m.Body || strings.Contains(strings.Join(m.Headers, ""), "=?base64?")) {
		return false // It can't be said so, or need not be understood.
	}
	for _, line := range m.Headers {
		if version, ok := strings.CutPrefix(line, "MCP-Protocol-Version: "); ok {
			return version == t.version
		}
	}
	return !m.Modern || t.modern
}

// ran expects that what the message is about ran, as far as the server takes the
// message at all.
func (f *findings) ran(t *trial, a *answer, m *cases.Message) {
	ran := t.news(a)
	switch name, isTool := strings.CutPrefix(m.Runs, "tool "); {
	case m.Extra || !t.speaks(m):
		f.expect(a.err == nil && a.status != http.StatusUnauthorized && a.status != http.StatusForbidden, a,
			"neither 401 nor 403, since the token suffices")
	case isTool && t.endpoint.Ran != nil:
		f.expect(slices.Equal(ran, []string{name}), a, "that the tool %s runs, since the token suffices; what ran: %s", name, strings.Join(ran, ", "))
	default:
		f.expect(a.err == nil && a.status == http.StatusOK && a.result(), a, "a result, since the token suffices")
	}
}

// operationRows are S40 to S42, and G9: what each method reaches.
func operationRows() []conformRow {
	type operation struct {
		id, about string
		// pick returns what the message is about, "" if the server has none, and
		// the scopes that it needs beside those of the endpoint.
		pick func(*Target) (string, []string)
		body func(s *suite, name string) string
		// surely says that every server has the method.
		surely bool
	}
	of := func(needs func(*Target) map[string][]string) func(*Target) (string, []string) {
		return func(g *Target) (string, []string) {
			_, name := g.choose(needs(g))
			return name, needs(g)[name]
		}
	}
	tool := of(func(g *Target) map[string][]string { return g.Tools })
	prompt := of(func(g *Target) map[string][]string { return g.Prompts })
	resource := of(func(g *Target) map[string][]string { return g.Resources })
	named := func(method, member string) func(*suite, string) string {
		return func(_ *suite, name string) string { return cases.Request(method, `{"`+member+`":"`+name+`"}`) }
	}
	var rows []conformRow
	for _, op := range []operation{
		{"S40/tool", "A tool runs with its scopes, and is denied without, before it runs.", tool, func(s *suite, name string) string { return cases.Call(name, s.arguments(name)) }, true},
		{"S41/prompt", "A prompt is denied without its scopes.", prompt, named("prompts/get", "name"), true},
		{"S41/resource", "A resource is denied without its scopes.", resource, named("resources/read", "uri"), true},
		{"S41/subscribe", "A subscription is denied without the scopes of its resource.", resource, named("resources/subscribe", "uri"), false},
		{"S41/unsubscribe", "The end of a subscription is denied likewise.", resource, named("resources/unsubscribe", "uri"), false},
		{"G9/completion-prompt", "Completion is denied without the scopes of the prompt that it is about.", prompt, func(_ *suite, name string) string {
			return cases.Complete(`{"type":"ref/prompt","name":"` + name + `"}`)
		}, false},
		{"G9/completion-resource", "Completion is denied without the scopes of the resource that it is about.", resource, func(_ *suite, name string) string {
			return cases.Complete(`{"type":"ref/resource","uri":"` + name + `"}`)
		}, false},
	} {
		rows = append(rows, conformRow{
			id: op.id, clause: stepUp, about: op.about,
			lacks: func(t *trial) string {
				if name, _ := op.pick(t.suite.target); name == "" {
					return "Target names nothing of this kind that needs more than Scopes"
				}
				return ""
			},
			check: func(t *trial, f *findings) {
				name, _ := op.pick(t.suite.target)
				message := op.body(t.suite, name)
				f.refused(t, t.send(t.inSession(sending{token: t.low, holder: "a token with Scopes alone", body: message})), http.StatusForbidden)
				a := t.send(t.inSession(sending{token: t.full, holder: "a token with every scope", body: message}))
				if op.surely {
					f.letIn(t, a, "the token has the scopes of "+name)
					return
				}
				t.news(a)
				f.expect(a.err == nil && a.status != http.StatusUnauthorized && a.status != http.StatusForbidden, a, "neither 401 nor 403, since the token suffices")
			},
		})
	}
	return append(append(rows, denialRows()...), mismatchRow())
}

// denialRows are about the form of a denial of a tool.
func denialRows() []conformRow {
	needTool := func(t *trial) string {
		if _, name := t.suite.target.choose(t.suite.target.Tools); name == "" {
			return "Target.Tools names no tool that needs more than Scopes"
		}
		return ""
	}
	call := func(t *trial) (string, *answer) {
		_, name := t.suite.target.choose(t.suite.target.Tools)
		return name, t.send(t.inSession(sending{token: t.low, holder: "a token with Scopes alone", body: cases.Call(name, t.suite.arguments(name))}))
	}
	rows := []conformRow{
		{
			id: "S40/challenge", clause: stepUp, about: "The challenge names all the scopes that the tool needs, those of the endpoint too.",
			check: func(t *trial, f *findings) {
				name, a := call(t)
				f.discoverable(a, append(slices.Clone(t.suite.target.Scopes), t.suite.target.Tools[name]...))
				f.expect(a.oauthError() == "insufficient_scope", a, `error="insufficient_scope" in the challenge`)
			},
		},
		{
			id: "S40/step-up", clause: stepUp, about: "A token with the scopes of the challenge, and no others, suffices.",
			check: func(t *trial, f *findings) {
				name, a := call(t)
				c, _ := a.bearer()
				scope, _ := c.Get("scope")
				again := sending{token: t.token(strings.Fields(scope)...), holder: "a token with the scopes of the challenge: " + scope, body: cases.Call(name, t.suite.arguments(name))}
				f.letIn(t, t.send(t.inSession(again)), "the token has what the challenge asked for")
			},
		},
		{
			id: "S40/id", clause: "JSON-RPC 2.0 §5", about: "The denial of a tool carries the message's id.",
			check: func(t *trial, f *findings) {
				_, a := call(t)
				f.answers(a, a.id)
			},
		},
		{
			id: "S40/without-endpoint-scopes", clause: stepUp, about: "The scopes of a tool don't stand in for those of the endpoint.",
			check: func(t *trial, f *findings) {
				_, name := t.suite.target.choose(t.suite.target.Tools)
				token := t.token(t.suite.target.more(t.suite.target.Tools[name])...)
				f.refused(t, t.send(t.inSession(sending{token: token, holder: "a token with the tool's scopes alone", body: cases.Call(name, t.suite.arguments(name))})), http.StatusForbidden)
			},
			lacks: needScopes,
		},
	}
	for i := range rows {
		given := rows[i].lacks
		rows[i].lacks = func(t *trial) string {
			if problem := needTool(t); problem != "" || given == nil {
				return problem
			}
			return given(t)
		}
	}
	return rows
}

// mismatchRow is about the form of the answer to a lie in the header: S42.
func mismatchRow() conformRow {
	return conformRow{
		id: "S42/code", clause: "MCP 2026-07-28 transports, server validation", about: "A header field that disagrees with the body is answered with the JSON-RPC code -32020.",
		check: func(t *trial, f *findings) {
			a := t.send(t.inSession(sending{token: t.full, holder: "a token with every scope", headers: []string{"Mcp-Method: ping"}}))
			f.expect(a.status == http.StatusBadRequest && strings.Contains(strings.ReplaceAll(a.body, " ", ""), `"code":`+cases.Mismatch), a, "status 400, and code %s", cases.Mismatch)
			f.nothingRan(t, a)
		},
	}
}
