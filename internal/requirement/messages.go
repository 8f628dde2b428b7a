package requirement

import (
	"fmt"
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
)

// messageRows are S42 to S44 and G3 to G10 for an endpoint that has no policy:
// what two readers read differently doesn't reach the handler there either.
func messageRows() []Row {
	const clause = "MCP 2026-07-28 transports, sending messages"
	var rows []Row
	call := func(params string) string {
		return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":` + params + `}`
	}
	for _, c := range []struct {
		id, about, body string
		header          http.Header
		want            Want
	}{
		{"S44/batch", "A batch is refused.", "[" + message + "]", nil, unreadable()},
		{"G6/two-documents", "What follows the message is refused.", message + message, nil, unreadable()},
		{"G6/byte-order-mark", "A byte order mark is refused.", "\ufeff" + message, nil, unreadable()},
		{"G6/not-utf8", "What isn't UTF-8 is refused.", call("{\"name\":\"a\xff\"}"), nil, unreadable()},
		{"G7/name-twice", "A name that stands twice is refused.", call(`{"name":"get_weather","name":"purge"}`), nil, unreadable()},
		{"G7/case-variant", "A name in another case is refused.", call(`{"NAME":"get_weather"}`), nil, unreadable()},
		{"G8/method-and-result", "A method beside a result is refused.", `{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}`, nil, unreadable()},
		{"G8/null-id", "An id that is null is refused.", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, nil, unreadable()},
		{"G8/no-name", "A call that names nothing is refused.", call(`{}`), nil, refusedMessage(http.StatusBadRequest, "-32600", "7", "the message doesn't say what it is about")},
		{
			"G3/other-type", "A type other than JSON is refused.", message,
			http.Header{"Content-Type": {"text/plain"}},
			refusedMessage(http.StatusUnsupportedMediaType, "-32600", "null", "the content type must be application/json"),
		},
		{
			"G3/utf-16", "A character set other than UTF-8 is refused.", message,
			http.Header{"Content-Type": {"application/json; charset=utf-16"}},
			refusedMessage(http.StatusUnsupportedMediaType, "-32600", "null", "the content type must be application/json"),
		},
		{
			"G4/gzip", "What would have to be unpacked is refused.", message,
			http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}},
			refusedMessage(http.StatusUnsupportedMediaType, "-32600", "null", "the body must not be encoded"),
		},
		{
			"G10/other-name", "A header field that disagrees with the message is refused.", message,
			http.Header{"Content-Type": {"application/json"}, "Mcp-Name": {"purge"}},
			refusedMessage(http.StatusBadRequest, "-32020", "7", "a header field disagrees with the message"),
		},
	} {
		rows = append(rows, one(c.id, clause, c.about, Request{Token: good("a", "b"), Body: c.body, Header: c.header}, c.want))
	}
	return append(rows, Row{
		ID: "G5/over-the-limit", Clause: "RFC 9110 §15.5.14", About: "A body over the limit is refused.",
		Config: func(_ *World, c *core.Config) { c.Limits.BodyBytes = int64(len(message)) },
		Steps: []Step{
			{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
			{
				Request: Request{Token: good("a", "b"), Body: message + " "},
				Want:    refusedMessage(http.StatusRequestEntityTooLarge, "-32600", "null", "the message is too large"),
			},
		},
	})
}

// unreadable is the answer to a message that can't be read in just one way.
func unreadable() Want {
	return refusedMessage(http.StatusBadRequest, "-32700", "null", "the message is not one unambiguous JSON-RPC message")
}

func refusedMessage(status int, code, id, description string) Want {
	return Want{
		Status: status, Reason: "malformed_message", Verifier: true,
		Body: fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":%s,"message":"invalid_request: %s","data":{"error":"invalid_request","error_description":"%[3]s"}}}`+"\n",
			id, code, description),
	}
}
