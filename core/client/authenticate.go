package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// Ways of client authentication (RFC 7591 §2, RFC 7523 §2.2).
const (
	authNone          = "none"
	authBasic         = "client_secret_basic"
	authPost          = "client_secret_post"
	authPrivateKeyJWT = "private_key_jwt"

	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLife = time.Minute
)

// authMethod is how the client of Credentials authenticates.
func (t *Transport) authMethod(server discovery.Metadata) (string, error) {
	c := t.config.Credentials
	method := authNone
	switch {
	case c.Key != nil:
		method = authPrivateKeyJWT
	case c.Secret != "" && c.AuthMethod != "":
		method = c.AuthMethod
	case c.Secret != "":
		method = secretMethod(server)
	}
	supported := server.TokenEndpointAuthMethodsSupported
	if method != authNone && len(supported) > 0 && !slices.Contains(supported, method) {
		return "", fmt.Errorf("the server doesn't support %s, which Credentials are for, but %q", method, clean(strings.Join(supported, " ")))
	}
	return method, nil
}

// secretMethod is how a secret is sent where the client may choose. Servers that
// say nothing take Basic (RFC 8414 §2).
func secretMethod(server discovery.Metadata) string {
	supported := server.TokenEndpointAuthMethodsSupported
	if !slices.Contains(supported, authBasic) && slices.Contains(supported, authPost) {
		return authPost
	}
	return authBasic
}

// registrationMethod is how a client asks to authenticate when it registers. An
// app on the user's machine can keep no secret (RFC 8252 §8.5), so it asks for
// none where that is allowed.
func registrationMethod(server discovery.Metadata) string {
	if slices.Contains(server.TokenEndpointAuthMethodsSupported, authNone) {
		return authNone
	}
	return secretMethod(server)
}

// secretOf returns the secret of a client, empty if there is none: its own, or
// the one of Credentials if it is their client.
func (t *Transport) secretOf(client Registration) string {
	c := t.config.Credentials
	if client.ClientSecret == "" && client.ClientID == c.ID {
		return c.Secret
	}
	return client.ClientSecret
}

// canProve reports whether the means are at hand by which a client
// authenticates.
func (t *Transport) canProve(client Registration) bool {
	switch client.AuthMethod {
	case authNone:
		return true
	case authPrivateKeyJWT:
		return t.config.Credentials.Key != nil
	case authBasic, authPost:
		return t.secretOf(client) != ""
	}
	return false
}

// authenticate adds to a token request what proves who the client is.
func (t *Transport) authenticate(ctx context.Context, issuer string, client Registration, request *clientcredentials.Config) error {
	secret := t.secretOf(client)
	switch client.AuthMethod {
	case authBasic:
		request.ClientSecret, request.AuthStyle = secret, oauth2.AuthStyleInHeader
	case authPost:
		request.ClientSecret = secret
	case authPrivateKeyJWT:
		assertion, err := t.assertion(ctx, issuer, client.ClientID)
		if err != nil {
			return err
		}
		request.EndpointParams.Set("client_assertion_type", assertionType)
		request.EndpointParams.Set("client_assertion", assertion)
		return nil
	case authNone:
		return nil
	default:
		return fmt.Errorf("the client is registered for %q, which is not known here", clean(client.AuthMethod))
	}
	if secret == "" {
		return errors.New("the client is registered with a secret, and there is none: set Credentials.Secret, or let the client register anew")
	}
	return nil
}

// assertion is a JWT by which the client authenticates (RFC 7523 §3). Its
// audience is the issuer alone, so that no other server can use it.
func (t *Transport) assertion(ctx context.Context, issuer, clientID string) (string, error) {
	c := t.config.Credentials
	if c.Key == nil {
		return "", errors.New("the client authenticates by private_key_jwt, and there is no key: set Credentials.Key")
	}
	method, err := c.signingMethod()
	if err != nil {
		return "", err
	}
	now := environ.From(ctx).Now()
	token := jwt.NewWithClaims(method, jwt.MapClaims{
		"iss": clientID, "sub": clientID, "aud": issuer, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if c.KeyID != "" {
		token.Header["kid"] = c.KeyID
	}
	return token.SignedString(c.Key)
}

// signingMethod is the algorithm that Key signs with.
func (c Credentials) signingMethod() (jwt.SigningMethod, error) {
	var fitting []string
	switch key := c.Key.(type) {
	case *rsa.PrivateKey:
		fitting = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PrivateKey:
		// The algorithm goes with the curve (RFC 7518 §3.4).
		name := map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[key.Params().BitSize]
		if name == "" {
			return nil, errors.New("there is no algorithm for the key's curve")
		}
		fitting = []string{name}
	case ed25519.PrivateKey:
		fitting = []string{"EdDSA"}
	default:
		return nil, fmt.Errorf("a key of type %T can't sign assertions", c.Key)
	}
	name := c.Algorithm
	if name == "" {
		name = fitting[0]
	}
	if !slices.Contains(fitting, name) {
		return nil, fmt.Errorf("the algorithm %q doesn't fit the key", name)
	}
	return jwt.GetSigningMethod(name), nil
}
