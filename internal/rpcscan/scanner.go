package rpcscan

import (
	"encoding/binary"
	"unicode/utf8"
)

// MaxDepth is how many arrays and objects may be open at once.
const MaxDepth = 64

// scanner reads data from a position on. Its methods return the position after
// what they read, or -1 once fail has noted why the text is refused.
type scanner struct {
	data []byte
	kind Kind
	at   int
	// escaped is whether the last string that text read holds an escape.
	escaped bool
}

func (s *scanner) fail(kind Kind, at int) int {
	s.kind, s.at = kind, at
	return -1
}

// err returns the refusal that fail noted.
func (s *scanner) err() error { return &Error{Kind: s.kind, Offset: s.at} }

// peek returns the byte at i, or 0, which opens nothing, where the text ends.
func (s *scanner) peek(i int) byte {
	if i < len(s.data) {
		return s.data[i]
	}
	return 0
}

// unexpected fails at a byte outside of strings that is no JSON there.
func (s *scanner) unexpected(i int) int {
	if s.peek(i) >= utf8.RuneSelf && (s.multibytes(i) < 0 || s.isMark(i)) {
		return s.fail(Encoding, i)
	}
	return s.fail(Syntax, i)
}

// opening fails at a text whose first byte, at i, opens no object.
func (s *scanner) opening(i int) int {
	switch c := s.peek(i); {
	case c == '[':
		return s.fail(Batch, i)
	case s.scalar(i, c) < 0:
		return -1
	}
	return s.fail(Type, i)
}

// end takes white space alone from i on.
func (s *scanner) end(i int) int {
	if i = s.space(i); i < len(s.data) {
		return s.fail(Trailing, i)
	}
	return i
}

// isMark reports whether a byte order mark stands at i.
func (s *scanner) isMark(i int) bool {
	const mark = "\ufeff"
	return len(s.data)-i >= len(mark) && string(s.data[i:i+len(mark)]) == mark
}

// space skips white space.
func (s *scanner) space(i int) int {
	if i < len(s.data) && s.data[i] > ' ' {
		return i
	}
	return s.blanks(i)
}

func (s *scanner) blanks(i int) int {
	const eight = 0x2020202020202020
	for len(s.data)-i >= 8 && binary.LittleEndian.Uint64(s.data[i:]) == eight {
		i += 8
	}
	for i < len(s.data) {
		switch s.data[i] {
		case ' ', '\n', '\r', '\t':
			i++
		default:
			return i
		}
	}
	return i
}

// skip checks and skips the value at i, inside of outer open containers.
func (s *scanner) skip(i, outer int) int {
	depth := outer
	var objects uint64 // a bit for each container opened here, the innermost lowest: set for objects
	for {
		// Here a member starts at i, or an element.
		if objects&1 != 0 {
			// Most keys are short, and their colon and value stand next to them.
			if end := s.short(i); end > 0 && s.peek(end) == ':' && s.peek(end+1) > ' ' {
				i = end + 1
			} else if i = s.key(i); i < 0 {
				return -1
			}
		}
		c := s.peek(i)
		switch {
		case c == '"':
			if end := s.short(i); end > 0 {
				i = end
			} else if i = s.text(i); i < 0 {
				return -1
			}
		case c|0x20 == '{': // or '['
			if depth == MaxDepth {
				return s.fail(Depth, i)
			}
			depth++
			objects = objects<<1 | uint64(c>>5&1)
			if i = s.space(i + 1); s.peek(i) != c+2 { // the brace or bracket that closes
				continue
			}
		default:
			if i = s.scalar(i, c); i < 0 {
				return -1
			}
		}
		// Here a value ended. Close the containers that end with it.
		for {
			if depth == outer {
				return i
			}
			i = s.space(i)
			if c = s.peek(i); c == ',' {
				i = s.space(i + 1)
				break
			}
			if c != ']'+byte(objects&1)<<5 {
				return s.unexpected(i)
			}
			i, depth, objects = i+1, depth-1, objects>>1
		}
	}
}

// key skips a key, its colon and the white space around them.
func (s *scanner) key(i int) int {
	if s.peek(i) != '"' {
		return s.unexpected(i)
	}
	if i = s.text(i); i < 0 {
		return -1
	}
	return s.colon(i)
}

func (s *scanner) colon(i int) int {
	if i = s.space(i); s.peek(i) != ':' {
		return s.unexpected(i)
	}
	return s.space(i + 1)
}

// scalar checks and skips the value at i, which starts with c and is neither
// array nor object.
func (s *scanner) scalar(i int, c byte) int {
	switch c {
	case '"':
		return s.text(i)
	case '0':
		return s.fraction(i + 1)
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return s.natural(i)
	case '-':
		switch c = s.peek(i + 1); {
		case c == '0':
			return s.fraction(i + 2)
		case c-'1' < 9:
			return s.natural(i + 1)
		}
		return s.unexpected(i + 1)
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	case 'n':
		return s.literal(i, "null")
	}
	return s.unexpected(i)
}

func (s *scanner) literal(i int, word string) int {
	if end := i + len(word); end <= len(s.data) && string(s.data[i:end]) == word {
		return end
	}
	return s.fail(Syntax, i)
}

// natural skips a number whose first digit, at i, is not 0 (RFC 8259 §6).
func (s *scanner) natural(i int) int {
	i++
	for i < len(s.data) && s.data[i]-'0' <= 9 {
		i++
	}
	if c := s.peek(i); c == '.' || c|0x20 == 'e' {
		return s.fraction(i)
	}
	return i
}

// fraction skips the fraction and the exponent of a number, if it has them.
func (s *scanner) fraction(i int) int {
	if s.peek(i) == '.' {
		if i = s.digits(i + 1); i < 0 {
			return -1
		}
	}
	if s.peek(i)|0x20 != 'e' {
		return i
	}
	i++
	if c := s.peek(i); c == '+' || c == '-' {
		i++
	}
	return s.digits(i)
}

// digits skips at least one digit.
func (s *scanner) digits(i int) int {
	from := i
	for i < len(s.data) && s.data[i]-'0' <= 9 {
		i++
	}
	if i == from {
		return s.unexpected(i)
	}
	return i
}
