package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/tokencache"
)

// ResourceServer protects one resource (RFC 9728 §1.2). Its methods may be
// called concurrently.
type ResourceServer struct {
	config Config
	limits Limits
	clock  environ.Clock

	path          string
	metadataURL   string
	metadataPaths []string
	metadata      []byte
	origins       origins

	verifiers   []Verifier
	issuers     map[string]*trustedIssuer
	issuerNames []string
	opaque      *trustedIssuer // whose opaque tokens are introspected, or nil
	audiences   []string
	vocabulary  vocabulary
	tokens      *tokencache.Cache[*verified]

	policy    *rulebook // nil where the config has no policy
	anonymous bool      // whether any operation can do without a token
	sessions  sessions
	bodies    pool
}

// New checks the whole config and returns the resource server that it
// describes, or every mistake in it, each a *[ConfigError]. It does no network
// I/O: for each issuer it starts one worker, which fetches the keys and ends
// with ctx. A service may therefore start while its authorization server is
// down. Once ctx has ended, the keys at hand still serve, for requests that are
// under way, but are no longer renewed.
func New(ctx context.Context, config Config) (*ResourceServer, error) {
	config = config.copied()
	resource, err := config.validate()
	if err != nil {
		return nil, err
	}
	config = config.completed()
	rs := &ResourceServer{
		config:     config,
		limits:     config.Limits,
		clock:      environ.From(ctx),
		path:       config.Path,
		origins:    append(origins{originOf(resource)}, config.AllowedOrigins...),
		verifiers:  config.Verifiers,
		issuers:    make(map[string]*trustedIssuer, len(config.Issuers)),
		audiences:  []string{config.Resource},
		vocabulary: newVocabulary(config.Implies, config.scopePrefix()),
		tokens:     tokencache.New[*verified](config.Limits.CachedTokens),
	}
	if rs.path == "" {
		rs.path = resource.Path
	}
	if rs.path == "" {
		rs.path = "/" // what a client sends for an empty path
	}
	rs.metadataPaths = routesOfMetadata(&config, resource, rs.path)
	if rs.metadataURL = config.MetadataURL; rs.metadataURL == "" {
		rs.metadataURL = metadataLocation(resource)
	}
	if rs.metadata, err = config.document(&rs.vocabulary); err != nil {
		return nil, err
	}
	if !config.Policy.isZero() {
		rs.anonymous = config.Policy.allowsAnonymous()
		if rs.policy, err = newRulebook(config.Policy); err != nil {
			return nil, err
		}
	}
	if err := rs.trustIssuers(ctx); err != nil {
		return nil, err
	}
	if config.CheckAfter > 0 {
		go rs.checkLater(ctx, config.CheckAfter)
	}
	return rs, nil
}

func (rs *ResourceServer) trustIssuers(ctx context.Context) error {
	for _, i := range rs.config.Issuers {
		trusted, err := trust(ctx, i, rs.getter(), rs.limits, rs.config.Logger)
		if err != nil {
			return err
		}
		rs.issuers[i.URL] = trusted
		rs.issuerNames = append(rs.issuerNames, i.URL)
		if trusted.opaque != nil {
			rs.opaque = trusted
		}
	}
	return nil
}

// getter fetches documents of authorization servers, within bounds.
func (rs *ResourceServer) getter() fetch.Getter {
	return fetch.Getter{
		Client: rs.config.HTTPClient, Limit: fetchLimit, Timeout: fetchTimeout,
		AllowHTTP: rs.config.DangerouslyAllowHTTP,
	}
}

// copied returns a copy of the config that shares nothing the caller could
// change later.
func (c Config) copied() Config {
	c.AuthorizationServers = slices.Clone(c.AuthorizationServers)
	c.Issuers = slices.Clone(c.Issuers)
	for i := range c.Issuers {
		c.Issuers[i] = c.Issuers[i].copied()
	}
	c.Verifiers = slices.Clone(c.Verifiers)
	c.Scopes = slices.Clone(c.Scopes)
	c.Policy = c.Policy.copied()
	c.AllowedOrigins = slices.Clone(c.AllowedOrigins)
	c.Metadata.ScopesSupported = slices.Clone(c.Metadata.ScopesSupported)
	c.Metadata.Extra = maps.Clone(c.Metadata.Extra)
	c.Implies = maps.Clone(c.Implies)
	for scope, implied := range c.Implies {
		c.Implies[scope] = slices.Clone(implied)
	}
	return c
}

// completed fills in what the config leaves to its defaults.
func (c Config) completed() Config {
	if len(c.Issuers) == 0 && len(c.Verifiers) == 0 {
		for _, server := range c.AuthorizationServers {
			c.Issuers = append(c.Issuers, Issuer{URL: server})
		}
	}
	var issuers []Issuer
	for _, template := range c.Issuers {
		for _, i := range template.perTenant() {
			issuers = append(issuers, i.completed(c.Resource))
		}
	}
	c.Issuers = issuers
	if len(c.AuthorizationServers) == 0 {
		for _, i := range c.Issuers {
			c.AuthorizationServers = append(c.AuthorizationServers, i.URL)
		}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.Limits = c.Limits.completed()
	return c
}

func (c *Config) scopePrefix() string {
	if len(c.Issuers) == 0 {
		return ""
	}
	return c.Issuers[0].ScopePrefix
}

// originOf returns the web origin of a URL in its ASCII form (RFC 6454 §6.2).
func originOf(u *url.URL) string {
	host := u.Host
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		host = host[:len(host)-len(port)-1]
	}
	return strings.ToLower(u.Scheme + "://" + host) // as browsers send it
}

// Path returns the path at which this process sees the endpoint.
func (rs *ResourceServer) Path() string { return rs.path }

// MetadataURL returns the URL of the protected resource metadata, as
// challenges name it (RFC 9728 §5.1).
func (rs *ResourceServer) MetadataURL() string { return rs.metadataURL }

// Ready waits until the keys of every issuer are there and introspection answers,
// so that tokens can be verified, and returns nil then. A verifier that has a
// method of the same form is asked, too. Once ctx ends Ready returns why not; that
// error wraps [ErrUnavailable] and names the issuers.
func (rs *ResourceServer) Ready(ctx context.Context) error {
	var reasons []error
	for _, name := range rs.issuerNames {
		if err := rs.issuers[name].ready(ctx); err != nil {
			reasons = append(reasons, fmt.Errorf("%w: issuer %s: %w", ErrUnavailable, name, err))
		}
	}
	for i, verifier := range rs.verifiers {
		if v, ok := verifier.(interface{ Ready(context.Context) error }); ok {
			if err := v.Ready(ctx); err != nil {
				reasons = append(reasons, fmt.Errorf("%w: Verifiers[%d]: %w", ErrUnavailable, i, err))
			}
		}
	}
	return errors.Join(reasons...)
}

// Forget drops the kept verdicts on the tokens of every principal for which
// meant is true, so that those tokens are verified anew when they come again:
// after what their verification rests on has changed. meant gets copies, one
// after another, and may be called while requests are served. A verification
// that is under way is not kept either.
//
// Forgetting isn't revoking: a JWT that its issuer's keys still verify is let in
// again, and an opaque token that its issuer still calls active. To refuse it
// before its expiry, refuse its principal in [Config.Confirm], which is asked for
// every request.
func (rs *ResourceServer) Forget(meant func(Principal) bool) {
	rs.tokens.Forget(func(v *verified) bool { return meant(v.principal.clone()) })
	if rs.opaque != nil {
		rs.opaque.opaque.forget(meant)
	}
}

// ForgetToken drops the kept verdict on one token, as Forget does.
func (rs *ResourceServer) ForgetToken(token string) {
	rs.tokens.ForgetToken(token)
	if rs.opaque != nil {
		rs.opaque.opaque.forgetToken(token)
	}
}
