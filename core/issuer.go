package core

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/keyset"
)

// Issuer is one trusted authorization server and the rules for its access
// tokens. URL alone is enough for a server that follows RFC 9068 and publishes
// its metadata; the other fields say how a real one differs. Package
// core/issuers has those of some providers.
type Issuer struct {
	_ struct{}

	// URL is the issuer identifier. A token's iss must equal it byte for byte,
	// trailing slash included.
	URL string
	// Tenants, where set, make one issuer of each: "{tenantid}" in URL,
	// MetadataURL and JWKSURL stands for the tenant. Tokens of tenants that
	// aren't listed are those of an unknown issuer.
	Tenants []string
	// MetadataURL is the one place where the authorization server metadata is
	// looked for. By default it is discovered from URL (RFC 8414 §3, then
	// OpenID Connect Discovery §4).
	MetadataURL string
	// JWKSURL is the key set. Where it is set no metadata is asked.
	JWKSURL string

	// Algorithms are the signature algorithms allowed. The default is all that
	// may be set: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384,
	// ES512 and EdDSA.
	Algorithms []string
	// RequireATJWT refuses tokens whose typ isn't at+jwt (RFC 9068 §4). By
	// default typ may also be JWT or absent.
	RequireATJWT bool

	// AudienceClaim is the claim that must name an audience, "aud" by default.
	// Its value may be a string or a list of strings. Any other claim, such as
	// "client_id", needs Audiences.
	AudienceClaim string
	// Audiences are the audience values that mean this resource. It defaults to
	// the resource identifier (RFC 8707 §2).
	Audiences []string
	// ObserveAudience lets tokens for another audience in and tells what would
	// have been refused, in [Event].Observed and in the log. It is for the time
	// in which an authorization server learns to name this resource: until the
	// field is gone, tokens meant for other services are good here.
	ObserveAudience bool
	// DangerouslyAnyAudience doesn't look at the audience at all. Whoever gets
	// hold of any token of this issuer, such as another service that it was sent
	// to, can use it here (RFC 9068 §4, MCP authorization, access token
	// privilege restriction).
	DangerouslyAnyAudience bool
	// Require are claims that must be there, each a string or a list of strings,
	// with one of the values listed.
	Require map[string][]string
	// ClientClaim is the claim that holds the client id, "client_id" by default
	// (RFC 9068 §2.2).
	ClientClaim string
	// ScopeClaims are the claims that may hold the scopes, each a string split
	// at spaces or a list of strings. The first that isn't empty counts. The
	// default is "scope", then "scp".
	ScopeClaims []string
	// ScopePrefix stands before a scope where it is advertised and requested,
	// such as "api://my-app/", and may be missing in the token. Every issuer of
	// a resource has the same one, since a challenge has one spelling.
	ScopePrefix string

	// Introspection, where set, asks this issuer what its tokens are worth
	// (RFC 7662). Opaque tokens name no issuer, so only one can have it.
	Introspection *Introspection

	// Hints are what the log adds to a refusal of this issuer's tokens, by
	// reason code (see [Event]): the setting of this provider that cures it.
	// That of "unknown_issuer" and "not_a_jwt" is added whenever no issuer's
	// rules apply.
	Hints map[string]string
}

// allAlgorithms are the asymmetric signature algorithms of RFC 7518 §3.1 and
// RFC 8037 §3.1. A symmetric one has no place beside published keys.
func allAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// Bounds of what is fetched from authorization servers.
const (
	fetchLimit   = 1 << 20
	fetchTimeout = 5 * time.Second
)

// trustedIssuer is an Issuer with its defaults and what verifies its tokens.
type trustedIssuer struct {
	Issuer
	keys   *keyset.Set   // nil where all tokens are introspected
	opaque *introspector // nil where none are
	read   []string      // the claims that are read
}

func (i Issuer) copied() Issuer {
	i.Tenants = slices.Clone(i.Tenants)
	i.Algorithms = slices.Clone(i.Algorithms)
	i.Audiences = slices.Clone(i.Audiences)
	i.ScopeClaims = slices.Clone(i.ScopeClaims)
	i.Hints = maps.Clone(i.Hints)
	i.Require = maps.Clone(i.Require)
	for claim, values := range i.Require {
		i.Require[claim] = slices.Clone(values)
	}
	if i.Introspection != nil {
		in := *i.Introspection
		i.Introspection = &in
	}
	return i
}

// tenantPlaceholder is what Entra's own metadata write for a tenant.
const tenantPlaceholder = "{tenantid}"

// perTenant returns the issuers that a template stands for, or the issuer itself.
func (i Issuer) perTenant() []Issuer {
	if len(i.Tenants) == 0 {
		return []Issuer{i}
	}
	all := make([]Issuer, len(i.Tenants))
	for n, tenant := range i.Tenants {
		all[n] = i
		for _, url := range []*string{&all[n].URL, &all[n].MetadataURL, &all[n].JWKSURL} {
			*url = strings.ReplaceAll(*url, tenantPlaceholder, tenant)
		}
		all[n].Tenants = nil
	}
	return all
}

func (i Issuer) completed(resource string) Issuer {
	if len(i.Algorithms) == 0 {
		i.Algorithms = allAlgorithms()
	}
	if i.AudienceClaim == "" {
		i.AudienceClaim = "aud"
	}
	if len(i.Audiences) == 0 {
		i.Audiences = []string{resource}
	}
	if i.ClientClaim == "" {
		i.ClientClaim = "client_id"
	}
	if len(i.ScopeClaims) == 0 {
		i.ScopeClaims = []string{"scope", "scp"}
	}
	if i.Introspection != nil {
		in := i.Introspection.completed()
		i.Introspection = &in
	}
	return i
}

// verifiesJWTs reports whether the issuer's JWTs are verified by its keys.
func (i *Issuer) verifiesJWTs() bool { return i.Introspection == nil || i.Introspection.OpaqueOnly }

// trust starts the issuer's key worker, where it needs one.
func trust(ctx context.Context, i Issuer, getter fetch.Getter, limits Limits, logger *slog.Logger) (*trustedIssuer, error) {
	trusted := &trustedIssuer{Issuer: i, read: i.claimsRead()}
	if i.Introspection != nil {
		trusted.opaque = newIntrospector(i, getter, environ.From(ctx), limits.CachedTokens)
	}
	if !i.verifiesJWTs() {
		return trusted, nil
	}
	keys, err := keyset.Start(ctx, i.locateKeys(getter), keyset.Options{
		Getter:   getter,
		Clock:    environ.From(ctx),
		Logger:   logger,
		Issuer:   i.URL,
		Cooldown: limits.KeyCooldown,
		Stale:    limits.KeyStale,
	})
	if err != nil {
		return nil, err
	}
	trusted.keys = keys
	return trusted, nil
}

// metadataPlaces returns where the metadata must be, or nothing where they are
// to be discovered.
func (i Issuer) metadataPlaces() []string {
	if i.MetadataURL == "" {
		return nil
	}
	return []string{i.MetadataURL}
}

func (i Issuer) locateKeys(getter fetch.Getter) keyset.Locate {
	return i.locate(getter, i.JWKSURL, "jwks_uri", func(m discovery.Metadata) string { return m.JWKSURI })
}

// locate returns a function that finds one of the issuer's URLs: the configured
// one, or else what the metadata have as the member.
func (i Issuer) locate(getter fetch.Getter, configured, member string, of func(discovery.Metadata) string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		if configured != "" {
			return configured, nil
		}
		metadata, found, err := discovery.Fetch(ctx, getter, i.URL, i.metadataPlaces()...)
		if err != nil {
			return "", err
		}
		if of(metadata) == "" {
			return "", fmt.Errorf("the metadata at %s has no %s", found, member)
		}
		return of(metadata), nil
	}
}
