package keyset

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"net/http"
	"strings"
	"testing"
)

// FuzzParse reads key sets of a hostile authorization server: whatever they are,
// only keys of the kinds and sizes that may verify come out, and each for its own
// algorithms.
func FuzzParse(f *testing.F) {
	for _, set := range []string{
		`{"keys":[]}`, `null`, `{"keys":[null]}`, `{"keys":[{}]}`, `{"keys":{}}`, `[]`,
		`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
		`{"keys":[{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","x":"gh9MmXjtmcHFesofqWZ6iuxSdAYgoPVvfJqpv1818lo","y":"3BDZHsNvKUb5VbyGPqcAFf4FGuPhJ2Xy215oWDw_1jc"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}]}`, `{"keys":[{"kty":"EC","crv":"","x":"","y":""}]}`,
		`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`, `{"keys":[{"kty":"RSA","n":"","e":""}]}`,
		`{"keys":[{"kty":"RSA","n":"` + strings.Repeat("_", 342) + `","e":"AQ","alg":"RS256"}]}`,
		`{"keys":[{"kty":"RSA","n":"` + strings.Repeat("_", 342) + `","e":"AAAA","d":"AA","p":"AA","q":"AA"}]}`,
		`{"keys":[{"kty":"oct","k":"AAAA"}]}`, `{"keys":[{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}]}`,
		`{"keys":[{"kty":"EC","x5c":["AAAA"],"x5u":"http://x"}]}`,
	} {
		f.Add([]byte(set))
	}
	f.Fuzz(func(t *testing.T, set []byte) {
		keys, _, err := parse(set)
		if err == nil && len(keys) == 0 || err != nil && len(keys) > 0 {
			t.Fatalf("%d keys, error %v", len(keys), err)
		}
		for _, key := range keys {
			checkKey(t, key)
		}
	})
}

func checkKey(t *testing.T, key *Key) {
	t.Helper()
	var family string
	switch public := key.public.(type) {
	case *rsa.PublicKey:
		family = "RS256 RS384 RS512 PS256 PS384 PS512"
		if bits := public.N.BitLen(); bits < 2048 || bits > 8192 {
			t.Fatalf("RSA of %d bits", bits)
		}
	case *ecdsa.PublicKey:
		if _, err := public.ECDH(); err != nil { // which looks whether the point is on the curve
			t.Fatalf("a point that is none: %v", err)
		}
		family = map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[public.Curve.Params().BitSize]
	case ed25519.PublicKey:
		family = "EdDSA"
		if len(public) != ed25519.PublicKeySize {
			t.Fatalf("an Ed25519 key of %d bytes", len(public))
		}
	default:
		t.Fatalf("a key of type %T", public)
	}
	for _, algorithm := range []string{
		"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
		"none", "HS256", "", "ES256K", "Ed25519",
	} {
		if key.fits(algorithm) && (algorithm == "" || !strings.Contains(family, algorithm)) {
			t.Fatalf("a key for %q takes %q", family, algorithm)
		}
	}
}

// FuzzLifetime reads how long a set may be kept.
func FuzzLifetime(f *testing.F) {
	for _, header := range []string{"", "max-age=60", `public, MAX-AGE="7"`, "max-age=-1", "max-age=99999999999999999999", "max-age", ",,=,max-age=1=2"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if got := lifetime(http.Header{"Cache-Control": {header}}); got < minRefresh || got > maxRefresh {
			t.Fatalf("%q: %v", header, got)
		}
	})
}
