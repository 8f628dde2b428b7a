package core

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
)

// message is the body of a POST as the gate has read it. The handler gets the
// very bytes that the decision was made on.
type message struct {
	body    []byte
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
	return nil
}

// checkEncoding takes JSON in UTF-8 alone, and nothing that would have to be
// unpacked before it can be judged.
func checkEncoding(h http.Header) *Denial {
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
func (rs *ResourceServer) readMessage(r *http.Request) (*message, *Denial) {
	if denial := checkEncoding(r.Header); denial != nil {
		return nil, denial
	}
	body, err := readBody(r, rs.limits.BodyBytes)
	if errors.Is(err, errTooLarge) {
		return nil, badMessage(http.StatusRequestEntityTooLarge, rpcInvalidRequest, "the message is too large", "at most Limits.BodyBytes", "more")
	}
	if err != nil {
		return nil, badMessage(http.StatusBadRequest, rpcParseError, "the message could not be read", "a whole body", err.Error())
	}
	scanned, err := rpcscan.Scan(body)
	if err != nil {
		return nil, badMessage(http.StatusBadRequest, rpcParseError, "the message is not one unambiguous JSON-RPC message", "a message that reads one way", err.Error())
	}
	m := &message{body: body, scanned: scanned}
	denial := checkMirrors(r.Header, &m.scanned)
	if denial == nil {
		m.op, denial = operationOf(&m.scanned)
	}
	if denial != nil {
		denial.id = m.scanned.ID
		return nil, denial
	}
	return m, nil
}

var errTooLarge = errors.New("body over the limit")

// readBody reads the body into one buffer, of the announced size if that is
// within the limit.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	if r.ContentLength >= 0 {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = errTooLarge
	}
	return body, err
}

// replay puts the bytes that were checked where the handler reads.
func (m *message) replay(r *http.Request) {
	r.Body = io.NopCloser(bytes.NewReader(m.body))
	r.ContentLength = int64(len(m.body))
	r.TransferEncoding = nil
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
	name, has := m.Name, m.HasName
	if !has || strings.HasPrefix(string(m.Method), "resources/") {
		name, has = m.URI, m.HasURI
	}
	if decoded, ok := decodeMirror(sentName); !has || sentName != string(name) && (!ok || decoded != string(name)) {
		return mirrorDenial("Mcp-Name")
	}
	return nil
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
