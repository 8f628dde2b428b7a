package core

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Config describes one protected resource. Only Resource and one of
// AuthorizationServers, Issuers and Verifiers must be set. [New] copies it.
type Config struct {
	_ struct{} // keyed fields only

	// Resource is the resource identifier (RFC 9728 §1.2): the URL at which
	// clients reach the MCP endpoint. The expected audience, the endpoint's
	// path, the metadata path and the URL in challenges all come from it, never
	// from a request's Host.
	Resource string
	// Path is the path at which this process sees the endpoint. It defaults to
	// that of Resource and differs only behind a proxy that rewrites paths.
	Path string
	// MetadataURL is where clients reach the protected resource metadata. It
	// defaults to the well-known URL of Resource (RFC 9728 §3.1) and differs
	// only behind a proxy that can't route that URL here.
	MetadataURL string

	// AuthorizationServers are the issuer identifiers that the metadata
	// advertises, byte for byte. It defaults to the URLs of Issuers.
	AuthorizationServers []string
	// Issuers are the issuers whose access tokens are trusted, each with rules of
	// its own: a JWT falls under those of the issuer that it names, an opaque
	// token under those of the one with Introspection. With no Issuers and no
	// Verifiers it defaults to AuthorizationServers. It can't be changed once New
	// has copied it; an app whose issuers come and go makes a resource server for
	// each tenant, or a new one.
	Issuers []Issuer
	// Verifiers are asked before the Issuers, in order, until one answers with
	// anything but [ErrNotMine]. Where there are any, Issuers has no default:
	// list those whose tokens are to be trusted beside them.
	Verifiers []Verifier

	// Scopes are the scopes that every request to the endpoint needs.
	Scopes []string
	// Implies is the scope hierarchy: a token with the key also has the scopes
	// listed under it, and theirs. Nothing is inferred from a scope's spelling.
	Implies map[string][]string

	// Policy says what single operations need beside Scopes.
	Policy Policy

	// Metadata are the optional members of the protected resource metadata.
	Metadata Metadata
	// AllowedOrigins are the origins, such as "https://app.example.com", whose
	// browser pages may call the endpoint beside the resource's own. Requests
	// with any other Origin are refused (MCP, transports, security warning).
	AllowedOrigins []string

	// Confirm, where set, checks what depends on the request and not on the
	// token alone. It runs for every request, after the token was verified, and
	// sees the request without its body. Its error decides as a [Verifier]'s
	// does.
	Confirm func(*http.Request, Principal) error
	// Observe, where set, gets one event for each decision. It is called on the
	// request's goroutine and should return at once.
	Observe func(context.Context, Event)
	// Logger gets refusals at level Info, with their reason and a hint, and
	// outages at Warn. It defaults to slog.Default().
	Logger *slog.Logger
	// CheckAfter, where set, runs [ResourceServer.Check] once, so long after New,
	// and logs each finding at level Warn. The service must listen by then: 10
	// seconds suit most.
	CheckAfter time.Duration
	// HTTPClient reaches the authorization servers. Its transport is used; its
	// redirect policy is not. It defaults to a client of http.DefaultTransport.
	HTTPClient *http.Client
	// Limits bound sizes and times. Zero fields take their defaults.
	Limits Limits

	// DangerouslyForwardToken leaves the Authorization header field in the
	// request that the handler gets. The MCP specification forbids handing a
	// client's token to another service (token passthrough).
	DangerouslyForwardToken bool
	// DangerouslyAllowHTTP accepts plain http URLs off the loopback interface:
	// anybody on the path can then read tokens and replace keys.
	DangerouslyAllowHTTP bool
}

// Limits are the bounds of a resource server. Zero means the default, a negative
// value is a config error except where it says otherwise.
type Limits struct {
	_ struct{}

	// TokenBytes is the greatest length of an access token, 16 KiB by default.
	// Longer ones are refused before anything looks at them.
	TokenBytes int
	// BodyBytes is the greatest length of a message body that is read for a
	// decision, 4 MiB by default.
	BodyBytes int64
	// ClockSkew is how far the authorization server's clock may be off when
	// exp, nbf and iat are checked: 10 seconds by default, none if negative.
	ClockSkew time.Duration
	// CachedTokens is how many verified JWTs are remembered at a time, by a hash
	// each and until their expiry at most: 10,000 by default, which take some
	// 8 MB once there are so many; none if negative. It also bounds the answers
	// of introspection, about good and about bad tokens each (see
	// [Introspection].CacheTime). The answers of Verifiers are never remembered.
	CachedTokens int
	// KeyCooldown is the least time between two fetches of an issuer's keys
	// that tokens with unknown key ids provoke, 10 seconds by default. After a
	// fetch that brought a new key it is one second at most.
	KeyCooldown time.Duration
	// KeyStale is how long known keys keep working while the authorization
	// server can't be reached, 24 hours by default.
	KeyStale time.Duration
}

// Defaults of [Limits].
const (
	defaultTokenBytes  = 16 << 10
	defaultBodyBytes   = 4 << 20
	defaultClockSkew   = 10 * time.Second
	defaultCached      = 10_000
	defaultKeyCooldown = 10 * time.Second
	defaultKeyStale    = 24 * time.Hour
)

func (l Limits) completed() Limits {
	if l.TokenBytes == 0 {
		l.TokenBytes = defaultTokenBytes
	}
	if l.BodyBytes == 0 {
		l.BodyBytes = defaultBodyBytes
	}
	if l.ClockSkew == 0 {
		l.ClockSkew = defaultClockSkew
	}
	l.ClockSkew = max(l.ClockSkew, 0)
	if l.CachedTokens == 0 {
		l.CachedTokens = defaultCached
	}
	if l.KeyCooldown == 0 {
		l.KeyCooldown = defaultKeyCooldown
	}
	if l.KeyStale == 0 {
		l.KeyStale = defaultKeyStale
	}
	return l
}

// ConfigError is one mistake in a [Config]. [New] joins all it finds; reach
// them with errors.As.
type ConfigError struct {
	// Field is the path of the field, such as "Issuers[1].URL".
	Field string
	// Value is what the field holds, in Go syntax; of a secret, and of user
	// information in a URL, only that it is there.
	Value string
	// Reason is what is wrong with it.
	Reason string
	// Fix is what to do about it.
	Fix string
}

// Error tells field, value, reason and fix in one line.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("core.Config: %s is %s: %s; %s", e.Field, e.Value, e.Reason, e.Fix)
}
