package authtest

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// StrangerKeysPath is where the server serves the key set that
// [EmbeddedJKU] points to. Its keys are not the server's; [Server.Requests]
// tells whether somebody fetched it.
const StrangerKeysPath = "/stranger/jwks.json"

// draft is a token on its way. A flaw alters it before or after it is signed.
type draft struct {
	server           *Server
	method           jwt.SigningMethod
	key              any
	kid              string
	header, claims   map[string]any
	rawHead, rawBody string
	encode           func([]byte) string // of the payload
}

// segments are the three parts of a signed token, in base64url.
type segments struct{ head, body, signature string }

func (p segments) String() string { return p.head + "." + p.body + "." + p.signature }

func (d *draft) forge(f Flaw) (string, error) {
	if f != "" && f != NoKeyID && !slices.Contains(Flaws(), f) {
		return "", fmt.Errorf("there is no flaw %q", string(f))
	}
	if f != "" && (d.rawHead != "" || d.rawBody != "") {
		return "", errors.New("Token.Flaw can't be combined with RawHeader or RawPayload")
	}
	if err := d.spoil(f); err != nil {
		return "", err
	}
	parts, err := d.sign()
	if err != nil {
		return "", err
	}
	return d.damage(f, parts)
}

func (d *draft) sign() (segments, error) {
	head, err := text(d.header, d.rawHead)
	if err != nil {
		return segments{}, err
	}
	body, err := text(d.claims, d.rawBody)
	if err != nil {
		return segments{}, err
	}
	parts := segments{head: base64.RawURLEncoding.EncodeToString([]byte(head)), body: d.encode([]byte(body))}
	signature, err := d.method.Sign(parts.head+"."+parts.body, d.key)
	parts.signature = base64.RawURLEncoding.EncodeToString(signature)
	return parts, err
}

// spoil applies the flaws that are signed.
func (d *draft) spoil(f Flaw) error {
	switch f {
	case StrangerKey:
		return d.signAsStranger("", nil)
	case EmbeddedJWK:
		return d.signAsStranger("jwk", func(k crypto.Signer) (any, error) { return newJWK(k.Public(), d.kid) })
	case EmbeddedX5C:
		return d.signAsStranger("x5c", func(k crypto.Signer) (any, error) { return certificate(k) })
	case EmbeddedJKU, EmbeddedX5U:
		name := strings.TrimPrefix(string(f), "embedded ")
		return d.signAsStranger(name, func(crypto.Signer) (any, error) {
			return d.server.http.URL + StrangerKeysPath, nil
		})
	case AlgNone:
		d.method, d.key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
		d.header["alg"] = "none"
	case HMACWithPublicKeyPEM, HMACWithPublicKeyDER:
		return d.signWithPublicKey(f == HMACWithPublicKeyPEM)
	case UnknownKeyID:
		d.header["kid"] = "unknown-" + rand.Text()
	case NoKeyID:
		delete(d.header, "kid")
	case UnknownCritical:
		d.header["crit"], d.header["example"] = []string{"example"}, true
	case DuplicateHeaderMember, CaseVariantHeaderMember, DuplicatePayloadMember, CaseVariantPayloadMember:
		return d.addTwin(f)
	case NonCanonicalPayload:
		d.encode = func(body []byte) string { return setLooseBits(base64.RawURLEncoding.EncodeToString(odd(body))) }
	case PaddedBase64:
		d.encode = func(body []byte) string { return base64.URLEncoding.EncodeToString(odd(body)) }
	}
	return nil
}

// signAsStranger signs with a key that the server doesn't have, and says so in
// the header member name, if there is one.
func (d *draft) signAsStranger(name string, value func(crypto.Signer) (any, error)) error {
	_, key, err := d.server.stranger.key(d.method.Alg())
	if err != nil {
		return err
	}
	d.key = key
	if value == nil {
		return nil
	}
	d.header[name], err = value(key)
	return err
}

// signWithPublicKey makes the secret of an HMAC of what everybody knows.
func (d *draft) signWithPublicKey(asPEM bool) error {
	kid, key, err := d.server.ring.key("RS256")
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if asPEM {
		secret = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: secret})
	}
	d.method, d.key = jwt.SigningMethodHS256, secret
	d.header["alg"], d.header["kid"] = "HS256", kid
	return nil
}

// addTwin writes a second member beside an honest one. A duplicate comes first,
// since most decoders take the last; a variant in other case comes last, since
// decoders that take it for the same name take the last too.
func (d *draft) addTwin(f Flaw) error {
	raw, members, name, twin := &d.rawHead, d.header, "kid", `"kid":"other"`
	if f == DuplicatePayloadMember || f == CaseVariantPayloadMember {
		raw, members, name, twin = &d.rawBody, d.claims, "sub", `"sub":"mallory"`
	}
	if _, ok := members[name]; !ok {
		return fmt.Errorf("%s needs the member %s", f, name)
	}
	honest, err := json.Marshal(members)
	if err != nil {
		return err
	}
	inside := string(honest[1 : len(honest)-1])
	if f == CaseVariantHeaderMember || f == CaseVariantPayloadMember {
		*raw = "{" + inside + "," + strings.Replace(twin, name, strings.ToUpper(name), 1) + "}"
	} else {
		*raw = "{" + twin + "," + inside + "}"
	}
	return nil
}

// damage applies the flaws that come after signing.
func (d *draft) damage(f Flaw, p segments) (string, error) {
	switch f {
	case TamperedPayload:
		d.claims["sub"] = "mallory"
		body, err := json.Marshal(d.claims)
		p.body = base64.RawURLEncoding.EncodeToString(body)
		return p.String(), err
	case TamperedSignature:
		signature, err := base64.RawURLEncoding.DecodeString(p.signature)
		if err != nil {
			return "", err
		}
		signature[len(signature)/2] ^= 1
		p.signature = base64.RawURLEncoding.EncodeToString(signature)
	case EmptySignature:
		p.signature = ""
	case NonCanonicalSignature:
		if len(p.signature)%4 == 0 {
			return "", fmt.Errorf("%s signatures have no loose bits", d.method.Alg())
		}
		p.signature = setLooseBits(p.signature)
	case FiveSegments:
		return p.head + "." + p.body + "." + p.signature + "." + p.body + "." + p.signature, nil
	case TwoSegments:
		return p.head + "." + p.body, nil
	case Garbage:
		return "garbage-" + rand.Text(), nil
	}
	return p.String(), nil
}

// odd pads JSON with a space where it would fill its base64 text to the last
// bit.
func odd(body []byte) []byte {
	if len(body)%3 == 0 {
		return append(body, ' ')
	}
	return body
}

// setLooseBits sets the last bit of base64url text, one that no byte owns.
func setLooseBits(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, text[len(text)-1])
	return text[:len(text)-1] + alphabet[last|1:last|1+1]
}

// certificate returns a self-signed certificate of key, as x5c has it (RFC 7515
// §4.1.6).
func certificate(key crypto.Signer) ([]string, error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return []string{base64.StdEncoding.EncodeToString(der)}, err
}

func (s *Server) serveStrangerKeys(w http.ResponseWriter) {
	set, err := s.stranger.published()
	if err != nil {
		s.tb.Errorf("authtest: %v", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	// The kid is that of the server's key: a token names only one.
	current := s.ring.generation()
	for _, jwk := range set {
		kid, _ := jwk["kid"].(string)
		jwk["kid"] = strings.Replace(kid, s.stranger.id, current.id, 1)
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": set}) // The client is gone if this fails.
}
