package rpcscan_test

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
)

// member is one key of an object, decoded by encoding/json, and its raw value.
type member struct {
	key   string
	value json.RawMessage
}

// members reads an object with encoding/json, keeping what its maps and structs
// would merge. It reports false for anything else.
func members(raw []byte) ([]member, bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	var list []member
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, false
		}
		m := member{key: token.(string)}
		if decoder.Decode(&m.value) != nil {
			return nil, false
		}
		list = append(list, m)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, false
	}
	_, err := decoder.Token()
	return list, err == io.EOF
}

// unambiguous reports whether no two keys are equal, and none is one of names
// but for its case.
func unambiguous(list []member, names string) bool {
	for i, m := range list {
		for _, other := range list[:i] {
			if m.key == other.key {
				return false
			}
		}
		for _, name := range strings.Fields(names) {
			if strings.EqualFold(m.key, name) && m.key != name {
				return false
			}
		}
	}
	return true
}

// text decodes a string. It reports false for other values.
func text(raw json.RawMessage) ([]byte, bool) {
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// lone matches a surrogate escape; pair one that is followed by its other half.
// Both look at texts without any other backslash than those of \u escapes.
var (
	other = regexp.MustCompile(`\\[^u]`)
	pair  = regexp.MustCompile(`(?i)\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}`)
	lone  = regexp.MustCompile(`(?i)\\ud[89a-f][0-9a-f]{2}`)
)

// hasLone reports whether a surrogate stands alone in the text of a string.
func hasLone(raw []byte) bool {
	return lone.Match(pair.ReplaceAll(other.ReplaceAll(raw, []byte(" ")), []byte(" ")))
}

const (
	envelopeNames      = "jsonrpc id method params result error"
	paramsNames        = "name uri arguments ref notifications _meta argument capabilities clientInfo context cursor inputResponses level message progress progressToken protocolVersion reason requestId requestState task taskId total"
	refNames           = "type name uri"
	notificationsNames = "toolsListChanged promptsListChanged resourcesListChanged resourceSubscriptions taskIds"
)

var integer = regexp.MustCompile(`^(0|-?[1-9]\d*)$`)

// reference reads a message with encoding/json. It knows nothing of limits and
// of surrogates in keys.
func reference(raw []byte) (m rpcscan.Message, ok bool) {
	envelope, ok := members(raw)
	if !ok || !utf8.Valid(raw) || !unambiguous(envelope, envelopeNames) {
		return m, false
	}
	values, refOK := map[string]json.RawMessage{}, true
	for _, e := range envelope {
		values[e.key] = e.value
		switch e.key {
		case "jsonrpc":
			version, isText := text(e.value)
			ok = ok && isText && string(version) == "2.0"
		case "id":
			m.ID = e.value
			ok = ok && (e.value[0] == '"' && !hasLone(e.value) || integer.Match(e.value))
		case "method":
			var isText bool
			m.Method, isText = text(e.value)
			ok = ok && isText && len(m.Method) > 0 && !hasLone(e.value)
		case "params":
			var paramsOK bool
			paramsOK, refOK = referenceParams(e.value, &m)
			ok = ok && paramsOK
		case "result", "error":
			m.Response = true
		}
	}
	ok = ok && values["jsonrpc"] != nil
	if m.Response {
		return m, ok && values["method"] == nil && values["params"] == nil &&
			(values["result"] == nil && values["error"] != nil || values["error"] == nil && m.ID != nil)
	}
	if string(m.Method) != "completion/complete" {
		m.Ref, refOK = rpcscan.Ref{}, true
	}
	return m, ok && refOK && m.Method != nil
}

func referenceParams(raw json.RawMessage, m *rpcscan.Message) (ok, refOK bool) {
	params, ok := members(raw)
	if !ok || !unambiguous(params, paramsNames) {
		return false, false
	}
	refOK = true
	for _, p := range params {
		isText := true
		switch p.key {
		case "name":
			m.Name, isText = text(p.value)
			m.HasName, ok = true, ok && !hasLone(p.value)
		case "uri":
			m.URI, isText = text(p.value)
			m.HasURI, ok = true, ok && !hasLone(p.value)
		case "arguments":
			if p.value[0] == '{' {
				m.Arguments = p.value
			} else if string(p.value) != "null" {
				return false, false
			}
		case "notifications":
			m.Notifications = p.value
		case "_meta":
			m.Meta = p.value
		case "taskId":
			m.TaskID = p.value
		case "ref":
			m.Ref = rpcscan.Ref{Present: true}
			refOK = referenceRef(p.value, &m.Ref)
		}
		ok = ok && isText
	}
	return ok, refOK
}

func referenceRef(raw json.RawMessage, ref *rpcscan.Ref) bool {
	list, ok := members(raw)
	if !ok || !unambiguous(list, refNames) {
		return false
	}
	for _, r := range list {
		var isText bool
		var into *[]byte
		switch r.key {
		case "type":
			into = &ref.Type
		case "name":
			into, ref.HasName = &ref.Name, true
		case "uri":
			into, ref.HasURI = &ref.URI, true
		default:
			continue
		}
		if *into, isText = text(r.value); !isText || hasLone(r.value) {
			ok = false
		}
	}
	return ok
}

// strict reports whether encoding/json finds no two keys of one object that are
// equal but for their case, and no surrogate that stands alone.
func strict(raw json.RawMessage) bool {
	if hasLone(raw) {
		return false
	}
	var list []json.RawMessage
	switch raw[0] {
	case '{':
		object, ok := members(raw)
		if !ok {
			return false
		}
		for i, m := range object {
			for _, other := range object[:i] {
				if strings.EqualFold(m.key, other.key) {
					return false
				}
			}
			list = append(list, m.value)
		}
	case '[':
		if json.Unmarshal(raw, &list) != nil {
			return false
		}
	}
	for _, value := range list {
		if !strict(value) {
			return false
		}
	}
	return true
}
