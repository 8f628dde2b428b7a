package client

import (
	"context"
	"crypto"
	"fmt"
	"net/http"
)

// Config says whose tokens a [Transport] gets, and how. Only Resource is
// required. [New] copies it.
type Config struct {
	_ struct{} // keyed fields only

	// Resource is the URL of the MCP server's endpoint, such as
	// "https://api.example.com/mcp". Requests to its origin are authorized; all
	// others pass through untouched.
	Resource string

	// Storage keeps tokens and registrations, of one user: an app with several
	// gives each a Storage of their own. Nil means [MemoryStorage]: they end with
	// the process.
	Storage Storage

	// Credentials are those of a client that was registered beforehand. They
	// are used in place of any other way to become known (MCP, client
	// registration approaches).
	Credentials Credentials
	// ClientCredentials uses the client credentials grant (RFC 6749 §4.4), for
	// machines: there is no browser and no user. It needs Credentials with a
	// Secret or a Key.
	ClientCredentials bool
	// MetadataURL is the URL of a Client ID Metadata Document: https, with a
	// path. It is the client id wherever the authorization server supports
	// that, and no registration was stored before.
	MetadataURL string
	// Metadata is what the client says of itself when it registers (RFC 7591).
	Metadata Metadata

	// RedirectURI is the redirect URI that the pre-registered client or the
	// metadata document has, such as "http://127.0.0.1/callback". Empty leaves
	// it to Receive.
	RedirectURI string
	// Redirect sends the user's browser to the authorization URL. Nil means
	// [OpenBrowser].
	Redirect func(ctx context.Context, authorizationURL string) error
	// Receive gets ready for one authorization response. redirectURI is the one
	// that the client is registered with, or empty. Nil means the Receive of a
	// zero [Loopback].
	Receive func(ctx context.Context, redirectURI string) (*Reception, error)

	// Scopes, where set, may change the scopes that are about to be asked for.
	// Proposed are those that MCP has a client ask for (scope selection
	// strategy, scope challenge handling). An empty result asks for none.
	Scopes func(ctx context.Context, proposed []string) []string
	// NoRefresh asks for no refresh tokens and uses none.
	NoRefresh bool

	// Transport sends all requests: the caller's, and those to authorization
	// servers. Nil means http.DefaultTransport.
	Transport http.RoundTripper
	// DangerouslyAllowHTTP accepts plain http URLs off the loopback interface:
	// anybody on the path can then read tokens and choose the authorization
	// server. It also lets a Resource that is elsewhere name plain http URLs on
	// this machine, which only one on this machine may by itself.
	DangerouslyAllowHTTP bool
}

// Credentials are those of a client that an authorization server knows already.
type Credentials struct {
	_ struct{}

	// Issuer is the authorization server that knows the client, as in its
	// metadata. With any other the credentials are not used. Empty means the
	// first one that the protected resource names; if it names another one
	// later, that is an error.
	Issuer string
	// ID is the client_id.
	ID string
	// Secret is the client_secret. A client with neither Secret nor Key is
	// public.
	Secret string
	// AuthMethod is the token_endpoint_auth_method (RFC 7591 §2) that goes with
	// Secret: client_secret_basic or client_secret_post. Empty means what the
	// authorization server supports, the former first.
	AuthMethod string
	// Key signs assertions in place of a Secret (private_key_jwt, RFC 7523
	// §2.2): an *rsa.PrivateKey, an *ecdsa.PrivateKey or an ed25519.PrivateKey.
	// Without an ID it authenticates the client of Config.MetadataURL.
	Key crypto.PrivateKey
	// KeyID is the kid of Key, and Algorithm its alg, such as PS256. Empty means
	// none, and the usual one for the type of Key.
	KeyID, Algorithm string
}

// Metadata is what a client says of itself when it registers (RFC 7591
// §2). What the transport needs, such as redirect URIs and grant types, it adds
// by itself.
type Metadata struct {
	_ struct{}

	// Name is shown to the user when they consent. Empty means "MCP client".
	Name string
	// URI is a page about the client, LogoURI its logo.
	URI, LogoURI string
	// SoftwareID and SoftwareVersion tell one program from others.
	SoftwareID, SoftwareVersion string
	// ApplicationType is "native" or "web" (OpenID Connect Registration §2).
	// Empty means web for an https redirect URI, native for all others.
	ApplicationType string
	// Extra are further members, by name. They don't replace those that the
	// transport sets.
	Extra map[string]any
}

// ConfigError is one mistake in a [Config]. [New] joins all it finds; reach them
// with errors.As.
type ConfigError struct {
	// Field is the mistaken field, such as "Credentials.Key".
	Field string
	// Value is what the field holds, in Go syntax; empty where that is secret.
	Value string
	// Reason is what is wrong with it.
	Reason string
	// Fix is what to do about it.
	Fix string
}

// Error tells field, value, reason and fix in one line.
func (e *ConfigError) Error() string {
	is := ""
	if e.Value != "" {
		is = " is " + e.Value
	}
	return fmt.Sprintf("client.Config: %s%s: %s; %s", e.Field, is, e.Reason, e.Fix)
}

// String hides the secrets.
func (c Credentials) String() string { return "credentials of client " + c.ID }

// GoString hides the secrets.
func (c Credentials) GoString() string { return c.String() }

// MarshalText is String, so that no way of encoding a config, such as a log in
// JSON, shows the secrets either.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
