package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"golang.org/x/oauth2"
)

// ErrUnavailable is wrapped by an [Error] whose cause may pass: a server that
// can't be reached, or one in trouble. Tokens are kept; try again later.
var ErrUnavailable = errors.New("not available")

// ErrUntrusted is wrapped by an [Error] whose cause is the client's own refusal:
// what a server said, or what came back from the browser, belongs to someone
// else, or would leave the user without protection. Somebody should look at it.
var ErrUntrusted = errors.New("not trusted")

// ErrNotReplayable is the error of RoundTrip for a request that had to be sent
// again and can't be: its body is larger than 4 MiB and it has no GetBody. By
// then the transport is authorized, so that a new request will do.
var ErrNotReplayable = errors.New("client: the request had to be authorized first, and its body can't be read again: send it anew")

// The stages of an [Error].
const (
	stageResource      = "protected resource metadata"
	stageServer        = "authorization server metadata"
	stageRegistration  = "client registration"
	stageAuthorization = "authorization"
	stageToken         = "token request"
	stageStorage       = "storage"
	stageRequest       = "request"
)

// Error says why a request could not be authorized, in OAuth's words where a
// server has used them (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7591
// §3.2.2, RFC 8707 §2).
type Error struct {
	// Stage is what failed, such as "authorization" or "token request".
	Stage string
	// Issuer is the authorization server that it was about, if any.
	Issuer string
	// Code is the OAuth error, such as "access_denied", and Description what
	// was said about it. Both are cut to size and have no control characters.
	// Code is empty where no server has given one.
	Code, Description string
	// Status is the HTTP status of the answer, or 0 where it isn't one that
	// failed.
	Status int
	// Err is the cause where there is one beside Code.
	Err error
}

// Error tells all fields in one line.
func (e *Error) Error() string {
	text := "client: " + e.Stage
	if e.Issuer != "" {
		text += fmt.Sprintf(" at %q", e.Issuer)
	}
	if e.Code == "" && e.Status != 0 {
		text += fmt.Sprintf(": status %d", e.Status)
	}
	for _, part := range []string{e.Code, e.Description} {
		if part != "" {
			text += ": " + part
		}
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Refused reads the refusal in an answer of the resource server: the error and
// its description in the Bearer challenge of a 401 or a 403 (RFC 6750 §3). It
// returns nil for any other answer, and leaves resp as it is.
func Refused(resp *http.Response) *Error {
	if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
		return nil
	}
	c := readBearer(resp.Header)
	if !c.found {
		return nil
	}
	return &Error{Stage: stageRequest, Status: resp.StatusCode, Code: cleanCode(c.code), Description: clean(c.description)}
}

// storageError turns what a Storage reports into an [Error], unless it is the
// one of the change that was made.
func storageError(err error) error {
	var typed *Error
	if err == nil || errors.As(err, &typed) {
		return err
	}
	return &Error{Stage: stageStorage, Err: err}
}

// serverError turns what x/oauth2 reports into an Error. Its own text repeats
// the answer, so none of it is kept; and servers repeat what they were sent, in
// words like "invalid authorization code: x", so secrets are taken out.
func serverError(issuer string, err error, secrets []string) *Error {
	e := &Error{Stage: stageToken, Issuer: issuer}
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) || answer.Response == nil {
		e.Err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		return e
	}
	e.Status = answer.Response.StatusCode
	e.Code, e.Description = cleanCode(answer.ErrorCode), clean(without(answer.ErrorDescription, secrets))
	switch {
	case e.refused():
	case mayPass(e.Status):
		e.Err = ErrUnavailable
	}
	return e
}

// without returns a text with dots in place of secrets. One of a few letters is none,
// and would be found in any word.
func without(text string, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) >= 4 {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return text
}

// refused reports whether a server has decided: by a status of 4xx, or by an
// OAuth error under a status of success, as some write it.
func (e *Error) refused() bool {
	return e.Status >= 400 && !mayPass(e.Status) || e.Status/100 == 2 && e.Code != ""
}

// mayPass reports whether a status says that the same request may succeed later.
// A redirect is among them: nothing was decided, and nothing is sent elsewhere.
func mayPass(status int) bool {
	return status >= 500 || status < 400 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

const (
	maxDescription = 512
	maxCode        = 64
)

// clean makes a server's text fit for a terminal and a log: visible characters
// and spaces, and not too many of them.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, text[:min(len(text), 4*maxDescription)])
	for i := range text {
		if i > maxDescription {
			return text[:i] + "…"
		}
	}
	return text
}

// cleanCode is clean for an error code, which is a short word.
func cleanCode(code string) string {
	if len(code) > maxCode || strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "invalid_error_code"
	}
	return code
}
