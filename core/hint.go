package core

import (
	"slices"
	"strings"
)

// hint says which setting cures a refusal, for the operator alone: what the
// issuer's provider is known for, and what holds everywhere.
func (rs *ResourceServer) hint(reason, got string, rules *trustedIssuer) string {
	hints := rs.ownHints(reason, rules)
	if reason == reasonIssuer {
		if near := rs.nearIssuer(got); near != "" {
			hints = append(hints, near)
		}
	}
	if general := generalHint(reason); general != "" {
		hints = append(hints, general)
	}
	return strings.Join(hints, "; ")
}

// ownHints are those of the issuer whose rules refuse. Where none was found, any
// may be meant.
func (rs *ResourceServer) ownHints(reason string, rules *trustedIssuer) []string {
	if rules != nil {
		if own := rules.Hints[reason]; own != "" {
			return []string{own}
		}
		return nil
	}
	if !slices.Contains([]string{reasonIssuer, reasonOpaque, reasonEncrypted}, reason) {
		return nil
	}
	var hints []string
	for _, name := range rs.issuerNames {
		if own := rs.issuers[name].Hints[reason]; own != "" && !slices.Contains(hints, own) {
			hints = append(hints, own)
		}
	}
	return hints
}

// nearIssuer says what keeps an issuer from being one that is trusted, where it
// is a matter of spelling.
func (rs *ResourceServer) nearIssuer(got string) string {
	for _, name := range rs.issuerNames {
		switch {
		case got+"/" == name || got == name+"/":
			return "the token's iss differs from Issuers[].URL by the slash at its end"
		case strings.EqualFold(got, name):
			return "the token's iss differs from Issuers[].URL in upper and lower case"
		}
	}
	return ""
}

// generalHint is what holds for every issuer.
func generalHint(reason string) string {
	switch reason {
	case reasonOpaque:
		return "have the authorization server issue JWT access tokens for this resource (many need an API or audience to be set up first), or set Issuer.Introspection"
	case reasonEncrypted:
		return "switch off encryption of access tokens for this resource at the authorization server, or set Issuer.Introspection"
	case reasonAlgorithm:
		return "if the issuer means to use this algorithm, list it in Issuer.Algorithms"
	case reasonType, reasonNotAccess:
		return "the client must send its access token; an ID token or refresh token is none"
	case reasonIssuer:
		return "spell Issuers[].URL exactly as the token's iss, trailing slash included"
	case reasonAudience:
		return "have the authorization server put the resource identifier into aud (RFC 8707), or list what it puts there in Issuer.Audiences"
	case reasonClaim:
		return "Issuer.Require asks for this claim; if the value is a good one, list it there"
	case reasonInactive:
		return "the token was revoked, is over, or is none of the issuer's; the client gets a new one"
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
	case reasonIntrospection:
		return "the introspection endpoint can't be reached or doesn't answer in its form; this heals by itself once it does"
	case reasonClient:
		return "check Introspection.ClientID, its secret or key and its AuthMethod, and that the issuer lets this client introspect; clients of the endpoint can do nothing about it"
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
