package introspect

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The methods of client authentication, by their registered names (RFC 7591 §2,
// OpenID Connect Core §9).
const (
	None  = "none"
	Basic = "client_secret_basic"
	Post  = "client_secret_post"
	JWT   = "private_key_jwt"
)

// Authentication proves to the authorization server who asks.
type Authentication struct {
	// Method is one of the methods above.
	Method string
	// ClientID and Secret are the client's; JWT has no secret.
	ClientID, Secret string
	// Issuer is whom a JWT is for (RFC 7523 §3).
	Issuer string
	// Key signs a JWT, under KeyID if there is one.
	Key   crypto.Signer
	KeyID string
}

// lifetime is how long an assertion may be used: long enough for clocks that
// differ, since it is used at once.
const lifetime = time.Minute

// add puts the proof into the request.
func (a *Authentication) add(form url.Values, header http.Header, now time.Time) error {
	switch a.Method {
	case Basic:
		// Both are form-encoded before they are joined (RFC 6749 §2.3.1), so that
		// a colon in the id doesn't end it.
		pair := url.QueryEscape(a.ClientID) + ":" + url.QueryEscape(a.Secret)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case Post:
		form.Set("client_id", a.ClientID)
		form.Set("client_secret", a.Secret)
	case JWT:
		assertion, err := a.assertion(now)
		if err != nil {
			return err
		}
		form.Set("client_id", a.ClientID)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	default:
		if a.ClientID != "" {
			form.Set("client_id", a.ClientID)
		}
	}
	return nil
}

// assertion is a JWT that says who asks whom, now and once (RFC 7523 §3).
func (a *Authentication) assertion(now time.Time) (string, error) {
	method, err := MethodOf(a.Key)
	if err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(method, jwt.MapClaims{
		"iss": a.ClientID, "sub": a.ClientID, "aud": a.Issuer, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(),
	})
	if a.KeyID != "" {
		token.Header["kid"] = a.KeyID
	}
	signed, err := token.SignedString(a.Key)
	if err != nil {
		return "", fmt.Errorf("signing the client assertion: %w", err)
	}
	return signed, nil
}

// MethodOf returns how the key signs, or why it can't.
func MethodOf(key crypto.Signer) (jwt.SigningMethod, error) {
	const minRSABits = 2048
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k == nil {
			break
		}
		if k.N == nil || k.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("the RSA key has less than %d bits", minRSABits)
		}
		return jwt.SigningMethodRS256, nil
	case *ecdsa.PrivateKey:
		if k == nil || k.Curve == nil {
			break
		}
		switch k.Curve.Params().BitSize {
		case 256:
			return jwt.SigningMethodES256, nil
		case 384:
			return jwt.SigningMethodES384, nil
		case 521:
			return jwt.SigningMethodES512, nil
		}
		return nil, errors.New("there is no algorithm for the key's curve (RFC 7518 §3.4)")
	case ed25519.PrivateKey:
		if len(k) == ed25519.PrivateKeySize {
			return jwt.SigningMethodEdDSA, nil
		}
	}
	return nil, errors.New("the key is none of *rsa.PrivateKey, *ecdsa.PrivateKey and ed25519.PrivateKey")
}
