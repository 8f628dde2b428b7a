package core

import (
	"cmp"
	"crypto"
	"fmt"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/introspect"
)

// Introspection says how to ask an issuer what its tokens are worth (RFC 7662).
// An answer is held against the issuer's other rules as the claims of a JWT
// are: iss, aud, exp, scope and so on. One without exp is good for CacheTime.
//
// While nobody answers, and where the issuer refuses this service's own
// credentials, tokens can't be verified: requests are answered 503, not 401.
type Introspection struct {
	_ struct{}

	// Endpoint is the introspection endpoint. By default it is the one that the
	// issuer's metadata name (introspection_endpoint, RFC 8414 §2). Nothing is
	// sent anywhere else, and redirects are not followed.
	Endpoint string
	// ClientID and ClientSecret are what this service is known by there. They
	// are no MCP client's.
	ClientID, ClientSecret string
	// AuthMethod is how this service proves who it is: "client_secret_basic",
	// the default; "client_secret_post"; "private_key_jwt" (RFC 7523), the
	// default where Key is set; or "none", for an endpoint in a network that
	// others can't reach.
	AuthMethod string
	// Key signs the assertion of private_key_jwt: an *rsa.PrivateKey (RS256), an
	// *ecdsa.PrivateKey (ES256, ES384 or ES512) or an ed25519.PrivateKey.
	Key crypto.Signer
	// KeyID is the kid of the assertion, none by default.
	KeyID string

	// OpaqueOnly has JWTs of this issuer verified by its keys. By default they
	// are introspected as well, since only the issuer knows of a revocation.
	OpaqueOnly bool
	// CacheTime is how long an answer is kept, and so how long a revoked token
	// may still be good: 10 seconds by default, not at all if negative. No
	// answer is kept longer than the token lasts.
	CacheTime time.Duration
}

// defaultCacheTime is the default of Introspection.CacheTime.
const defaultCacheTime = 10 * time.Second

// String names the client, and never its secret.
func (i Introspection) String() string {
	return fmt.Sprintf("introspection at %q by %q", fetch.Shown(i.Endpoint), i.ClientID)
}

// GoString is String, so that no way of printing a config shows the secret.
func (i Introspection) GoString() string { return i.String() }

// MarshalText is String, so that no way of encoding a config, such as a log in
// JSON, shows the secret either.
func (i Introspection) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

func (i Introspection) completed() Introspection {
	method := introspect.Basic
	if i.Key != nil {
		method = introspect.JWT
	}
	i.AuthMethod = cmp.Or(i.AuthMethod, method)
	if i.CacheTime == 0 {
		i.CacheTime = defaultCacheTime
	}
	i.CacheTime = max(i.CacheTime, 0)
	return i
}

// introspection checks how an issuer is to be asked.
func (m *mistakes) introspection(field string, i *Issuer) {
	in := i.Introspection
	if in.Endpoint != "" {
		m.url(field+".Endpoint", in.Endpoint, "set the URL of the introspection endpoint, or leave it empty")
	}
	if in.Endpoint != "" && i.MetadataURL != "" && !in.OpaqueOnly {
		m.add(field+".Endpoint", in.Endpoint, "with it MetadataURL is never asked", "remove one of the two")
	}
	if !in.OpaqueOnly && i.JWKSURL != "" {
		m.add(field+".OpaqueOnly", in.OpaqueOnly, "JWTs are introspected, so JWKSURL is never asked",
			"set OpaqueOnly to have JWTs verified by the issuer's keys, or remove JWKSURL")
	}
	if len(i.Tenants) > 0 {
		m.add(field, in, "opaque tokens don't say of which tenant they are", "list one Issuer without Tenants for them")
	}
	m.clientAuthentication(field, in)
}

// clientAuthentication checks that the credentials are those of the method. No
// secret gets into the text.
func (m *mistakes) clientAuthentication(field string, in *Introspection) {
	hasSecret := "a secret"
	if in.ClientSecret == "" {
		hasSecret = "no secret"
	}
	wants := func(id, secret, key bool) {
		if id && in.ClientID == "" {
			m.add(field+".ClientID", in.ClientID, "the issuer can't know who asks (RFC 7662 §2.1)", "register this service at the issuer as a client of its own")
		}
		if secret != (in.ClientSecret != "") {
			m.add(field+".ClientSecret", hasSecret, "that doesn't go with "+in.completed().AuthMethod, "set ClientSecret for client_secret_basic and client_secret_post, and for no other method")
		}
		if key != (in.Key != nil) {
			m.add(field+".Key", fmt.Sprintf("%T", in.Key), "that doesn't go with "+in.completed().AuthMethod, "set Key for private_key_jwt, and for no other method")
		}
	}
	if in.KeyID != "" && in.Key == nil {
		m.add(field+".KeyID", in.KeyID, "there is no Key whose id it could be", "set Key, or remove it")
	}
	switch in.completed().AuthMethod {
	case introspect.Basic, introspect.Post:
		wants(true, true, false)
	case introspect.JWT:
		wants(true, false, true)
		if _, err := introspect.MethodOf(in.Key); in.Key != nil && err != nil {
			m.add(field+".Key", fmt.Sprintf("%T", in.Key), err.Error(), "use an *rsa.PrivateKey of 2048 bits or more, an *ecdsa.PrivateKey of P-256, P-384 or P-521, or an ed25519.PrivateKey")
		}
	case introspect.None:
		wants(false, false, false)
	default:
		m.add(field+".AuthMethod", in.AuthMethod, "it is not a method of client authentication that is known here",
			"choose client_secret_basic, client_secret_post, private_key_jwt or none")
	}
}
