package devissuer

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/golang-jwt/jwt/v5"
)

// Keys signs access tokens and publishes what verifies them. Its methods are
// called concurrently.
type Keys interface {
	// Sign returns claims as a signed JWT, whose header has a kid that KeySet
	// lists and the given typ (RFC 9068 §2.1). An error makes the token
	// request fail with server_error.
	Sign(typ string, claims map[string]any) (string, error)
	// KeySet returns a JWK Set (RFC 7517 §5) with public keys only.
	KeySet() ([]byte, error)
}

// rsaKey is the Keys of a server that was given none.
type rsaKey struct {
	id      string
	private *rsa.PrivateKey
}

func newRSAKey() (*rsaKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("devissuer: generating the signing key: %w", err)
	}
	return &rsaKey{id: rand.Text(), private: private}, nil
}

// Sign implements Keys with RS256, which every verifier knows.
func (k *rsaKey) Sign(typ string, claims map[string]any) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims))
	token.Header["typ"] = typ
	token.Header["kid"] = k.id
	return token.SignedString(k.private)
}

// KeySet implements Keys.
func (k *rsaKey) KeySet() ([]byte, error) {
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	return json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id,
		"n": number(k.private.N),
		"e": number(big.NewInt(int64(k.private.E))),
	}}})
}
