package devissuer

import (
	"errors"
	"net/http"
)

// Error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 7591 §3.2.2 and RFC 8707 §2.
const (
	accessDenied            = "access_denied"
	invalidClient           = "invalid_client"
	invalidClientMetadata   = "invalid_client_metadata"
	invalidGrant            = "invalid_grant"
	invalidRedirectURI      = "invalid_redirect_uri"
	invalidRequest          = "invalid_request"
	invalidScope            = "invalid_scope"
	invalidTarget           = "invalid_target"
	serverError             = "server_error"
	unauthorizedClient      = "unauthorized_client"
	unsupportedGrantType    = "unsupported_grant_type"
	unsupportedResponseType = "unsupported_response_type"
)

// refusal is an answer in the words of OAuth. Its description is made here, of
// fixed text and of values that were checked to be printable ASCII.
type refusal struct {
	status      int
	code        string
	description string
}

func (r *refusal) Error() string { return r.code + ": " + r.description }

func refuse(code, description string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: code, description: description}
}

func refuseWith(status int, code, description string) *refusal {
	return &refusal{status: status, code: code, description: description}
}

// asRefusal turns any error into an answer. What is no refusal is a fault of
// the server, of which the client learns nothing.
func asRefusal(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return refuseWith(http.StatusInternalServerError, serverError, "the authorization server failed")
}
