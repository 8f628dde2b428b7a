package rpcscan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// isAfterBackslash reports whether an escape of two characters ends with c (RFC
// 8259 §7).
func isAfterBackslash(c byte) bool {
	const (
		low  = 1<<'"' | 1<<'/'
		high = 1<<('\\'-64) | 1<<('b'-64) | 1<<('f'-64) | 1<<('n'-64) | 1<<('r'-64) | 1<<('t'-64)
	)
	set := uint64(low)
	if c >= 64 {
		set = high
	}
	return c < utf8.RuneSelf && set>>(c&63)&1 != 0
}

// specials sets the high bit of the first byte in word that is a quote, a
// backslash, a control byte or not ASCII, and maybe of bytes after it.
func specials(word uint64) uint64 {
	// Other bytes keep their high bit clear in all four terms. Subtraction
	// borrows only past one of those, so that the first is always found.
	const ones, high = 0x0101010101010101, 0x8080808080808080
	return (((word ^ '"'*ones) - ones) | ((word ^ '\\'*ones) - ones) | (word - ' '*ones) | word) & high
}

// short skips the string at i if it is plain and of at most sixteen bytes, and
// returns 0 if not. It goes byte by byte: a processor then runs ahead by guessing
// where the string ends, while it must wait for what specials finds.
func (s *scanner) short(i int) int {
	if s.peek(i) != '"' {
		return 0
	}
	data := s.data[:min(len(s.data), i+18)]
	for i++; i < len(data); i++ {
		c := data[i]
		if c == '"' {
			return i + 1
		}
		if c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return 0
}

// text skips the string whose opening quote stands at i, and notes in escaped
// whether it holds an escape.
func (s *scanner) text(i int) int {
	s.escaped = false
	for i++; ; {
		for len(s.data)-i >= 8 {
			found := specials(binary.LittleEndian.Uint64(s.data[i : i+8])) // with its end, it is a plain load
			if found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		switch c := s.peek(i); {
		case c == '"':
			return i + 1
		case c == '\\':
			s.escaped = true
			i = s.escapes(i)
		case c >= utf8.RuneSelf:
			i = s.multibytes(i)
		case c >= ' ': // one of the last seven
			i++
		default:
			return s.fail(Syntax, i)
		}
		if i < 0 {
			return -1
		}
	}
}

// escapes skips a run of escapes. Surrogates may stand alone here; decoding
// refuses them.
func (s *scanner) escapes(i int) int {
	data := s.data
	for len(data)-i >= 2 && data[i] == '\\' {
		switch c := data[i+1]; {
		case isAfterBackslash(c):
			i += 2
		case c == 'u':
			if _, ok := hex4(data, i+2); !ok {
				return s.fail(Syntax, i)
			}
			i += 6
		default:
			return s.fail(Syntax, i)
		}
	}
	if s.peek(i) == '\\' { // the last byte
		return s.fail(Syntax, i)
	}
	return i
}

// multibytes skips a run of characters that are not ASCII (RFC 3629 §4).
func (s *scanner) multibytes(i int) int {
	data := s.data
	for i < len(data) && data[i] >= utf8.RuneSelf {
		// The lead bytes that allow every continuation are the common ones.
		c := data[i]
		switch {
		case c >= 0xC2 && c <= 0xDF && len(data)-i >= 2 && data[i+1]&0xC0 == 0x80:
			i += 2
		case c >= 0xE1 && c <= 0xEC && len(data)-i >= 3 && data[i+1]&0xC0 == 0x80 && data[i+2]&0xC0 == 0x80:
			i += 3
		default:
			r, size := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && size <= 1 {
				return s.fail(Encoding, i)
			}
			i += size
		}
	}
	return i
}

// hex4 reads four hexadecimal digits at i.
func hex4(data []byte, i int) (rune, bool) {
	if len(data)-i < 4 {
		return 0, false
	}
	var r rune
	for _, c := range data[i : i+4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20-'a' <= 5:
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// decodeRune returns the first character of the inside of a string that text
// has checked, and how many bytes it takes there. It returns -1 for a surrogate
// that stands alone, which decoders replace differently or keep.
func decodeRune(raw []byte) (rune, int) {
	if raw[0] != '\\' {
		return utf8.DecodeRune(raw)
	}
	switch c := raw[1]; c {
	case 'u':
		r, _ := hex4(raw, 2)
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if len(raw) < 8 || raw[6] != '\\' || raw[7] != 'u' {
			return -1, 6
		}
		low, _ := hex4(raw, 8)
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return -1, 6
		}
		return r, 12
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	default:
		return rune(c), 2
	}
}

// decode returns the characters of the inside of a string that text has
// checked. It reports false where a surrogate stands alone.
func decode(raw []byte) ([]byte, bool) {
	decoded := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		r, size := decodeRune(raw)
		if r < 0 {
			return nil, false
		}
		decoded, raw = utf8.AppendRune(decoded, r), raw[size:]
	}
	return decoded, true
}

// whole reports whether no surrogate stands alone in the inside of a string.
func whole(raw []byte) bool {
	for len(raw) > 0 {
		r, size := decodeRune(raw)
		if r < 0 {
			return false
		}
		raw = raw[size:]
	}
	return true
}
