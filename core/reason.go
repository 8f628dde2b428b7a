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
	reasonExpired       = "expired"
	reasonNoExpiry      = "no_expiry"
	reasonNotYet        = "not_yet_valid"
	reasonBound         = "sender_constrained"
	reasonUnknownKey    = "unknown_key"
	reasonSignature     = "bad_signature"
	reasonKeys          = "keys_unavailable"
	reasonNoVerifier    = "no_verifier"
	reasonVerifier      = "refused_by_verifier"
	reasonUnavailable   = "verifier_unavailable"
	reasonScope         = "insufficient_scope"
	reasonForbidden     = "forbidden"
	reasonMessage       = "malformed_message"
	reasonSession       = "unknown_session"
	reasonFault         = "fault"
)

// hint says which setting cures a refusal, for the log alone.
func hint(reason string) string {
	switch reason {
	case reasonOpaque:
		return "have the authorization server issue JWT access tokens for this resource (many need an API or audience to be set up first), or give Config.Verifiers one that knows these tokens"
	case reasonEncrypted:
		return "switch off encryption of access tokens for this resource at the authorization server"
	case reasonAlgorithm:
		return "if the issuer means to use this algorithm, list it in Issuer.Algorithms"
	case reasonType, reasonNotAccess:
		return "the client must send its access token; an ID token or refresh token is none"
	case reasonIssuer:
		return "spell Issuers[].URL exactly as the token's iss, trailing slash included"
	case reasonAudience:
		return "have the authorization server put the resource identifier into aud (RFC 8707), or list what it puts there in Issuer.Audiences"
	case reasonExpired, reasonNotYet:
		return "if the token is fresh, compare the clocks of both servers; Limits.ClockSkew bridges small differences"
	case reasonNoExpiry:
		return "tokens without exp are refused; a Verifier whose tokens don't end sets Principal.NoExpiry"
	case reasonBound:
		return "bindings (DPoP, mTLS) are not checked here yet, so such tokens are refused; have plain bearer tokens issued"
	case reasonUnknownKey, reasonSignature:
		return "the key set of the issuer has no key that verifies this token; was it issued by another server or tenant?"
	case reasonKeys:
		return "the issuer's metadata or key set can't be fetched; this heals by itself once it can"
	case reasonScope:
		return "the client can step up; if it never gets there, check that the authorization server may issue the scope to it"
	case reasonOrigin:
		return "if pages of this origin may call the endpoint, list it in Config.AllowedOrigins"
	case reasonForbidden:
		return "Config.Policy denies this operation to everybody; what a set table doesn't list falls under Policy.Unlisted"
	case reasonSession:
		return "the session was opened by another principal, or before this process started; the client opens a new one"
	case reasonNoVerifier:
		return "every verifier answered ErrNotMine; to take JWTs beside their tokens, list Config.Issuers"
	}
	return ""
}
