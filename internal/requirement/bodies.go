package requirement

import (
	"io"
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// bodyRows are the first half of S13: the body of a denial is an answer to the
// JSON-RPC request where its id is known, and OAuth JSON where it isn't.
func bodyRows() []Row {
	const clause = "JSON-RPC 2.0 §5; MCP 2026-07-28 base protocol, requests"
	var rows []Row
	for _, c := range []struct{ name, body, id string }{
		{"number", `{"jsonrpc":"2.0","id":42,"method":"tools/list"}`, "42"},
		{"zero", `{"jsonrpc":"2.0","id":0,"method":"tools/list"}`, "0"},
		{"negative", `{"jsonrpc":"2.0","id":-1,"method":"tools/list"}`, "-1"},
		{"big-number", `{"jsonrpc":"2.0","id":12345678901234567890123,"method":"tools/list"}`, ""}, // decoders answer with different ones
		{"string", `{"jsonrpc":"2.0","id":"abc","method":"tools/list"}`, `"abc"`},
		{"empty-string", `{"jsonrpc":"2.0","id":"","method":"tools/list"}`, `""`},
		{"string-of-digits", `{"jsonrpc":"2.0","id":"42","method":"tools/list"}`, `"42"`},
		{"markup", `{"jsonrpc":"2.0","id":"</script>","method":"tools/list"}`, `"\u003c/script\u003e"`},
		{"quotes", `{"jsonrpc":"2.0","id":"\"},\"result\":{\"x\":\"","method":"tools/list"}`, `"\"},\"result\":{\"x\":\""`},
		{"white-space", " \r\n{ \"id\" :\t5 , \"jsonrpc\":\"2.0\", \"method\":\"x\" }\n", "5"},
		{"after-params", `{"jsonrpc":"2.0","method":"x","params":{"id":1},"id":2}`, "2"},
		{"only-in-params", `{"jsonrpc":"2.0","method":"x","params":{"id":1}}`, ""},
		{"absent", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, ""},
		{"null", `{"jsonrpc":"2.0","id":null,"method":"tools/list"}`, ""},
		{"true", `{"jsonrpc":"2.0","id":true,"method":"tools/list"}`, ""},
		{"object", `{"jsonrpc":"2.0","id":{"x":1},"method":"tools/list"}`, ""},
		{"list", `{"jsonrpc":"2.0","id":[1],"method":"tools/list"}`, ""},
		{"twice", `{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}`, ""},
		{"case-variant", `{"jsonrpc":"2.0","id":1,"ID":2,"method":"tools/list"}`, ""},
		{"batch", `[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]`, ""},
		{"two-documents", `{"jsonrpc":"2.0","id":1,"method":"x"}{"id":2}`, ""},
		{"no-json", `id=1`, ""},
		{"cut-short", `{"jsonrpc":"2.0","id":1,"method":"tools/list"`, ""},
		{"not-utf8", "{\"id\":\"\xff\"}", ""},
	} {
		rows = append(rows, one("S13/"+c.name, clause, "A 403 carries the request's id where that is a string or a number, and can be read one way.",
			Request{Token: good("a"), Body: c.body}, endpoint().lacking(c.id)))
	}
	return append(rows,
		one("S13/challenged-unread", clause, "A 401 is OAuth JSON, whatever the body says: it is decided before.",
			Request{Body: message}, endpoint().bare()),
		Row{
			ID: "S13/over-the-limit", Clause: clause, About: "A body over the limit isn't read to its end for an id.",
			Config: func(_ *World, c *core.Config) { c.Limits.BodyBytes = int64(len(message)) },
			Steps: []Step{
				{Request: Request{Token: good("a")}, Want: endpoint().lacking("7")},
				{Request: Request{Token: good("a"), Body: message + " "}, Want: endpoint().lacking("")},
			},
		},
		Row{
			ID: "G1/unread", Clause: "RFC 9110 §10.1.1", About: "No byte of a body is read before the token is known to be good.",
			Run: func(w *World) []string { return w.unread() },
		},
	)
}

// watched is a body that knows whether it was read.
type watched struct {
	io.Reader
	read bool
}

// Read implements io.Reader.
func (b *watched) Read(p []byte) (int, error) {
	b.read = true
	return b.Reader.Read(p)
}

// unread sends bodies that must not be read, and one that must.
func (w *World) unread() []string {
	d := &checks{}
	for _, c := range []struct {
		name          string
		authorization string
		status        int
		read          bool
	}{
		{"no token", "", http.StatusUnauthorized, false},
		{"a bad token", "Bearer garbage", http.StatusUnauthorized, false},
		{"malformed credentials", "Bearer x y", http.StatusBadRequest, false},
		{"a token that lacks a scope", "Bearer " + w.mint(*good("a")), http.StatusForbidden, true},
	} {
		r, err := w.request(Request{Authorization: []string{c.authorization}})
		if err != nil {
			return []string{err.Error()}
		}
		body := &watched{Reader: strings.NewReader(message)}
		r.Body = io.NopCloser(body)
		got, err := w.send(r.Request, true)
		d.check("with "+c.name+": status", c.status, got.status)
		d.check("with "+c.name+": the body is read", c.read, body.read)
		if err != nil {
			d.list = append(d.list, err.Error())
		}
	}
	return d.list
}
