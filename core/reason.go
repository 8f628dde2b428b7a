package core

import "errors"

// Outcomes beside the exported ones.
var (
	// errMalformed is the outcome of credentials that can't be read: 400.
	errMalformed = errors.New("malformed request")
	// errForeignOrigin is the outcome of a request by a page of another origin: 403.
	errForeignOrigin = errors.New("foreign origin")
)

// The reason codes of events and log lines. They are stable: dashboards and
// alerts may name them. [Event] documents each.
const (
	reasonNoCredentials = "missing_credentials"
	reasonCredentials   = "malformed_credentials"
	reasonTooLong       = "token_too_long"
	reasonOrigin        = "origin_not_allowed"
	reasonMethod        = "method_not_allowed"
	reasonOpaque        = "not_a_jwt"
	reasonEncrypted     = "encrypted_token"
	reasonMalformed     = "malformed_token"
	reasonCritical      = "critical_header"
	reasonAlgorithm     = "algorithm_not_allowed"
	reasonType          = "wrong_token_type"
	reasonNotAccess     = "not_an_access_token"
	reasonIssuer        = "unknown_issuer"
	reasonAudience      = "wrong_audience"
	reasonClaim         = "claim_not_allowed"
	reasonInactive      = "inactive_token"
	reasonExpired       = "expired"
	reasonNoExpiry      = "no_expiry"
	reasonNotYet        = "not_yet_valid"
	reasonBound         = "sender_constrained"
	reasonUnknownKey    = "unknown_key"
	reasonSignature     = "bad_signature"
	reasonKeys          = "keys_unavailable"
	reasonIntrospection = "introspection_unavailable"
	reasonClient        = "introspection_refused"
	reasonNoVerifier    = "no_verifier"
	reasonVerifier      = "refused_by_verifier"
	reasonUnavailable   = "verifier_unavailable"
	reasonScope         = "insufficient_scope"
	reasonForbidden     = "forbidden"
	reasonMessage       = "malformed_message"
	reasonSession       = "unknown_session"
	reasonFault         = "fault"
)
