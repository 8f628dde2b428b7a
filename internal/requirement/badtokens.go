package requirement

import (
	"strings"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// badTokenRows are S3 and the list of what a verifier must refuse by itself:
// tokens that are unknown, garbage, tampered with, or read in two ways. The
// client learns nothing of the reason.
func badTokenRows() []Row {
	reasons := map[authtest.Flaw]string{
		authtest.AlgNone: "algorithm_not_allowed", authtest.HMACWithPublicKeyPEM: "algorithm_not_allowed",
		authtest.HMACWithPublicKeyDER: "algorithm_not_allowed",
		authtest.UnknownKeyID:         "unknown_key",
		authtest.UnknownCritical:      "critical_header", authtest.FiveSegments: "encrypted_token",
		authtest.TwoSegments: "not_a_jwt", authtest.Garbage: "not_a_jwt",
		authtest.DuplicateHeaderMember: "malformed_token", authtest.DuplicatePayloadMember: "malformed_token",
		authtest.CaseVariantHeaderMember: "malformed_token", authtest.CaseVariantPayloadMember: "malformed_token",
		authtest.NonCanonicalPayload: "malformed_token", authtest.NonCanonicalSignature: "malformed_token",
		authtest.PaddedBase64: "malformed_token",
	}
	var rows []Row
	for _, flaw := range authtest.Flaws() {
		reason := reasons[flaw]
		if reason == "" {
			reason = "bad_signature"
		}
		want := endpoint().invalid(reason)
		if flaw == authtest.UnknownKeyID {
			want = want.fetching(1) // Its key might have been published since.
		}
		token := good("a", "b")
		token.Flaw = flaw
		rows = append(rows, one("S3/"+strings.ReplaceAll(string(flaw), " ", "-"), "RFC 6750 §3.1; RFC 8725 §3",
			"A token with this flaw is invalid, and the answer doesn't say why: "+string(flaw)+".",
			Request{Token: token}, want))
	}
	return append(append(rows, shapeRows()...), jsonRows()...)
}

// shapeRows are tokens whose text is no compact JWS.
func shapeRows() []Row {
	var rows []Row
	for _, c := range cases.Shapes() {
		// The verifier sees what stands after Bearer, which isn't the token.
		rows = append(rows, one(c.ID, c.Clause, c.About, Request{Mint: mangled(c.Values[0])}, endpoint().invalid(c.Reason)))
	}
	return rows
}

// mangled mints a good token and changes its text.
func mangled(value string) func(*World) string {
	return func(w *World) string {
		text := strings.TrimPrefix(value, "Bearer ")
		return strings.ReplaceAll(text, "{token}", w.mint(*good("a", "b")))
	}
}

// jsonRows are rightly signed tokens whose JSON isn't what it must be.
func jsonRows() []Row {
	var rows []Row
	for name, header := range map[string]string{
		"text-after-header": `{"alg":"RS256","typ":"at+jwt"} x`, "header-is-a-list": `[{"alg":"RS256"}]`,
		"header-is-null": `null`, "header-cut-short": `{"alg":"RS256"`, "header-not-utf8": "{\"alg\":\"RS256\",\"x\":\"\xff\"}",
		"header-duplicate-alg": `{"alg":"none","alg":"RS256"}`, "header-case-variant-alg": `{"alg":"RS256","ALG":"none"}`,
		"header-kelvin": "{\"alg\":\"RS256\",\"kid\":\"x\",\"\u212Aid\":\"y\"}",
		"header-bom":    "\ufeff{\"alg\":\"RS256\"}",
	} {
		rows = append(rows, one("S3/"+name, "RFC 7515 §4, RFC 8725 §2.6", "A header that decoders read differently, or not at all, is invalid.",
			Request{Token: &authtest.Token{RawHeader: header, Audience: Resource}}, endpoint().invalid("malformed_token")))
	}
	for name, payload := range map[string]string{
		"text-after-claims": `{"iss":"{issuer}"}{}`, "claims-are-a-list": `["{issuer}"]`, "claims-are-text": `"x"`,
		"claims-cut-short": `{"iss":"{issuer}"`, "claims-not-utf8": "{\"iss\":\"{issuer}\",\"sub\":\"\xff\"}",
		"claims-duplicate-exp":    `{"iss":"{issuer}","exp":1,"exp":9999999999}`,
		"claims-duplicate-scope":  `{"iss":"{issuer}","scope":"a","scope":"a b"}`,
		"claims-case-variant-aud": `{"iss":"{issuer}","aud":"x","Aud":"https://mcp.example/mcp"}`,
		"claims-long-s":           "{\"iss\":\"{issuer}\",\"sub\":\"x\",\"\u017Fub\":\"y\"}",
		"claims-escaped-twin":     `{"iss":"{issuer}","sub":"x","\u0073ub":"y"}`,
		"claims-too-deep":         `{"iss":"{issuer}","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
	} {
		rows = append(rows, one("S3/"+name, "RFC 7519 §4, RFC 8725 §2.6", "Claims that decoders read differently, or not at all, are invalid.",
			Request{Mint: func(w *World) string {
				t := authtest.Token{RawPayload: strings.ReplaceAll(payload, "{issuer}", w.Server.Issuer())}
				return w.mint(t)
			}}, endpoint().invalid("malformed_token")))
	}
	return rows
}
