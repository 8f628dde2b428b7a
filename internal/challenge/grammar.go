package challenge

import "strings"

// isToken reports whether s is a token (RFC 9110 §5.6.2).
func isToken(s string) bool {
	return s != "" && tokenLen(s) == len(s)
}

// tokenLen returns how many bytes at the start of s belong to a token.
func tokenLen(s string) int {
	n := 0
	for n < len(s) && isTokenByte(s[n]) {
		n++
	}
	return n
}

func isTokenByte(c byte) bool {
	return isAlphaNumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// token68Len returns how many bytes at the start of s make a token68
// (RFC 9110 §11.2), 0 where there is none.
func token68Len(s string) int {
	n := 0
	for n < len(s) && (isAlphaNumeric(s[n]) || strings.IndexByte("-._~+/", s[n]) >= 0) {
		n++
	}
	if n == 0 {
		return 0
	}
	for n < len(s) && s[n] == '=' {
		n++
	}
	return n
}

func isAlphaNumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isQuotable reports whether c may follow a backslash in a quoted string
// (RFC 9110 §5.6.4); unescaped, all of them but quote and backslash may stand
// there too.
func isQuotable(c byte) bool {
	return c == '\t' || c >= ' ' && c != 0x7f
}
