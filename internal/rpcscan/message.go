package rpcscan

// Message is what a gate must know of one JSON-RPC message. Its slices point
// into the scanned text, except for strings that are written with escapes,
// which are decoded.
type Message struct {
	// ID is the raw text of the string or number that names the request, or nil
	// where there is none.
	ID []byte
	// Method is the decoded method. It is nil in a response, and never empty in
	// a request or notification.
	Method []byte
	// Response is whether the message has a result or an error in place of a
	// method.
	Response bool

	// Name and URI are params.name and params.uri, decoded.
	Name, URI       []byte
	HasName, HasURI bool
	// Arguments is the raw text of the object params.arguments. It is nil where
	// there is none, and for null, which both SDKs read as none.
	Arguments []byte
	// Meta is the raw text of params._meta, or nil where there is none.
	Meta []byte
	// TaskID is the raw text of params.taskId, or nil where there is none.
	TaskID []byte
	// Ref is params.ref of completion/complete, and zero for other methods.
	Ref Ref
	// Notifications is the raw text of params.notifications, or nil where there
	// is none. ResourceSubscriptions reads it.
	Notifications []byte
}

// Ref is what a completion/complete message asks to complete.
type Ref struct {
	// Present is whether the message has it.
	Present bool
	// Type, Name and URI are the decoded members.
	Type, Name, URI []byte
	HasName, HasURI bool
}

// Scan reads the one message that data holds. Its error is an *Error.
func Scan(data []byte) (Message, error) {
	e := envelope{scanner: scanner{data: data}}
	if e.read() < 0 {
		return Message{}, e.err()
	}
	return e.message, nil
}

// envelope reads a message.
type envelope struct {
	scanner
	message Message

	hasParams, hasResult, hasError, hasVersion bool
	ref                                        int // where params.ref starts, or 0
}

func (e *envelope) read() int {
	i := e.space(0)
	if e.peek(i) != '{' {
		return e.opening(i)
	}
	o := object{s: &e.scanner, names: envelopeNames}
	for i = o.first(i); i >= 0 && !o.done; i = o.next(i) {
		i = e.member(o.name, i)
	}
	if i < 0 {
		return -1
	}
	if i = e.end(i); i < 0 {
		return -1
	}
	return e.judge(i)
}

// member reads the value at i of a member of the envelope.
func (e *envelope) member(name string, i int) int {
	switch name {
	case "jsonrpc":
		var version []byte
		if i, version = e.characters(i); i >= 0 && string(version) != "2.0" {
			return e.fail(Type, i)
		}
		e.hasVersion = true
		return i
	case "id":
		from := i
		if i = e.id(i); i >= 0 {
			e.message.ID = e.data[from:i]
		}
		return i
	case "method":
		from := i
		if i, e.message.Method = e.characters(i); i >= 0 && len(e.message.Method) == 0 {
			return e.fail(Type, from) // mcp-go takes it for a response
		}
		return i
	case "params":
		e.hasParams = true
		return e.params(i)
	case "result":
		e.hasResult = true
	case "error":
		e.hasError = true
	}
	return e.skip(i, 1)
}

// params reads the value at i of params.
func (e *envelope) params(i int) int {
	m := &e.message
	o := object{s: &e.scanner, names: paramsNames}
	for i = o.first(i); i >= 0 && !o.done; i = o.next(i) {
		from := i
		switch o.name {
		case "name":
			i, m.Name = e.characters(i)
			m.HasName = true
			continue
		case "uri":
			i, m.URI = e.characters(i)
			m.HasURI = true
			continue
		case "arguments":
			if c := e.peek(i); c != '{' && c != 'n' {
				return e.mistyped(i)
			}
		case "ref":
			e.ref = from
		}
		if i = e.skip(i, 2); i < 0 {
			return -1
		}
		switch {
		case o.name == "arguments" && e.data[from] == '{':
			m.Arguments = e.data[from:i]
		case o.name == "notifications":
			m.Notifications = e.data[from:i]
		case o.name == "_meta":
			m.Meta = e.data[from:i]
		case o.name == "taskId":
			m.TaskID = e.data[from:i]
		}
	}
	return i
}

// judge decides, once all is read up to i, whether it is a message.
func (e *envelope) judge(i int) int {
	m := &e.message
	m.Response = e.hasResult || e.hasError
	switch {
	case !e.hasVersion:
		return e.fail(Type, i)
	case !m.Response && m.Method == nil:
		return e.fail(Type, i)
	case m.Response && (m.Method != nil || e.hasParams || e.hasResult && e.hasError):
		return e.fail(Type, i)
	case e.hasResult && m.ID == nil:
		return e.fail(Type, i)
	}
	if e.ref > 0 && string(m.Method) == "completion/complete" {
		m.Ref.Present = true
		return e.completion(e.ref)
	}
	return i
}

// completion reads the value at i of params.ref.
func (e *envelope) completion(i int) int {
	ref := &e.message.Ref
	o := object{s: &e.scanner, names: refNames}
	for i = o.first(i); i >= 0 && !o.done; i = o.next(i) {
		switch o.name {
		case "type":
			i, ref.Type = e.characters(i)
		case "name":
			i, ref.Name = e.characters(i)
			ref.HasName = true
		case "uri":
			i, ref.URI = e.characters(i)
			ref.HasURI = true
		default:
			i = e.skip(i, 3)
		}
	}
	return i
}

// characters decodes the string at i.
func (s *scanner) characters(i int) (end int, decoded []byte) {
	if s.peek(i) != '"' {
		return s.mistyped(i), nil
	}
	if end = s.text(i); end < 0 {
		return -1, nil
	}
	raw := s.data[i+1 : end-1]
	if !s.escaped {
		return end, raw
	}
	decoded, ok := decode(raw)
	if !ok {
		return s.fail(Type, i), nil
	}
	return end, decoded
}

// mistyped fails at a value that is not what its key calls for.
func (s *scanner) mistyped(i int) int {
	if s.skip(i, 0) < 0 {
		return -1
	}
	return s.fail(Type, i)
}

// id skips the value at i of an id: a string, or an integer that decoders into
// float64 and into int64 answer with alike. go-sdk cuts fractions off.
func (s *scanner) id(i int) int {
	if s.peek(i) == '"' {
		end := s.text(i)
		if end >= 0 && s.escaped && !whole(s.data[i+1:end-1]) {
			return s.fail(Type, i)
		}
		return end
	}
	end := s.skip(i, 1)
	if end < 0 {
		return -1
	}
	// The greatest float64 below 2^63. Up to it, converting back and forth is
	// defined; -0 has no counterpart.
	const greatest = "9223372036854774784"
	digits := s.data[i:end]
	if digits[0] == '-' {
		if digits = digits[1:]; digits[0] == '0' {
			return s.fail(Type, i)
		}
	}
	for _, c := range digits {
		if c-'0' > 9 {
			return s.fail(Type, i)
		}
	}
	if len(digits) > len(greatest) || len(digits) == len(greatest) && string(digits) > greatest {
		return s.fail(Type, i)
	}
	return end
}
