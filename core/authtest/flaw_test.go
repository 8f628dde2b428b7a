package authtest_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// S3, S21, S22: what a careless resource server makes of each flaw. Where it
// accepts the token the signature is right and only the flaw is wrong, so a
// refusal proves that the flaw was seen.
func TestFlawsAreWhatTheirNamesSay(t *testing.T) {
	as := authtest.NewServer(t)
	accepted := []authtest.Flaw{
		authtest.NoKeyID, authtest.DuplicateHeaderMember, authtest.DuplicatePayloadMember,
		authtest.CaseVariantHeaderMember, authtest.CaseVariantPayloadMember,
		authtest.NonCanonicalPayload, authtest.NonCanonicalSignature, authtest.UnknownCritical,
	}
	for _, flaw := range append(authtest.Flaws(), authtest.NoKeyID) {
		t.Run(string(flaw), func(t *testing.T) {
			token := as.Mint(authtest.Token{Flaw: flaw, Audience: resource})
			_, err := verify(t, as, token)
			if got := err == nil; got != slices.Contains(accepted, flaw) {
				t.Errorf("accepted: %t (%v)", got, err)
			}
		})
	}
	if slices.Contains(authtest.Flaws(), authtest.NoKeyID) {
		t.Error("a token without kid need not be refused")
	}
}

// Flaws can be combined with every algorithm that has the bits for them.
func TestFlawsOfOtherAlgorithms(t *testing.T) {
	as := authtest.NewServer(t)
	for _, algorithm := range []string{"PS256", "ES256", "EdDSA"} {
		for _, flaw := range authtest.Flaws() {
			good := as.Mint(authtest.Token{Algorithm: algorithm})
			if bad := as.Mint(authtest.Token{Algorithm: algorithm, Flaw: flaw}); bad == good {
				t.Errorf("%s: %s changes nothing", algorithm, flaw)
			}
		}
	}
}

func TestSignatureFlaws(t *testing.T) {
	as := authtest.NewServer(t)
	payload := decode(t, as.Mint(authtest.Token{Flaw: authtest.TamperedPayload}), 1)
	if payload["sub"] != "mallory" {
		t.Errorf("sub is %v", payload["sub"])
	}
	stranger := as.Mint(authtest.Token{Flaw: authtest.StrangerKey})
	if decode(t, stranger, 0)["kid"] != as.KeyID("RS256") {
		t.Error("the stranger doesn't use a known kid")
	}
	unknown := as.Mint(authtest.Token{Flaw: authtest.UnknownKeyID})
	if _, err := jwt.Parse(unknown, anyKeyOf(t, as)); err != nil {
		t.Errorf("an unknown kid is not rightly signed: %v", err)
	}
	none := as.Mint(authtest.Token{Flaw: authtest.AlgNone})
	if decode(t, none, 0)["alg"] != "none" || !strings.HasSuffix(none, ".") {
		t.Error("alg none has another alg, or a signature")
	}
	empty := as.Mint(authtest.Token{Flaw: authtest.EmptySignature})
	if decode(t, empty, 0)["alg"] != "RS256" || !strings.HasSuffix(empty, ".") {
		t.Error("an empty signature has another alg, or a signature")
	}
}

// publicKey is the server's RSA key, as everybody can fetch it.
func publicKey(t *testing.T, as *authtest.Server) *rsa.PublicKey {
	t.Helper()
	_, body := mustFetch(t, as.Endpoints().KeySet)
	keys, err := keyfunc.NewJWKSetJSON(json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := keys.Storage().KeyRead(t.Context(), as.KeyID("RS256"))
	if err != nil {
		t.Fatal(err)
	}
	return jwk.Key().(*rsa.PublicKey)
}

// anyKeyOf takes the server's RSA key, whatever kid says.
func anyKeyOf(t *testing.T, as *authtest.Server) jwt.Keyfunc {
	t.Helper()
	key := publicKey(t, as)
	return func(*jwt.Token) (any, error) { return key, nil }
}

// RFC 8725 §2.1: whoever takes the public key for a secret accepts these.
func TestHMACFlaws(t *testing.T) {
	as := authtest.NewServer(t)
	der, err := x509.MarshalPKIXPublicKey(publicKey(t, as))
	if err != nil {
		t.Fatal(err)
	}
	for flaw, secret := range map[authtest.Flaw][]byte{
		authtest.HMACWithPublicKeyDER: der,
		authtest.HMACWithPublicKeyPEM: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
	} {
		parsed, err := jwt.Parse(as.Mint(authtest.Token{Flaw: flaw}), func(*jwt.Token) (any, error) { return secret, nil })
		if err != nil {
			t.Errorf("%s: %v", flaw, err)
			continue
		}
		if parsed.Method != jwt.SigningMethodHS256 || parsed.Header["kid"] != as.KeyID("RS256") {
			t.Errorf("%s: the header is %v", flaw, parsed.Header)
		}
	}
}

// RFC 8725 §3.1: whoever follows the key that the token brings accepts these.
func TestEmbeddedKeys(t *testing.T) {
	as := authtest.NewServer(t)
	follow := map[authtest.Flaw]jwt.Keyfunc{
		authtest.EmbeddedJWK: func(token *jwt.Token) (any, error) {
			text, err := json.Marshal(token.Header["jwk"])
			if err != nil {
				return nil, err
			}
			return readJWK(text)
		},
		authtest.EmbeddedX5C: func(token *jwt.Token) (any, error) {
			der, err := base64.StdEncoding.DecodeString(token.Header["x5c"].([]any)[0].(string))
			if err != nil {
				return nil, err
			}
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				return nil, err
			}
			return certificate.PublicKey, nil
		},
		authtest.EmbeddedJKU: followURL(t, "jku"),
		authtest.EmbeddedX5U: followURL(t, "x5u"),
	}
	for flaw, keyfunc := range follow {
		token := as.Mint(authtest.Token{Flaw: flaw})
		if decode(t, token, 0)["kid"] != as.KeyID("RS256") {
			t.Errorf("%s: the kid is not a known one", flaw)
		}
		if _, err := jwt.Parse(token, keyfunc); err != nil {
			t.Errorf("%s: following it: %v", flaw, err)
		}
	}
	if got := as.Requests(authtest.StrangerKeysPath); got != 2 {
		t.Errorf("the stranger's keys were fetched %d times, want 2", got)
	}
}

func followURL(t *testing.T, member string) jwt.Keyfunc {
	return func(token *jwt.Token) (any, error) {
		status, body := mustFetch(t, token.Header[member].(string))
		if status != http.StatusOK {
			t.Errorf("%s answers %d", member, status)
		}
		keys, err := keyfunc.NewJWKSetJSON(json.RawMessage(body))
		if err != nil {
			return nil, err
		}
		return keys.Keyfunc(token)
	}
}

func readJWK(text []byte) (any, error) {
	jwk, err := jwkset.NewJWKFromRawJSON(text, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return nil, err
	}
	return jwk.Key(), nil
}

func TestTextFlaws(t *testing.T) {
	as := authtest.NewServer(t)
	for flaw, c := range map[authtest.Flaw]struct {
		segment int
		names   []string
	}{
		authtest.DuplicateHeaderMember:    {0, []string{`"kid":"other"`, `"kid":"` + as.KeyID("RS256")}},
		authtest.DuplicatePayloadMember:   {1, []string{`"sub":"mallory"`, `"sub":"alice"`}},
		authtest.CaseVariantHeaderMember:  {0, []string{`"kid":"` + as.KeyID("RS256"), `"KID":"other"`}},
		authtest.CaseVariantPayloadMember: {1, []string{`"sub":"alice"`, `"SUB":"mallory"`}},
	} {
		token := as.Mint(authtest.Token{Flaw: flaw, Claims: map[string]any{"nested": map[string]any{"a": map[string]any{}}}})
		text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[c.segment])
		if err != nil || !json.Valid(text) {
			t.Errorf("%s: not JSON: %v", flaw, err)
			continue
		}
		first, second := strings.Index(string(text), c.names[0]), strings.Index(string(text), c.names[1])
		if first < 0 || second < first {
			t.Errorf("%s: the members stand at %d and %d", flaw, first, second)
		}
	}
}

// RFC 4648 §3.5, RFC 7515 §2.
func TestBase64Flaws(t *testing.T) {
	as := authtest.NewServer(t)
	for range 3 { // The length of a payload differs with its jti.
		for flaw, segment := range map[authtest.Flaw]int{authtest.NonCanonicalPayload: 1, authtest.NonCanonicalSignature: 2} {
			token := as.Mint(authtest.Token{Flaw: flaw})
			if _, err := verify(t, as, token, jwt.WithStrictDecoding()); err == nil {
				t.Errorf("%s: strict decoding accepts it", flaw)
			}
			for i, text := range strings.Split(token, ".") {
				_, err := base64.RawURLEncoding.Strict().DecodeString(text)
				if (err != nil) != (i == segment) {
					t.Errorf("%s: segment %d: %v", flaw, i, err)
				}
			}
		}
		padded := as.Mint(authtest.Token{Flaw: authtest.PaddedBase64})
		if _, err := base64.URLEncoding.DecodeString(strings.Split(padded, ".")[1]); err != nil || strings.Count(padded, "=") == 0 {
			t.Errorf("the payload is not padded: %v", err)
		}
		if _, err := jwt.Parse(padded, anyKeyOf(t, as), jwt.WithPaddingAllowed()); err != nil {
			t.Errorf("a padded token is not rightly signed: %v", err)
		}
	}
}

func TestShapeFlaws(t *testing.T) {
	as := authtest.NewServer(t)
	for flaw, dots := range map[authtest.Flaw]int{authtest.FiveSegments: 4, authtest.TwoSegments: 1, authtest.Garbage: 0} {
		if got := strings.Count(as.Mint(authtest.Token{Flaw: flaw}), "."); got != dots {
			t.Errorf("%s has %d dots, want %d", flaw, got, dots)
		}
	}
	critical := decode(t, as.Mint(authtest.Token{Flaw: authtest.UnknownCritical}), 0)
	if list, _ := critical["crit"].([]any); len(list) != 1 || critical[list[0].(string)] != true {
		t.Errorf("crit is %v", critical["crit"])
	}
}
