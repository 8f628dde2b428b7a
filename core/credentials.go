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
		if strings.ContainsFunc(scheme, isNotVisible) {
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
	case strings.ContainsFunc(token, isNotVisible):
		return "", true, malformed("one token after Bearer", "spaces, control or non-ASCII bytes in it")
	}
	return token, true, nil
}

func malformed(expected, got string) error {
	return &refusal{outcome: errMalformed, reason: reasonCredentials, expected: expected, got: got}
}

// isNotVisible reports whether r is anything but a visible ASCII character.
func isNotVisible(r rune) bool { return r <= ' ' || r > '~' }
