package core

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// message is the body of a POST as the gate has read it.
type message struct {
	body    *[]byte // nil where none was read; it goes back to the pool
	scanned rpcscan.Message
	op      operation
}

// singleHeaders may each stand in a request once: two of them are read
// differently by different readers.
func singleHeaders() []string {
	return []string{"Content-Type", "Content-Encoding", "Mcp-Method", "Mcp-Name", "Mcp-Protocol-Version", sessionHeader}
}

func checkSingleHeaders(h http.Header) *Denial {
	for _, name := range singleHeaders() {
		if len(h[name]) > 1 {
			return badMessage(http.StatusBadRequest, rpcInvalidRequest, "a header field that may stand once stands twice", "one "+name, "several")
		}
	}
	// A proxy behind the gate drops what is named there (RFC 9110 §7.6.1), and so
	// would hand on another message than the one that was judged.
	for _, value := range h["Connection"] {
		for option := range strings.SplitSeq(value, ",") {
			option = strings.TrimSpace(option)
			if slices.ContainsFunc(singleHeaders(), func(name string) bool { return strings.EqualFold(option, name) }) {
				return badMessage(http.StatusBadRequest, rpcInvalidRequest, "a header field of the message is named in Connection", "no such name", bounded(option))
			}
		}
	}
	return nil
}

// checkEncoding takes JSON in UTF-8 alone, and nothing that would have to be
// unpacked before it can be judged.
func checkEncoding(h http.Header) *Denial {
	if h.Get("Content-Type") == "application/json" && h.Get("Content-Encoding") == "" {
		return nil // what nearly all requests have
	}
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset, named := params["charset"]
	if err != nil || mediaType != "application/json" || len(params) > 1 ||
		len(params) == 1 && (!named || !strings.EqualFold(charset, "utf-8")) {
		return badMessage(http.StatusUnsupportedMediaType, rpcInvalidRequest, "the content type must be application/json", "application/json", bounded(h.Get("Content-Type")))
	}
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return badMessage(http.StatusUnsupportedMediaType, rpcInvalidRequest, "the body must not be encoded", "no Content-Encoding", bounded(encoding))
	}
	return nil
}

// readMessage reads the whole body, up to the limit, and what it asks for.
func (rs *ResourceServer) readMessage(r *http.Request, m *message) *Denial {
	if denial := checkEncoding(r.Header); denial != nil {
		return denial
	}
	m.body = rs.bodies.take()
	err := readBody(r, m.body, rs.limits.BodyBytes)
	if err != nil {
		return unread(err)
	}
	if m.scanned, err = rpcscan.Scan(*m.body); err != nil {
		return badMessage(http.StatusBadRequest, rpcParseError, "the message is not one unambiguous JSON-RPC message", "a message that reads one way", err.Error())
	}
	denial := checkMirrors(r.Header, &m.scanned)
	if denial == nil {
		m.op, denial = operationOf(&m.scanned)
	}
	if denial != nil {
		denial.id = m.scanned.ID
	}
	return denial
}

// unread says why a body could not be read, or not as a whole. Middleware may have a
// lower limit than the gate.
func unread(err error) *Denial {
	limit := "at most Limits.BodyBytes"
	var middleware *http.MaxBytesError
	if errors.As(err, &middleware) {
		limit = fmt.Sprintf("at most the %d bytes that middleware lets through", middleware.Limit)
	}
	if middleware != nil || errors.Is(err, errTooLarge) {
		return badMessage(http.StatusRequestEntityTooLarge, rpcInvalidRequest, "the message is too large", limit, "more")
	}
	return badMessage(http.StatusBadRequest, rpcParseError, "the message could not be read", "a whole body", err.Error())
}

var errTooLarge = errors.New("body over the limit")

// firstRead is how much of a body is believed to come, in bytes.
const firstRead = 16 << 10

// readBody reads the body to its end into the buffer, which grows with what has
// come: to announce a long body costs nothing. What is announced ends nothing
// either, since middleware that unpacks a body leaves the packed one's length.
func readBody(r *http.Request, buffer *[]byte, limit int64) error {
	if r.Body == nil {
		return nil
	}
	if r.ContentLength > limit {
		return errTooLarge
	}
	for {
		have := len(*buffer)
		if have == cap(*buffer) {
			grown := make([]byte, have, have+growth(have, r.ContentLength-int64(have)))
			copy(grown, *buffer)
			*buffer = grown
		}
		space := (*buffer)[have:cap(*buffer)]
		if rest := limit - int64(have); rest < int64(len(space)) {
			space = space[:rest+1]
		}
		n, err := r.Body.Read(space)
		*buffer = (*buffer)[:have+n]
		switch {
		case int64(len(*buffer)) > limit:
			return errTooLarge
		case err == io.EOF: // none that something else wraps
			return nil
		case err != nil:
			return err
		}
	}
}

// growth is how much a buffer needs beside the bytes that it has: as many again, or
// up to six times as many where that is all that is announced.
func growth(have int, rest int64) int {
	if rest < 0 {
		return max(firstRead, have)
	}
	more := max(firstRead, 3*have)
	if rest <= 2*int64(more) {
		return int(rest) + 1 // and the end, which some readers tell apart
	}
	return more
}

// checkMirrors holds the header fields that mirror the body against it (MCP
// transports, standard request headers). They never decide; a disagreement
// means that some other reader would decide on something else.
func checkMirrors(h http.Header, m *rpcscan.Message) *Denial {
	if method, sent := single(h, "Mcp-Method"); sent && method != string(m.Method) {
		return mirrorDenial("Mcp-Method")
	}
	sentName, sent := single(h, "Mcp-Name")
	if !sent {
		return nil
	}
	name, has := mirrored(m)
	if decoded, ok := decodeMirror(sentName); !has || sentName != string(name) && (!ok || decoded != string(name)) {
		return mirrorDenial("Mcp-Name")
	}
	return nil
}

// mirrored returns what Mcp-Name mirrors: the task of a message about one (SEP-2663,
// streamable HTTP: routing headers), and else the name or the URI.
func mirrored(m *rpcscan.Message) (name []byte, has bool) {
	switch {
	case bytes.HasPrefix(m.Method, []byte("tasks/")):
		id, has := strictjson.String(m.TaskID)
		return []byte(id), has
	case !m.HasName || bytes.HasPrefix(m.Method, []byte("resources/")):
		return m.URI, m.HasURI
	}
	return m.Name, true
}

func single(h http.Header, name string) (string, bool) {
	values := h[name]
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// decodeMirror decodes the form in which a header field carries what ASCII
// can't.
func decodeMirror(value string) (string, bool) {
	encoded, ok := strings.CutPrefix(value, "=?base64?")
	if !ok {
		return "", false
	}
	if encoded, ok = strings.CutSuffix(encoded, "?="); !ok {
		return "", false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return string(decoded), err == nil
}

func mirrorDenial(header string) *Denial {
	return badMessage(http.StatusBadRequest, rpcHeaderMismatch, "a header field disagrees with the message", header+" as in the message", "another")
}

func badMessage(status, rpcCode int, description, expected, got string) *Denial {
	return &Denial{
		Status: status, Reason: reasonMessage, code: "invalid_request", description: description,
		rpcCode: rpcCode, expected: expected, got: bounded(got),
	}
}
