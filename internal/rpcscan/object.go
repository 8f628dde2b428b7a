package rpcscan

import "github.com/mcpbearer/mcpbearer/internal/strictjson"

// Limits of an object whose keys are looked at, so that a look costs little
// whatever the text. Keys are counted in bytes of the text, escapes unread.
const (
	maxKeys      = 64
	maxKeyLength = 256
	longestName  = len("resourceSubscriptions")
)

// object reads the members of an object whose keys matter.
type object struct {
	s     *scanner
	names vocabulary

	// name is that of the member last read, or "" for a key that no decoder
	// looks for.
	name string
	done bool

	// seen are hashes of the decoded keys. Two keys with one hash count as equal.
	seen  [maxKeys]strictjson.Hash
	count int
}

// first reads the opening brace at i and goes on to the value of the first
// member. It sets done where there is none.
func (o *object) first(i int) int {
	if o.s.peek(i) != '{' {
		return o.s.fail(Type, i)
	}
	if i = o.s.space(i + 1); o.s.peek(i) == '}' {
		o.done = true
		return i + 1
	}
	return o.key(i)
}

// next goes on from the end of one value to the next, or behind the closing
// brace, and sets done there.
func (o *object) next(i int) int {
	if i < 0 {
		return -1
	}
	i = o.s.space(i)
	switch o.s.peek(i) {
	case ',':
		return o.key(o.s.space(i + 1))
	case '}':
		o.done = true
		return i + 1
	}
	return o.s.unexpected(i)
}

// key reads the key at i and its colon.
func (o *object) key(i int) int {
	s := o.s
	if s.peek(i) != '"' {
		return s.unexpected(i)
	}
	end := s.text(i)
	if end < 0 {
		return -1
	}
	raw := s.data[i+1 : end-1]
	if len(raw) > maxKeyLength || o.count == maxKeys {
		return s.fail(Limit, i)
	}
	var spelled, folded [longestName]byte
	length := 0
	hash := strictjson.EmptyHash
	for len(raw) > 0 {
		r, size := decodeRune(raw)
		if r < 0 {
			return s.fail(Type, i)
		}
		if length < longestName {
			spelled[length], folded[length] = latin(r) //nolint:gosec // length is below longestName here
		}
		length++
		hash, raw = hash.With(r), raw[size:]
	}
	o.name = ""
	if length <= longestName {
		o.name = o.names.find(folded[:length])
		if o.name != "" && o.name != string(spelled[:length]) {
			return s.fail(CaseVariant, i)
		}
	}
	for _, other := range o.seen[:o.count] {
		if other == hash {
			return s.fail(Duplicate, i)
		}
	}
	o.seen[o.count] = hash
	o.count++
	return s.colon(end)
}

// latin returns a character as the byte it is in a name that decoders look for,
// and the one it folds to, or zeros where no such name holds it. These names
// are ASCII, and two characters from elsewhere fold into it (Unicode simple
// case folding).
func latin(r rune) (spelled, folded byte) {
	switch {
	case 'A' <= r && r <= 'Z':
		return byte(r), byte(r) | 0x20
	case r < 0x80:
		return byte(r), byte(r)
	case r == '\u017f':
		return 0, 's'
	case r == '\u212a':
		return 0, 'k'
	}
	return 0, 0
}

// vocabulary is a set of names that decoders look for in one object: all those
// that go-sdk v1.8.0 and mcp-go v1.2.1 decode there, for any method, and that of the
// tasks extension.
type vocabulary uint8

const (
	envelopeNames vocabulary = iota
	paramsNames
	refNames           // of params.ref
	notificationsNames // of params.notifications
)

// find returns the name that is equal to folded but for its case, or "". It is
// no table of functions, since what they are called with would be allocated.
func (v vocabulary) find(folded []byte) string {
	switch v {
	case envelopeNames:
		return findEnvelopeName(folded)
	case paramsNames:
		return findParamsName(folded)
	case refNames:
		return findRefName(folded)
	default:
		return findNotificationsName(folded)
	}
}

func findEnvelopeName(folded []byte) string {
	switch string(folded) {
	case "jsonrpc":
		return "jsonrpc"
	case "id":
		return "id"
	case "method":
		return "method"
	case "params":
		return "params"
	case "result":
		return "result"
	case "error":
		return "error"
	}
	return ""
}

func findParamsName(folded []byte) string {
	switch string(folded) {
	case "name":
		return "name"
	case "uri":
		return "uri"
	case "arguments":
		return "arguments"
	case "ref":
		return "ref"
	case "notifications":
		return "notifications"
	case "_meta":
		return "_meta"
	case "argument":
		return "argument"
	case "capabilities":
		return "capabilities"
	case "clientinfo":
		return "clientInfo"
	case "context":
		return "context"
	case "cursor":
		return "cursor"
	case "inputresponses":
		return "inputResponses"
	case "level":
		return "level"
	case "message":
		return "message"
	case "progress":
		return "progress"
	case "progresstoken":
		return "progressToken"
	case "protocolversion":
		return "protocolVersion"
	case "reason":
		return "reason"
	case "requestid":
		return "requestId"
	case "requeststate":
		return "requestState"
	case "task":
		return "task"
	case "taskid":
		return "taskId"
	case "total":
		return "total"
	}
	return ""
}

func findRefName(folded []byte) string {
	switch string(folded) {
	case "type":
		return "type"
	case "name":
		return "name"
	case "uri":
		return "uri"
	}
	return ""
}

func findNotificationsName(folded []byte) string {
	switch string(folded) {
	case "toolslistchanged":
		return "toolsListChanged"
	case "promptslistchanged":
		return "promptsListChanged"
	case "resourceslistchanged":
		return "resourcesListChanged"
	case "resourcesubscriptions":
		return "resourceSubscriptions"
	case "taskids":
		return "taskIds"
	}
	return ""
}
