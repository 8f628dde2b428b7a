package authtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/cases"
	"github.com/mcpbearer/mcpbearer/internal/challenge"
	"github.com/mcpbearer/mcpbearer/internal/discreet"
	"github.com/mcpbearer/mcpbearer/internal/rawhttp"
)

// patience is when a row gives up. It is longer than a server takes to notice a
// rotated key that notices it within ten seconds.
const patience = 20 * time.Second

// sending is a request to be sent.
type sending struct {
	method string // POST, if empty
	target string // path and query, the endpoint's if empty
	// token is a bearer token, none if empty; authorization are whole values in
	// place of it.
	token         string
	authorization []string
	// holder says in words whose token it is.
	holder  string
	headers []string
	body    string // of POST: a harmless message, if empty
	chunked bool
	// plain requests aren't messages of the transport: they get no more fields.
	plain bool
	// withheld leaves out the body that the length announces.
	withheld bool
}

// answer is what came.
type answer struct {
	sent   func() string // what was sent, in words, without a token
	id     string        // that the message had, if it was a number
	status int
	header http.Header
	body   string
	err    error
}

// String tells what came.
func (a *answer) String() string {
	if a.err != nil {
		return "no answer: " + a.err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "status %d", a.status)
	for _, name := range []string{"WWW-Authenticate", "Retry-After", "Access-Control-Allow-Origin", "Allow", "Cache-Control", "Content-Type"} {
		for _, value := range a.header.Values(name) {
			fmt.Fprintf(&b, ", %s: %s", name, discreet.Shorten(value))
		}
	}
	fmt.Fprintf(&b, ", body %q", discreet.Shorten(a.body))
	return b.String()
}

// send sends a request and reads the answer.
func (t *trial) send(q sending) *answer {
	request := t.request(&q)
	id := strconv.FormatInt(t.suite.lastID.Add(1), 10)
	request.Body = numbered(request.Body, id)
	a := &answer{id: id, sent: func() string { return t.describe(request, &q) }}
	within := t.suite.patience
	if q.withheld {
		within /= 4 // A server that waits for the body will go on doing so.
	}
	ctx, cancel := context.WithTimeout(t.tb.Context(), within)
	defer cancel()
	resp, err := rawhttp.Send(ctx, t.base, request)
	if err != nil {
		a.err = err
		return a
	}
	defer resp.Body.Close()
	a.status, a.header = resp.StatusCode, resp.Header
	if request.Method == http.MethodGet && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return a // It has no end.
	}
	const most = 1 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	a.body = string(body)
	if a.err = err; ctx.Err() != nil {
		a.err = fmt.Errorf("status %d, and then no end within %s", a.status, within)
	}
	return a
}

// numbered gives a message an id of its own, as each must have in a session. What
// is filled up with white space doesn't get longer by it.
func numbered(body, id string) string {
	const given = `"id":7`
	longer := strings.ReplaceAll(body, given, `"id":`+id)
	return strings.TrimSuffix(longer, strings.Repeat(" ", len(longer)-len(body)))
}

// request writes what a client of the transport sends, where q says nothing else.
func (t *trial) request(q *sending) *rawhttp.Request {
	r := &rawhttp.Request{
		Method: cmp.Or(q.method, http.MethodPost), Target: cmp.Or(q.target, t.base.RequestURI()),
		Body: q.body, Chunked: q.chunked, Withheld: q.withheld,
	}
	for _, value := range q.authorization {
		r.Headers = append(r.Headers, "Authorization: "+value)
	}
	if q.token != "" {
		r.Headers = append(r.Headers, "Authorization: Bearer "+q.token)
	}
	r.Headers = append(r.Headers, q.headers...)
	if q.plain {
		return r
	}
	add := func(field, value string) {
		if value != "" && !rawhttp.Has(q.headers, field) {
			r.Headers = append(r.Headers, field+": "+value)
		}
	}
	switch r.Method {
	case http.MethodPost:
		add("Accept", "application/json, text/event-stream")
		add("Content-Type", "application/json")
		if r.Body == "" {
			r.Body = t.probe()
		}
	case http.MethodGet:
		add("Accept", "text/event-stream")
	}
	return r
}

// inSession adds what ties a message to the session and the protocol version
// that the server has agreed to.
func (t *trial) inSession(q sending) sending {
	add := func(field, value string) {
		if value != "" && !rawhttp.Has(q.headers, field) {
			q.headers = append(slices.Clip(q.headers), field+": "+value)
		}
	}
	if !t.modern {
		add("Mcp-Session-Id", t.session)
		add("MCP-Protocol-Version", t.version)
		return q
	}
	q.body = cases.AsModern(cmp.Or(q.body, t.probe()))
	method, name := subject(q.body)
	add("MCP-Protocol-Version", t.version)
	add("Mcp-Method", method)
	add("Mcp-Name", name)
	return q
}

// subject returns the method and the name of a well-formed message.
func subject(body string) (method, name string) {
	var message struct {
		Method string `json:"method"`
		Params struct {
			Name string `json:"name"`
			URI  string `json:"uri"`
		} `json:"params"`
	}
	if json.Unmarshal([]byte(body), &message) != nil {
		return "", ""
	}
	return message.Method, cmp.Or(message.Params.Name, message.Params.URI)
}

// describe tells what is sent.
func (t *trial) describe(r *rawhttp.Request, q *sending) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Method, discreet.Shorten(r.Target))
	for _, line := range r.Headers {
		if !strings.HasPrefix(line, "Accept:") {
			fmt.Fprintf(&b, ", %s", quoteControl(discreet.Shorten(t.redact(line))))
		}
	}
	if q.holder != "" {
		fmt.Fprintf(&b, " (%s)", q.holder)
	}
	if r.Body != "" {
		const told = 4096 // of a body; tokens don't stand beyond
		text := discreet.Shorten(t.redact(r.Body[:min(len(r.Body), told)]))
		fmt.Fprintf(&b, ", body of %d bytes %q", len(r.Body), text)
	}
	return b.String()
}

// quoteControl quotes a line that has bytes in it that can't be seen.
func quoteControl(line string) string {
	if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' && c < 0xa1 || c == '\ufffd' }) {
		return fmt.Sprintf("%q", line)
	}
	return line
}

// bearer returns the parameters of the one Bearer challenge, or false.
func (a *answer) bearer() (challenge.Challenge, bool) {
	if a.err != nil {
		return challenge.Challenge{}, false
	}
	all, err := challenge.Parse(a.header.Values("WWW-Authenticate"))
	if err != nil {
		return challenge.Challenge{}, false
	}
	for _, c := range all {
		if c.Is("Bearer") {
			return c, true
		}
	}
	return challenge.Challenge{}, false
}

// challenged reports whether the answer asks for all of these scopes at once.
func (a *answer) challenged(scopes []string) bool {
	c, _ := a.bearer()
	scope, _ := c.Get("scope")
	asked := strings.Fields(scope)
	return !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(asked, s) })
}

// oauthError is the error parameter of the challenge.
func (a *answer) oauthError() string {
	c, _ := a.bearer()
	code, _ := c.Get("error")
	return code
}

// messages are the JSON-RPC messages of an answer, which may be a stream.
func (a *answer) messages() []json.RawMessage {
	if a.err != nil {
		return nil
	}
	texts := []string{a.body}
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		texts = nil
		for line := range strings.Lines(a.body) {
			if data, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "data:"); ok {
				texts = append(texts, data)
			}
		}
	}
	var all []json.RawMessage
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		var batch []json.RawMessage
		if json.Unmarshal([]byte(text), &batch) == nil {
			all = append(all, batch...)
			continue
		}
		all = append(all, json.RawMessage(text))
	}
	return all
}

// result reports whether a JSON-RPC result came that isn't an error of a tool.
func (a *answer) result() bool {
	return slices.ContainsFunc(a.messages(), func(text json.RawMessage) bool {
		var message struct {
			Result json.RawMessage `json:"result"`
		}
		if json.Unmarshal(text, &message) != nil || len(message.Result) == 0 || bytes.Equal(message.Result, []byte("null")) {
			return false
		}
		var failed struct {
			IsError bool `json:"isError"`
		}
		return json.Unmarshal(message.Result, &failed) != nil || !failed.IsError
	})
}
