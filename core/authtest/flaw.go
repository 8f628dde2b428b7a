package authtest

// Flaw is one way in which a token is wrong. Except for [NoKeyID] every
// resource server must answer a token with a flaw 401 invalid_token (RFC 6750
// §3.1); its text names it, so that it can name a subtest.
type Flaw string

// Signatures that prove nothing.
const (
	// TamperedPayload has the subject changed after signing.
	TamperedPayload Flaw = "tampered payload"
	// TamperedSignature has one bit of the signature flipped.
	TamperedSignature Flaw = "tampered signature"
	// StrangerKey is signed by a key that the server doesn't have, under the
	// kid of one that it has.
	StrangerKey Flaw = "stranger key"
	// AlgNone has alg "none" and no signature (RFC 8725 §2.1).
	AlgNone Flaw = "alg none"
	// HMACWithPublicKeyPEM is signed by HS256 with the server's public RSA key,
	// in PEM, as the secret (RFC 8725 §2.1).
	HMACWithPublicKeyPEM Flaw = "HMAC with public key PEM"
	// HMACWithPublicKeyDER is the same with the key in DER.
	HMACWithPublicKeyDER Flaw = "HMAC with public key DER"
	// EmptySignature has no third segment's text, under an honest alg.
	EmptySignature Flaw = "empty signature"
)

// Keys named wrongly. Those that point to a key are signed by that key, under a
// kid that the server has.
const (
	// UnknownKeyID is rightly signed, under a random kid that no key has.
	UnknownKeyID Flaw = "unknown kid"
	// NoKeyID is rightly signed and has no kid. A resource server may accept
	// it (RFC 7515 §4.1.4).
	NoKeyID Flaw = "no kid"
	// EmbeddedJWK has the stranger's key in jwk (RFC 8725 §3.1).
	EmbeddedJWK Flaw = "embedded jwk"
	// EmbeddedJKU has a jku that serves the stranger's key, at
	// [StrangerKeysPath] of this server. Nobody must fetch it.
	EmbeddedJKU Flaw = "embedded jku"
	// EmbeddedX5U has an x5u to the same place.
	EmbeddedX5U Flaw = "embedded x5u"
	// EmbeddedX5C has the stranger's certificate in x5c.
	EmbeddedX5C Flaw = "embedded x5c"
)

// Text that two readers read differently. All of these are rightly signed.
const (
	// DuplicateHeaderMember has kid twice, the good one last.
	DuplicateHeaderMember Flaw = "duplicate header member"
	// DuplicatePayloadMember has sub twice, the good one last.
	DuplicatePayloadMember Flaw = "duplicate payload member"
	// CaseVariantHeaderMember has KID beside kid.
	CaseVariantHeaderMember Flaw = "case-variant header member"
	// CaseVariantPayloadMember has SUB beside sub.
	CaseVariantPayloadMember Flaw = "case-variant payload member"
	// NonCanonicalPayload has bits set in the last character of its payload
	// that decode to nothing (RFC 4648 §3.5).
	NonCanonicalPayload Flaw = "non-canonical base64 payload"
	// NonCanonicalSignature has such bits in its signature: another text for
	// the same token. ES384 and ES512 signatures have no such bits; asking for
	// them fails the test.
	NonCanonicalSignature Flaw = "non-canonical base64 signature"
	// PaddedBase64 has "=" at the end of its payload (RFC 7515 §2 allows none).
	PaddedBase64 Flaw = "padded base64"
)

// Tokens of another shape.
const (
	// UnknownCritical has a crit with an extension that nobody knows (RFC 7515
	// §4.1.11). It is rightly signed.
	UnknownCritical Flaw = "unknown crit"
	// FiveSegments looks like a JWE (RFC 7516 §3.1).
	FiveSegments Flaw = "five segments"
	// TwoSegments has lost its signature, and the dot before it.
	TwoSegments Flaw = "two segments"
	// Garbage is text in the token68 alphabet that is no JWT.
	Garbage Flaw = "garbage"
)

// Flaws returns every flaw that a resource server must refuse: all but
// [NoKeyID].
func Flaws() []Flaw {
	return []Flaw{
		TamperedPayload, TamperedSignature, StrangerKey, AlgNone, HMACWithPublicKeyPEM, HMACWithPublicKeyDER,
		EmptySignature, UnknownKeyID, EmbeddedJWK, EmbeddedJKU, EmbeddedX5U, EmbeddedX5C,
		DuplicateHeaderMember, DuplicatePayloadMember, CaseVariantHeaderMember, CaseVariantPayloadMember,
		NonCanonicalPayload, NonCanonicalSignature, PaddedBase64,
		UnknownCritical, FiveSegments, TwoSegments, Garbage,
	}
}
