package devissuer

import (
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// Ways of client authentication (RFC 7591 §2).
const (
	authNone  = "none"
	authBasic = "client_secret_basic"
	authPost  = "client_secret_post"
)

// readForm reads the form body of a request from a client. Parameters must not
// be repeated (RFC 6749 §3.2), but for resource (RFC 8707 §2).
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	form, err := parseForm(w, r)
	if err != nil {
		return nil, err
	}
	return form, checkSingle(form, "resource")
}

// parseForm reads a form body. What the query says is ignored: secrets have no
// business there.
func parseForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || contentType != "application/x-www-form-urlencoded" {
		return nil, refuse(invalidRequest, "the body must be application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refuse(invalidRequest, "the body is not a readable form")
	}
	return form, nil
}

// unreadable is the answer to a body that could not be read to its end.
func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return refuseWith(http.StatusRequestEntityTooLarge, invalidRequest, "the body is too large")
	}
	return refuse(invalidRequest, "the body can't be read")
}

func checkSingle(params url.Values, except string) error {
	for name, values := range params {
		if name != except && len(values) > 1 {
			return refuse(invalidRequest, "a parameter is repeated")
		}
	}
	return nil
}

// authenticate tells which client sent the request, and proves it if the
// client is confidential (RFC 6749 §2.3). Confidential clients may use Basic or
// the body, whatever they registered, but never both. An empty secret in the
// body is the same as none.
func (s *Server) authenticate(r *http.Request, form url.Values) (*client, error) {
	failed := refuseWith(http.StatusUnauthorized, invalidClient, "client authentication failed")
	id, secret, inBody := form.Get("client_id"), form.Get("client_secret"), form.Get("client_secret") != ""
	if headers := r.Header.Values("Authorization"); len(headers) > 0 {
		if len(headers) > 1 || inBody {
			return nil, refuse(invalidRequest, "use one way of client authentication only")
		}
		basicID, basicSecret, ok := basicCredentials(r)
		if !ok {
			return nil, failed
		}
		if form.Has("client_id") && id != basicID {
			return nil, refuse(invalidRequest, "client_id differs from the one in the Authorization header")
		}
		id, secret, inBody = basicID, basicSecret, true
	}
	c, err := s.clientOf(r.Context(), id)
	if err != nil || c.confidential != inBody {
		return nil, failed
	}
	given := digestOf(secret)
	if c.confidential && subtle.ConstantTimeCompare(given[:], c.secret[:]) != 1 {
		return nil, failed
	}
	return c, nil
}

// authenticateConfidential is authenticate for endpoints that are closed to
// public clients.
func (s *Server) authenticateConfidential(r *http.Request, form url.Values) (*client, error) {
	c, err := s.authenticate(r, form)
	if err == nil && !c.confidential {
		return nil, refuseWith(http.StatusUnauthorized, invalidClient, "only confidential clients may do this")
	}
	return c, err
}

// basicCredentials reads HTTP Basic credentials whose parts are form-encoded
// (RFC 6749 §2.3.1).
func basicCredentials(r *http.Request) (id, secret string, ok bool) {
	id, secret, ok = r.BasicAuth()
	if !ok {
		return "", "", false
	}
	id, errID := url.QueryUnescape(id)
	secret, errSecret := url.QueryUnescape(secret)
	return id, secret, errID == nil && errSecret == nil
}
