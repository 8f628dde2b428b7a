package rpcscan

import "strconv"

// Kind says why a text was refused. A Kind is an error too, so that
// errors.Is(err, rpcscan.Duplicate) asks for the reason.
type Kind uint8

// The reasons for a refusal.
const (
	// Syntax: the text is not JSON (RFC 8259).
	Syntax Kind = iota + 1
	// Batch: the text is an array of messages, which MCP 2025-06-18 removed.
	Batch
	// Duplicate: two keys of one object are equal once decoded.
	Duplicate
	// CaseVariant: a key differs from one that decoders look for, or in
	// StrictArguments from another key, in case alone.
	CaseVariant
	// Encoding: the text is not UTF-8, or starts with a byte order mark.
	Encoding
	// Depth: arrays and objects are nested deeper than MaxDepth.
	Depth
	// Type: a value is not what its key calls for, a string that matters has a
	// lone surrogate, or the message is neither a request nor a response.
	Type
	// Trailing: something other than white space follows the message.
	Trailing
	// Limit: there are more keys or longer ones than a message can need.
	Limit
)

// Error returns the reason in words.
func (k Kind) Error() string {
	switch k {
	case Syntax:
		return "it is not JSON"
	case Batch:
		return "it is a batch"
	case Duplicate:
		return "a key stands twice"
	case CaseVariant:
		return "a key differs from another in case alone"
	case Encoding:
		return "it is not UTF-8 without a byte order mark"
	case Depth:
		return "it is nested too deep"
	case Type:
		return "a value is not what its key calls for"
	case Trailing:
		return "text follows it"
	case Limit:
		return "it has too many keys or too long ones"
	}
	return "it was refused"
}

// Error is a refusal. It never repeats any of the text.
type Error struct {
	// Kind is the reason.
	Kind Kind
	// Offset is where reading stopped, in bytes from the start of the text.
	Offset int
}

// Error returns the reason and the offset.
func (e *Error) Error() string {
	return "ambiguous or invalid JSON: " + e.Kind.Error() + " (at byte " + strconv.Itoa(e.Offset) + ")"
}

// Unwrap returns the Kind.
func (e *Error) Unwrap() error { return e.Kind }
