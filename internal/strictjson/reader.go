package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
)

// reader walks JSON text (RFC 8259) from left to right, once.
type reader struct {
	data  []byte
	at    int
	depth int
	// same is data as a string, of which strings without escapes are parts. Where
	// it is empty, each is a copy.
	same string
}

func (r *reader) peek() byte {
	if r.at == len(r.data) {
		return 0
	}
	return r.data[r.at]
}

func (r *reader) take(c byte) bool {
	if r.at < len(r.data) && r.data[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *reader) space() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

func (r *reader) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrSyntax, what, r.at)
}

// members reads the rest of an object whose brace has been taken.
func (r *reader) members(visit func(name string, value []byte) error) error {
	r.space()
	if r.take('}') {
		return nil
	}
	for {
		r.space()
		name, err := r.text()
		if err != nil {
			return err
		}
		r.space()
		if !r.take(':') {
			return r.fail("no colon")
		}
		r.space()
		start := r.at
		if err := r.value(); err != nil {
			return err
		}
		if err := visit(name, r.data[start:r.at]); err != nil {
			return err
		}
		r.space()
		if r.take(',') {
			continue
		}
		if r.take('}') {
			return nil
		}
		return r.fail("neither comma nor brace")
	}
}

// value passes over one value of any kind.
func (r *reader) value() error {
	switch c := r.peek(); {
	case c == '"':
		_, err := r.rawText()
		return err
	case c == '{' || c == '[':
		return r.nested(c)
	case c == '-' || '0' <= c && c <= '9':
		return r.number()
	}
	for _, word := range []string{"true", "false", "null"} {
		if rest := r.data[r.at:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			r.at += len(word)
			return nil
		}
	}
	return r.fail("no value")
}

func (r *reader) nested(open byte) error {
	if r.depth++; r.depth > maxDepth {
		return fmt.Errorf("%w: nested deeper than %d", ErrAmbiguous, maxDepth)
	}
	defer func() { r.depth-- }()
	r.at++
	if open == '{' {
		return r.members(func(string, []byte) error { return nil })
	}
	r.space()
	if r.take(']') {
		return nil
	}
	for {
		r.space()
		if err := r.value(); err != nil {
			return err
		}
		r.space()
		if r.take(',') {
			continue
		}
		if r.take(']') {
			return nil
		}
		return r.fail("neither comma nor bracket")
	}
}

func (r *reader) number() error {
	r.take('-')
	if !r.take('0') && !r.digits() {
		return r.fail("no digit")
	}
	if r.take('.') && !r.digits() {
		return r.fail("no fraction")
	}
	if r.take('e') || r.take('E') {
		if !r.take('+') {
			r.take('-')
		}
		if !r.digits() {
			return r.fail("no exponent")
		}
	}
	return nil
}

func (r *reader) digits() bool {
	start := r.at
	for '0' <= r.peek() && r.peek() <= '9' {
		r.at++
	}
	return r.at > start
}

// rawText passes over a string and returns its text between the quotes.
func (r *reader) rawText() ([]byte, error) {
	if !r.take('"') {
		return nil, r.fail("no string")
	}
	start := r.at
	for r.at < len(r.data) {
		switch c := r.data[r.at]; {
		case c == '"':
			r.at++
			return r.data[start : r.at-1], nil
		case c < 0x20:
			return nil, r.fail("control byte in a string")
		case c == '\\':
			if err := r.escape(); err != nil {
				return nil, err
			}
		default:
			r.at++
		}
	}
	return nil, r.fail("string without an end")
}

func (r *reader) escape() error {
	r.at++
	c := r.peek()
	if c != 'u' {
		if c == 0 || !strings.ContainsRune(`"\/bfnrt`, rune(c)) {
			return r.fail("unknown escape")
		}
		r.at++
		return nil
	}
	r.at++
	for range 4 {
		if !isHex(r.peek()) {
			return r.fail("bad \\u escape")
		}
		r.at++
	}
	return nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// text reads a string and decodes its escapes.
func (r *reader) text() (string, error) {
	start := r.at
	raw, err := r.rawText()
	if err != nil {
		return "", err
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		if r.same != "" {
			return r.same[start+1 : r.at-1], nil
		}
		return string(raw), nil
	}
	if hasLoneSurrogate(raw) {
		return "", fmt.Errorf("%w: lone surrogate", ErrAmbiguous)
	}
	var s string
	if err := json.Unmarshal(r.data[start:r.at], &s); err != nil {
		return "", r.fail("undecodable string")
	}
	return s, nil
}

// hasLoneSurrogate looks for half of a UTF-16 pair, which encoding/json turns
// into U+FFFD and other decoders refuse or keep.
func hasLoneSurrogate(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if raw[i] != 'u' {
			continue
		}
		first := unit(raw[i+1:])
		i += 4
		if !utf16.IsSurrogate(first) {
			continue
		}
		rest := raw[i+1:]
		if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' || utf16.DecodeRune(first, unit(rest[2:])) == '\uFFFD' {
			return true
		}
		i += 6
	}
	return false
}

// unit reads the four hex digits of a \u escape, which rawText has checked.
func unit(digits []byte) rune {
	var u rune
	for _, c := range digits[:4] {
		switch {
		case c <= '9':
			u = u<<4 | rune(c-'0')
		case c <= 'F':
			u = u<<4 | rune(c-'A'+10)
		default:
			u = u<<4 | rune(c-'a'+10)
		}
	}
	return u
}
