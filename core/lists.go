package core

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
)

// listFilter leaves out of one kind of list what its caller may not use.
type listFilter struct {
	member string // of the result: tools, prompts, resources, resourceTemplates
	name   string // of an entry: what the policy knows it by
	kind   operationKind
	shows  func(op *operation) bool
	id     json.RawMessage // of the request
}

// filterFor returns the filter for the answer to a list request, or nil where
// the answer goes out as it is.
func (rs *ResourceServer) filterFor(p *passage) *listFilter {
	if rs.policy == nil || !rs.policy.FilterLists {
		return nil
	}
	f := &listFilter{}
	switch p.op.Method {
	case "tools/list":
		f.member, f.name, f.kind = "tools", "name", toolOperation
	case "prompts/list":
		f.member, f.name, f.kind = "prompts", "name", promptOperation
	case "resources/list":
		f.member, f.name, f.kind = "resources", "uri", resourceOperation
	case "resources/templates/list":
		f.member, f.name, f.kind = "resourceTemplates", "uriTemplate", resourceOperation
	default:
		return nil
	}
	f.id = p.message.scanned.ID
	v := p.verified // alone, so that a passage needs no place on the heap
	f.shows = func(op *operation) bool { return rs.shows(v, op) }
	return f
}

// shows reports whether a list shows the operation to the caller.
func (rs *ResourceServer) shows(v *verified, op *operation) bool {
	rules := rs.policy.rules(op)
	if slices.ContainsFunc(rules, func(r Requirement) bool { return r.kind == never }) {
		return false
	}
	if v == nil || slices.ContainsFunc(rules, func(r Requirement) bool { return r.kind == decided }) {
		return true
	}
	n := combine(rs.config.Scopes, rules)
	return n.anonymous || slices.ContainsFunc(n.alternatives, func(scopes []string) bool {
		return len(rs.vocabulary.missing(v.principal.Scopes, scopes)) == 0
	})
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
	var entries []json.RawMessage
	if list, listed := result[f.member]; listed {
		if err := json.Unmarshal(list, &entries); err != nil {
			return nil, err
		}
	}
	shown := make([]json.RawMessage, 0, len(entries))
	for _, entry := range entries {
		visible, err := f.visible(entry)
		if err != nil {
			return nil, err
		}
		if visible {
			shown = append(shown, entry)
		}
	}
	var err error
	if result[f.member], err = json.Marshal(shown); err != nil {
		return nil, err
	}
	// What one caller may see must not be cached for another (MCP caching).
	result["cacheScope"] = json.RawMessage(`"private"`)
	if envelope["result"], err = json.Marshal(result); err != nil {
		return nil, err
	}
	return json.Marshal(envelope)
}

func (f *listFilter) visible(entry json.RawMessage) (bool, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(entry, &members); err != nil {
		return false, err
	}
	var name string
	if err := json.Unmarshal(members[f.name], &name); err != nil {
		return false, fmt.Errorf("an entry without %s", f.name)
	}
	return f.shows(&operation{Operation: Operation{Name: name}, kind: f.kind}), nil
}

// listWriter filters the answer to a list request on its way out: a JSON body
// as a whole, an event stream event by event. What it can't read it replaces by
// an error, never lets through.
type listWriter struct {
	http.ResponseWriter
	filter *listFilter
	status int
	stream bool
	held   bytes.Buffer // a body, or an event that isn't whole yet
}

// WriteHeader holds the status of a JSON body back until the body is known.
func (w *listWriter) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	w.Header().Del("Content-Length")
	mediaType, _, _ := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if w.stream = mediaType == "text/event-stream"; w.stream {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write takes what the handler answers.
func (w *listWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.held.Write(p)
	if w.stream {
		return len(p), w.sendEvents()
	}
	return len(p), nil
}

// sendEvents sends the events that are whole.
func (w *listWriter) sendEvents() error {
	for {
		end := bytes.Index(w.held.Bytes(), []byte("\n\n"))
		if end < 0 {
			return nil
		}
		if err := w.sendEvent(w.held.Next(end + 2)); err != nil {
			return err
		}
	}
}

func (w *listWriter) sendEvent(event []byte) error {
	var out bytes.Buffer
	var data []byte
	for _, line := range bytes.Split(bytes.TrimRight(event, "\n"), []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if rest, isData := bytes.CutPrefix(line, []byte("data:")); isData {
			data = append(append(data, bytes.TrimPrefix(rest, []byte(" "))...), '\n')
			continue
		}
		out.Write(line)
		out.WriteByte('\n')
	}
	if data = bytes.TrimSuffix(data, []byte("\n")); len(data) > 0 {
		filtered, err := w.filter.message(data)
		if err != nil {
			filtered = w.filter.failure()
		}
		fmt.Fprintf(&out, "data: %s\n", filtered)
	}
	out.WriteByte('\n')
	_, err := w.ResponseWriter.Write(out.Bytes())
	return err
}

// finish sends a JSON body once the handler is done. Anything but JSON, such as
// an SDK's text for a failure, has no list in it; only a success could.
func (w *listWriter) finish() {
	if w.status == 0 || w.stream {
		return
	}
	body, status := w.held.Bytes(), w.status
	if status < http.StatusBadRequest && len(body) > 0 {
		filtered, err := w.filter.message(body)
		if err != nil {
			status, filtered = http.StatusInternalServerError, w.filter.failure()
			w.Header().Set("Content-Type", "application/json")
		}
		body = filtered
	}
	w.ResponseWriter.WriteHeader(status)
	_, _ = w.ResponseWriter.Write(body) // the client is gone if this fails
}

// failure is the answer in place of one that couldn't be filtered.
func (f *listFilter) failure() []byte {
	d := Denial{id: f.id, code: "server_error", description: "the list could not be filtered"}
	return bytes.TrimSpace(d.body())
}

// Flush sends what may be sent by now, which is nothing of a JSON body.
func (w *listWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush with the error of the writer beneath.
func (w *listWriter) FlushError() error {
	if !w.stream {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap gives http.ResponseController the writer beneath, for deadlines.
func (w *listWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
