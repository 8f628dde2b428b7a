package core

import (
	"net/http"
	"strconv"
	"strings"
)

// bearerToken reads the access token from the Authorization header field, the
// one place where it may stand (RFC 6750 §2.1; MCP forbids the query string).
// It reports false where the request carries no bearer credentials, and an
// error where it carries some that can't be read in just one way.
func bearerToken(header http.Header, most int) (token string, present bool, err error) {
	values := header["Authorization"]
	if len(values) > 1 {
		return "", true, malformed("one Authorization header field", strconv.Itoa(len(values)))
	}
	if len(values) == 0 {
		return "", false, nil
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		if !isVisible(scheme) {
			return "", true, malformed("a scheme and a space", "control or non-ASCII bytes")
		}
		return "", false, nil
	}
	token = strings.Trim(rest, " ")
	switch {
	case token == "":
		return "", false, nil
	case len(token) > most:
		return "", true, &refusal{
			outcome: errMalformed, reason: reasonTooLong,
			expected: "at most " + strconv.Itoa(most) + " bytes (Limits.TokenBytes)", got: strconv.Itoa(len(token)),
		}
	case !isVisible(token):
		return "", true, malformed("one token after Bearer", "spaces, control or non-ASCII bytes in it")
	}
	return token, true, nil
}

func malformed(expected, got string) error {
	return &refusal{outcome: errMalformed, reason: reasonCredentials, expected: expected, got: got}
}

// isVisible reports whether s is made of visible ASCII characters alone. Every
// token of every request passes here, so it looks at eight bytes at a time.
func isVisible(s string) bool {
	const (
		each = 0x0101010101010101
		high = each << 7
	)
	var bad uint64
	for ; len(s) >= 8; s = s[8:] {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		// The high bit of a byte is set in what is not ASCII, in what one is added
		// to that is a DEL, and in what is too small to take an exclamation mark
		// from. Only from a byte that is bad already is anything borrowed.
		bad |= w | (w + each) | (w - each*'!')
	}
	if bad&high != 0 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
