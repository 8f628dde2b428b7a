package core

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/keyset"
)

// Issuer is one trusted authorization server and the rules for its JWT access
// tokens. URL alone is enough for a server that follows RFC 9068 and publishes
// its metadata; the other fields say how a real one differs.
type Issuer struct {
	_ struct{}

	// URL is the issuer identifier. A token's iss must equal it byte for byte,
	// trailing slash included.
	URL string
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
	// Its value may be a string or a list of strings.
	AudienceClaim string
	// Audiences are the audience values that mean this resource. It defaults to
	// the resource identifier (RFC 8707 §2).
	Audiences []string
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

// trustedIssuer is an Issuer with its defaults and its keys.
type trustedIssuer struct {
	Issuer
	keys *keyset.Set
}

func (i Issuer) copied() Issuer {
	i.Algorithms = slices.Clone(i.Algorithms)
	i.Audiences = slices.Clone(i.Audiences)
	i.ScopeClaims = slices.Clone(i.ScopeClaims)
	return i
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
	return i
}

// trust starts the issuer's key worker.
func trust(ctx context.Context, i Issuer, getter fetch.Getter, limits Limits, logger *slog.Logger) (*trustedIssuer, error) {
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
	return &trustedIssuer{Issuer: i, keys: keys}, nil
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
	return func(ctx context.Context) (string, error) {
		if i.JWKSURL != "" {
			return i.JWKSURL, nil
		}
		metadata, found, err := discovery.Fetch(ctx, getter, i.URL, i.metadataPlaces()...)
		if err != nil {
			return "", err
		}
		if metadata.JWKSURI == "" {
			return "", fmt.Errorf("the metadata at %s has no jwks_uri", found)
		}
		return metadata.JWKSURI, nil
	}
}
