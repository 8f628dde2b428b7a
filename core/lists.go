package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// listKind is one kind of list that an answer can hold.
type listKind struct {
	member string // of the result
	name   string // of an entry: what the policy knows it by
	use    string // the method that an entry is listed for
	kind   operationKind
}

// listKindOf returns what the answer to a method lists, if it lists anything.
func listKindOf(method string) (listKind, bool) {
	switch method {
	case "tools/list":
		return listKind{"tools", "name", "tools/call", toolOperation}, true
	case "prompts/list":
		return listKind{"prompts", "name", "prompts/get", promptOperation}, true
	case "resources/list":
		return listKind{"resources", "uri", "resources/read", resourceOperation}, true
	case "resources/templates/list":
		return listKind{"resourceTemplates", "uriTemplate", "resources/read", resourceOperation}, true
	}
	return listKind{}, false
}

// listFilter leaves out of lists what their caller may not use.
type listFilter struct {
	kinds []listKind
	shows func(op *operation) bool
	id    json.RawMessage // of the request
	// resumed is a stream that a client takes up again: it answers requests that
	// came before, for a list or for something else.
	resumed bool
}

// filterFor returns the filter for the answer to a request, or nil where the
// answer goes out as it is.
func (rs *ResourceServer) filterFor(r *http.Request, p *passage) *listFilter {
	if rs.policy == nil || !rs.policy.FilterLists {
		return nil
	}
	f := &listFilter{resumed: r.Method == http.MethodGet}
	if f.resumed {
		for _, method := range []string{"tools/list", "prompts/list", "resources/list", "resources/templates/list"} {
			kind, _ := listKindOf(method)
			f.kinds = append(f.kinds, kind)
		}
	} else {
		kind, lists := listKindOf(p.message.op.Method)
		if !lists {
			return nil
		}
		f.kinds, f.id = []listKind{kind}, p.message.scanned.ID
	}
	v := p.verified // alone, so that a passage needs no place on the heap
	f.shows = func(op *operation) bool { return rs.shows(v, op) }
	return f
}

// shows reports whether a list shows the operation to the caller.
func (rs *ResourceServer) shows(v *verified, op *operation) bool {
	all := make([]Requirement, 0, 1)
	undecided := v == nil
	for _, r := range rs.policy.rules(op) {
		if r.kind == never {
			return false
		}
		undecided = undecided || r.kind == decided
		all = append(all, r.Requirement)
	}
	if undecided {
		return true
	}
	n := combine(all)
	return n.metBy(&rs.vocabulary, v.principal.Scopes, rs.config.Scopes)
}

// message filters one JSON-RPC message of the answer. Messages that aren't the
// response pass unchanged; one that can't be filtered is an error.
func (f *listFilter) message(text []byte) ([]byte, error) {
	var envelope map[string]json.RawMessage
	if err := json.Unmarshal(text, &envelope); err != nil {
		return nil, err
	}
	raw, answered := envelope["result"]
	if !answered {
		return text, nil
	}
	var result map[string]json.RawMessage
	if err := json.Unmarshal(raw, &result); err != nil {
		return nil, err
	}
	filtered := false
	for _, kind := range f.kinds {
		list, listed := result[kind.member]
		if !listed && f.resumed {
			continue // an answer to something else
		}
		shown, err := f.visible(kind, list)
		if err != nil {
			return nil, err
		}
		result[kind.member], filtered = shown, true
	}
	if !filtered {
		return text, nil
	}
	// What one caller may see must not be cached for another (MCP caching).
	result["cacheScope"] = json.RawMessage(`"private"`)
	var err error
	if envelope["result"], err = json.Marshal(result); err != nil {
		return nil, err
	}
	return json.Marshal(envelope)
}

// visible returns the list without what the caller may not use.
func (f *listFilter) visible(kind listKind, list json.RawMessage) (json.RawMessage, error) {
	var entries []json.RawMessage
	if list != nil {
		if err := json.Unmarshal(list, &entries); err != nil {
			return nil, err
		}
	}
	shown := make([]json.RawMessage, 0, len(entries))
	for _, entry := range entries {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(entry, &members); err != nil {
			return nil, err
		}
		var name string
		if err := json.Unmarshal(members[kind.name], &name); err != nil {
			return nil, fmt.Errorf("an entry without %s", kind.name)
		}
		if f.shows(&operation{Operation: Operation{Method: kind.use, Name: name}, kind: kind.kind}) {
			shown = append(shown, entry)
		}
	}
	return json.Marshal(shown)
}

// listWriter filters the answer to a list request on its way out: a JSON body
// as a whole, an event stream event by event. What it can't read it replaces by
// an error, never lets through.
type listWriter struct {
	http.ResponseWriter
	filter *listFilter
	status int
	stream bool
	failed bool         // whether a failure was sent in place of the answer
	held   bytes.Buffer // a body, or an event that isn't whole yet
	// Of that event, where the line begins that isn't whole yet, and how far its
	// end was looked for.
	begun, looked int
}

// pass has the handler answer, and sends all of it that is left at the end.
func (w *listWriter) pass(mcp http.Handler, r *http.Request) {
	// What came compressed, or from its middle on, could not be filtered.
	delete(r.Header, "Accept-Encoding")
	delete(r.Header, "Range")
	defer w.finish()
	mcp.ServeHTTP(w, r)
}

// WriteHeader holds the status of a JSON body back until the body is known.
// Informational ones decide nothing.
func (w *listWriter) WriteHeader(status int) {
	if w.status != 0 || isInformational(status) {
		return
	}
	w.status = status
	w.Header().Del("Content-Length")
	if encoding := w.Header().Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		// What is compressed, although it was not asked for, can't be looked through.
		w.fail()
		return
	}
	mediaType, _, _ := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if w.stream = mediaType == "text/event-stream"; w.stream {
		w.ResponseWriter.WriteHeader(status)
	}
}

// fail sends a failure, and nothing of what the handler answers.
func (w *listWriter) fail() {
	w.failed = true
	w.Header().Del("Content-Encoding")
	w.Header().Set("Content-Type", "application/json")
	w.ResponseWriter.WriteHeader(http.StatusInternalServerError)
	_, _ = w.ResponseWriter.Write(w.filter.failure()) // the client is gone if this fails
}

// Write takes what the handler answers.
func (w *listWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.failed {
		return len(p), nil
	}
	w.held.Write(p)
	if w.stream {
		return len(p), w.sendEvents()
	}
	return len(p), nil
}

// sendEvents sends the events that are whole: those that an empty line ends
// (HTML, server-sent events, parsing). Each byte is looked at once, however many
// pieces an event comes in.
func (w *listWriter) sendEvents() error {
	for {
		text := w.held.Bytes()
		line, rest, whole := cutLine(text[w.looked:])
		if !whole {
			w.looked = len(bytes.TrimSuffix(text, []byte("\r")))
			return nil
		}
		empty := len(line) == 0 && w.looked == w.begun
		w.begun = len(text) - len(rest)
		w.looked = w.begun
		if !empty {
			continue
		}
		err := w.sendEvent(text[:w.begun])
		w.held.Next(w.begun)
		w.begun, w.looked = 0, 0
		if err != nil {
			return err
		}
	}
}

// cutLine cuts the first line off, which LF, CR or both end. A CR that nothing
// follows yet may be half an end.
func cutLine(text []byte) (line, rest []byte, whole bool) {
	end := bytes.IndexAny(text, "\r\n")
	switch {
	case end < 0, text[end] == '\r' && end == len(text)-1:
		return nil, nil, false
	case text[end] == '\r' && text[end+1] == '\n':
		return text[:end], text[end+2:], true
	}
	return text[:end], text[end+1:], true
}

// sendEvent sends one event. What is no list goes out as it came, an event without
// data and data of several lines included.
func (w *listWriter) sendEvent(event []byte) error {
	var out bytes.Buffer
	var data [][]byte
	for line, rest, _ := cutLine(event); len(line) > 0; line, rest, _ = cutLine(rest) {
		// A reader of the stream passes over a byte order mark at its beginning.
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
		if field, value, _ := bytes.Cut(line, []byte(":")); string(field) == "data" {
			data = append(data, bytes.TrimPrefix(value, []byte(" ")))
			continue
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	if data != nil {
		text := bytes.Join(data, []byte("\n"))
		if len(text) > 0 {
			filtered, err := w.filter.message(text)
			if err != nil {
				filtered = w.filter.failure()
			}
			text = bytes.ReplaceAll(filtered, []byte("\n"), []byte("\ndata: "))
		}
		fmt.Fprintf(&out, "data: %s\n", text)
	}
	out.WriteByte('\n')
	_, err := w.ResponseWriter.Write(out.Bytes())
	return err
}

// finish sends a JSON body once the handler is done. With the status of a
// failure, what isn't JSON, such as an SDK's text, has no list in it.
func (w *listWriter) finish() {
	if w.stream && bytes.HasSuffix(w.held.Bytes(), []byte("\r")) {
		_, _ = w.Write([]byte("\n")) // nothing follows that CR; the client is gone if this fails
	}
	if w.status == 0 || w.stream || w.failed {
		return
	}
	body, status := w.held.Bytes(), w.status
	if len(body) > 0 && (status < http.StatusBadRequest || json.Valid(body)) {
		filtered, err := w.filter.message(body)
		if err != nil {
			w.fail()
			return
		}
		body = filtered
	}
	w.ResponseWriter.WriteHeader(status)
	_, _ = w.ResponseWriter.Write(body) // the client is gone if this fails
}

// failure is the answer in place of one that couldn't be filtered.
func (f *listFilter) failure() []byte {
	d := Denial{id: f.id, rpcCode: rpcInternal, code: "server_error", description: "the list could not be filtered"}
	return bytes.TrimSpace(d.body())
}

// Flush sends what may be sent by now, which is nothing of a JSON body.
func (w *listWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush with the error of the writer beneath.
func (w *listWriter) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK) // a stream opens with its header, before any event
	}
	if !w.stream {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap gives http.ResponseController the writer beneath, for deadlines.
func (w *listWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
