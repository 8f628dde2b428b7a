package core

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

// mistakes gathers every [ConfigError] of a config.
type mistakes struct {
	list      []error
	allowHTTP bool
	prefix    string // of every scope, as clients see it
}

func (m *mistakes) add(field string, value any, reason, fix string) {
	text := fmt.Sprintf("%#v", value)
	switch v := value.(type) {
	case string:
		text = fmt.Sprintf("%#v", fetch.Shown(v)) // a URL may have a password in it
	case time.Duration:
		text = v.String() // a count of nanoseconds is nobody's spelling of it
	}
	m.list = append(m.list, &ConfigError{Field: field, Value: text, Reason: reason, Fix: fix})
}

// validate checks every field and returns the parsed resource identifier.
func (c *Config) validate() (*url.URL, error) {
	m := &mistakes{allowHTTP: c.DangerouslyAllowHTTP, prefix: c.scopePrefix()}
	resource := m.resource(c)
	m.servers(c)
	for i := range c.Issuers {
		m.issuer(fmt.Sprintf("Issuers[%d]", i), c, i)
	}
	for i, v := range c.Verifiers {
		if v == nil {
			m.add(fmt.Sprintf("Verifiers[%d]", i), nil, "a verifier is missing", "remove the entry or set it")
		}
	}
	m.scopes("Scopes", c.Scopes)
	for _, scope := range slices.Sorted(maps.Keys(c.Implies)) {
		m.scopes(fmt.Sprintf("Implies[%q]", scope), append([]string{scope}, c.Implies[scope]...))
	}
	m.policy(&c.Policy)
	m.metadata(&c.Metadata)
	m.originList(c.AllowedOrigins)
	m.limits(c.Limits)
	if c.CheckAfter < 0 {
		m.add("CheckAfter", c.CheckAfter, "it is negative", "leave it zero for no check, or set how long the service takes to listen")
	}
	return resource, errors.Join(m.list...)
}

func (m *mistakes) resource(c *Config) *url.URL {
	const fix = `set the URL at which clients reach the endpoint, such as "https://api.example.com/mcp"`
	u := m.url("Resource", c.Resource, fix)
	if u != nil {
		m.path("Resource", c.Resource, spelledPath(u))
	}
	if c.Path != "" {
		if !strings.HasPrefix(c.Path, "/") {
			m.add("Path", c.Path, "it doesn't begin with a slash", "set the path as this process sees it, or leave it empty")
		}
		m.path("Path", c.Path, c.Path)
	}
	if c.MetadataURL != "" {
		if u := m.url("MetadataURL", c.MetadataURL, "set the public URL of the metadata, or leave it empty"); u != nil {
			m.path("MetadataURL", c.MetadataURL, spelledPath(u))
			m.apart(c, u)
		}
	}
	return u
}

// apart checks that the metadata have a place, and not the endpoint's, as clients see
// it or as this process does.
func (m *mistakes) apart(c *Config, metadata *url.URL) {
	endpoints := []string{c.Path}
	if resource, err := url.Parse(c.Resource); err == nil {
		endpoints = append(endpoints, resource.Path)
	}
	if withoutRoot(metadata.Path) == "" {
		m.add("MetadataURL", c.MetadataURL, "it has no path", "name a path that this process answers, or leave it empty")
	} else if slices.Contains(endpoints, metadata.EscapedPath()) {
		m.add("MetadataURL", c.MetadataURL, "its path is the endpoint's", "set the URL of the metadata, not of the resource, or leave it empty")
	}
}

// url checks an absolute URL that clients or this service will call.
func (m *mistakes) url(field, value, fix string) *url.URL {
	u, err := url.Parse(value)
	switch {
	case value == "":
		m.add(field, value, "it is missing", fix)
	case err != nil:
		m.add(field, value, "it is no URL", fix)
	case !isVisible(value):
		m.add(field, value, "it has characters that no URL has", "percent-encode them, and write the host in ASCII (punycode)")
	case u.Scheme != "https" && u.Scheme != "http" || !isHost(u.Hostname()):
		m.add(field, value, "it is not an absolute https URL", fix)
	case strings.HasSuffix(u.Host, ":"):
		m.add(field, value, "its host ends in a colon, with no port after it", "remove the colon; where the scheme stands there twice, write it once")
	case u.Scheme == "http" && !m.allowHTTP && !fetch.IsLoopbackHost(u.Hostname()):
		m.add(field, value, "plain http is accepted on loopback hosts only", "use https, or set DangerouslyAllowHTTP in a network that you trust")
	case u.User != nil:
		m.add(field, value, "it has user information", "remove what stands before the @")
	case u.Fragment != "" || strings.HasSuffix(value, "#"):
		m.add(field, value, "it has a fragment", "remove # and what follows (RFC 8707 §2)")
	default:
		return u
	}
	return nil
}

// isHost reports whether s can be a host name or address; url.Parse lets quotes
// and the like through.
func isHost(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '.' && r != '_' && r != ':' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// spelledPath returns the path as the user wrote it. url.Parse keeps that where
// it differs from what it would write itself.
func spelledPath(u *url.URL) string { return cmp.Or(u.RawPath, u.EscapedPath()) }

// path checks that every router takes a path literally.
func (m *mistakes) path(field string, value any, path string) {
	for i := range len(path) {
		c := path[i]
		alphanumeric := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alphanumeric && !strings.ContainsRune("/-._~@!$&'(),;=+", rune(c)) {
			m.add(field, value, fmt.Sprintf("its path has %q, which routers read as a pattern or spell in several ways", c),
				"use letters, digits, slashes and -._~ in the path")
			return
		}
	}
	for _, segment := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if segment == "." || segment == ".." {
			m.add(field, value, "its path has a dot segment", "write the path that remains once it is resolved")
			return
		}
	}
	if strings.Contains(path, "//") {
		m.add(field, value, "its path has an empty segment", "remove the doubled slash")
	}
}

func (m *mistakes) servers(c *Config) {
	if len(c.AuthorizationServers) == 0 && len(c.Issuers) == 0 && len(c.Verifiers) == 0 {
		m.add("AuthorizationServers", c.AuthorizationServers, "nothing says whose tokens are good",
			`list the issuer of your authorization server, such as "https://auth.example.com", or set Issuers or Verifiers`)
	}
	for i, server := range c.AuthorizationServers {
		field := fmt.Sprintf("AuthorizationServers[%d]", i)
		m.issuerURL(field, server)
		if slices.Contains(c.AuthorizationServers[:i], server) {
			m.add(field, server, "it is listed twice", "remove one")
		}
	}
}

func (m *mistakes) issuerURL(field, value string) {
	const fix = `set the issuer identifier exactly as the server's metadata spells it, such as "https://auth.example.com"`
	u := m.url(field, value, fix)
	switch {
	case u == nil: // told already
	case u.RawQuery != "" || u.ForceQuery:
		m.add(field, value, "it has a query", "remove it: issuer identifiers have none (RFC 8414 §2)")
	case strings.ContainsAny(strings.ReplaceAll(value, tenantPlaceholder, ""), "{}<>"):
		m.add(field, value, "it has a placeholder in it", "write what stands in its place in the iss of your tokens")
	case strings.Contains(u.Path, "/.well-known/"):
		m.add(field, value, "it is the URL of metadata and no issuer", "set what the metadata there have as issuer, most often the part before /.well-known/")
	}
}

func (m *mistakes) issuer(field string, c *Config, index int) {
	i := &c.Issuers[index]
	m.tenants(field, i)
	taken := urlsOf(c.Issuers[:index])
	for _, one := range i.perTenant() {
		m.issuerURL(field+".URL", one.URL)
		if one.MetadataURL != "" {
			m.url(field+".MetadataURL", one.MetadataURL, "set the URL of the authorization server metadata, or leave it empty")
		}
		if one.JWKSURL != "" {
			m.url(field+".JWKSURL", one.JWKSURL, "set the URL of the key set, or leave it empty")
		}
		if taken[one.URL] {
			m.add(field+".URL", one.URL, "two issuers have it", "merge them: a token's iss chooses its one rule")
		}
	}
	m.audience(field, i)
	for _, claim := range slices.Sorted(maps.Keys(i.Require)) {
		if claim == "" || len(i.Require[claim]) == 0 {
			m.add(fmt.Sprintf("%s.Require[%q]", field, claim), i.Require[claim], "no value would do", "name a claim and list its good values, or remove the entry")
		}
	}
	if i.Introspection != nil {
		m.introspection(field+".Introspection", i)
		if slices.ContainsFunc(c.Issuers[:index], func(other Issuer) bool { return other.Introspection != nil }) {
			m.add(field+".Introspection", i.Introspection, "another issuer has it, and an opaque token doesn't say whose it is",
				"leave it to one issuer, or write a Verifier that tells the tokens apart")
		}
	}
	if i.MetadataURL != "" && i.JWKSURL != "" {
		m.add(field+".MetadataURL", i.MetadataURL, "it is never asked, since JWKSURL is set", "remove one of the two")
	}
	for _, algorithm := range i.Algorithms {
		if !slices.Contains(allAlgorithms(), algorithm) {
			m.add(field+".Algorithms", i.Algorithms, fmt.Sprintf("%q is not accepted", algorithm),
				"choose from "+strings.Join(allAlgorithms(), ", ")+"; symmetric algorithms and none are never accepted")
		}
	}
	if slices.Contains(i.Audiences, "") {
		m.add(field+".Audiences", i.Audiences, "an entry is empty", "remove it")
	}
	if slices.Contains(i.ScopeClaims, "") {
		m.add(field+".ScopeClaims", i.ScopeClaims, "an entry is empty", "remove it")
	}
	if i.ScopePrefix != "" && !isScope(i.ScopePrefix) {
		m.add(field+".ScopePrefix", i.ScopePrefix, "it has characters that no scope may have", "use printable ASCII without space, quote and backslash (RFC 6749 §3.3)")
	}
	if i.ScopePrefix != c.scopePrefix() {
		m.add(field+".ScopePrefix", i.ScopePrefix, fmt.Sprintf("Issuers[0] has %q, and a challenge has one spelling", c.scopePrefix()),
			"give every issuer the same prefix, or protect two resources")
	}
}

// tenants checks that a template and its allow-list go together.
func (m *mistakes) tenants(field string, i *Issuer) {
	template := strings.Contains(i.URL, tenantPlaceholder)
	switch {
	case template && len(i.Tenants) == 0:
		m.add(field+".Tenants", i.Tenants, "URL is a template, and no tenant is trusted", "list the tenants whose tokens are good; there is no way to trust any")
	case !template && len(i.Tenants) > 0:
		m.add(field+".URL", i.URL, "Tenants is set, and nothing in it says where a tenant goes", "write "+tenantPlaceholder+" in its place, or remove Tenants")
	}
	if template && i.MetadataURL != "" && !strings.Contains(i.MetadataURL, tenantPlaceholder) {
		m.add(field+".MetadataURL", i.MetadataURL, "every tenant has an issuer of its own, and one document can't be of all",
			"write "+tenantPlaceholder+" in it where the tenant goes, or leave it empty")
	}
	for n, tenant := range i.Tenants {
		if !isTenant(tenant) {
			m.add(fmt.Sprintf("%s.Tenants[%d]", field, n), tenant, "it is no tenant's id", "use the letters, digits, dots, underscores and hyphens of the id")
		}
		if slices.Contains(i.Tenants[:n], tenant) {
			m.add(fmt.Sprintf("%s.Tenants[%d]", field, n), tenant, "it is listed twice", "remove one")
		}
	}
}

// isTenant reports whether s is one segment that means nothing else in a URL.
func isTenant(s string) bool {
	return strings.Trim(s, ".") != "" && isHost(s) && !strings.Contains(s, ":")
}

// urlsOf returns the URLs of the issuers, and of those that they are templates of.
func urlsOf(issuers []Issuer) map[string]bool {
	urls := make(map[string]bool)
	for _, i := range issuers {
		for _, one := range i.perTenant() {
			urls[one.URL] = true
		}
	}
	return urls
}

// audience checks that the rule about audiences can be met, and is one.
func (m *mistakes) audience(field string, i *Issuer) {
	if i.AudienceClaim != "" && i.AudienceClaim != "aud" && len(i.Audiences) == 0 {
		m.add(field+".Audiences", i.Audiences, fmt.Sprintf("claim %q would have to hold the resource identifier", i.AudienceClaim),
			"list the values of that claim which mean this resource")
	}
	if i.DangerouslyAnyAudience && (i.AudienceClaim != "" || len(i.Audiences) > 0 || i.ObserveAudience) {
		m.add(field+".DangerouslyAnyAudience", true, "the issuer has another rule about audiences, too", "remove one of the two")
	}
}

func (m *mistakes) scopes(field string, list []string) {
	for i, scope := range list {
		switch {
		case !isScope(scope):
			m.add(field, list, fmt.Sprintf("%q is no scope-token", scope),
				"list one scope per entry, of printable ASCII without space, quote and backslash (RFC 6749 §3.3)")
		case scope == offlineAccess:
			m.add(field, list, "offline_access is between client and authorization server",
				"remove it: a resource server never asks for it (MCP authorization, refresh tokens)")
		case slices.Contains(list[:i], scope):
			m.add(field, list, fmt.Sprintf("%q is listed twice", scope), "remove one")
		case m.prefix != "" && strings.HasPrefix(scope, m.prefix):
			m.add(field, list, fmt.Sprintf("%q has the ScopePrefix %q already, which clients would see twice", scope, m.prefix),
				fmt.Sprintf("write %q", strings.TrimPrefix(scope, m.prefix)))
		}
	}
}

func (m *mistakes) metadata(md *Metadata) {
	m.scopes("Metadata.ScopesSupported", md.ScopesSupported)
	m.page("Metadata.Documentation", md.Documentation)
	m.page("Metadata.Policy", md.Policy)
	m.page("Metadata.Terms", md.Terms)
	for _, name := range slices.Sorted(maps.Keys(md.Extra)) {
		if base, _, _ := strings.Cut(name, "#"); slices.Contains(ownMembers(), name) || base == "resource" {
			m.add(fmt.Sprintf("Metadata.Extra[%q]", name), md.Extra[name], "another field of the config sets this member", "set that field instead")
		} else if _, err := json.Marshal(md.Extra[name]); err != nil {
			m.add(fmt.Sprintf("Metadata.Extra[%q]", name), md.Extra[name], "it can't be written as JSON: "+err.Error(), "use a value that encoding/json can write")
		}
	}
}

// page checks the URL of something for people to read.
func (m *mistakes) page(field, value string) {
	if u, err := url.Parse(value); value != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "") {
		m.add(field, value, "it is no http or https URL", "set the URL of a page, or leave it empty")
	}
}

func (m *mistakes) originList(list []string) {
	for i, origin := range list {
		u, err := url.Parse(origin)
		if err != nil || !isHost(u.Hostname()) || originOf(u) != origin || strings.ToLower(origin) != origin {
			m.add(fmt.Sprintf("AllowedOrigins[%d]", i), origin, "it is not an origin as browsers send it",
				`write scheme, host and port in lower case, without default port, path or wildcard, such as "https://app.example.com"`)
		}
	}
}

func (m *mistakes) limits(l Limits) {
	for _, limit := range []struct {
		field    string
		value    any
		negative bool
	}{
		{"TokenBytes", l.TokenBytes, l.TokenBytes < 0},
		{"BodyBytes", l.BodyBytes, l.BodyBytes < 0},
		{"KeyCooldown", l.KeyCooldown, l.KeyCooldown < 0},
		{"KeyStale", l.KeyStale, l.KeyStale < 0},
	} {
		if limit.negative {
			m.add("Limits."+limit.field, limit.value, "it is negative", "leave it zero for the default")
		}
	}
	if whole := l.completed(); l.KeyStale >= 0 && l.KeyCooldown >= 0 && whole.KeyStale < whole.KeyCooldown {
		m.add("Limits.KeyStale", whole.KeyStale, fmt.Sprintf("keys would be given up before they may be fetched again, after KeyCooldown, %s", whole.KeyCooldown),
			"set a longer KeyStale or a shorter KeyCooldown")
	}
}
