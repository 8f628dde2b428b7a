package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/challenge"
	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/introspect"
)

// Finding is one thing that [ResourceServer.Check] found to be in the way of
// clients.
type Finding struct {
	// Code is stable; Check lists them.
	Code string
	// Problem says in plain words what will not work, and for whom.
	Problem string
	// Fix says what to do about it, and where.
	Fix string
}

// String tells problem and fix in one line.
func (f Finding) String() string { return f.Problem + ": " + f.Fix }

// The codes of findings, as Check documents them.
const (
	foundMetadataUnreachable = "metadata_unreachable"
	foundMetadataDiffers     = "metadata_differs"
	foundEndpointUnreachable = "endpoint_unreachable"
	foundEndpointUnprotected = "endpoint_unprotected"
	foundChallengeLost       = "challenge_lost"
	foundNoServer            = "no_authorization_server"
	foundServerUnreachable   = "server_unreachable"
	foundIssuerSpelling      = "issuer_spelling"
	foundNoCodeFlow          = "no_code_flow"
	foundNoPKCE              = "no_pkce"
	foundNoRegistration      = "no_registration"
	foundKeysUnavailable     = "keys_unavailable"
	foundIntrospectionDown   = "introspection_unavailable"
	foundIntrospectionDenied = "introspection_refused"
	foundIntrospectionOpen   = "introspection_open"
	foundScopeNotOffered     = "scope_not_offered"
)

// Check goes the way of a client that knows nothing but the resource identifier,
// and looks at what this service itself depends on. It asks the endpoint, the
// protected resource metadata and each advertised authorization server, at their
// public URLs, and returns what will not work; nothing, if all will. The codes
// are:
//
//	endpoint_unreachable       the resource identifier leads to no endpoint
//	endpoint_unprotected       it answers without a token
//	challenge_lost             its challenge doesn't reach clients (RFC 9728 §5.1)
//	metadata_unreachable       nothing is at the URL in the challenge (RFC 9728 §3)
//	metadata_differs           something else is there (RFC 9728 §3.3)
//	no_authorization_server    clients are told of none
//	server_unreachable         one has no metadata that clients find (RFC 8414 §3)
//	issuer_spelling            one calls itself otherwise (RFC 8414 §3.3)
//	no_code_flow               one lacks what an authorization code flow needs
//	no_pkce                    one doesn't say that it takes S256 (MCP authorization)
//	no_registration            clients have no way to become known to one
//	keys_unavailable           an issuer's key set can't be had or used
//	introspection_unavailable  an issuer doesn't answer about tokens
//	introspection_refused      an issuer refuses this service's own credentials
//	introspection_open         an issuer calls any token active
//	scope_not_offered          nobody issues a scope that is needed
//
// It is for a service that runs: the endpoint must answer already. See also
// [Config].CheckAfter. Every request that it makes is bounded by five seconds,
// the whole by ctx. Findings may name hosts of the inside; they are for the
// operator.
func (rs *ResourceServer) Check(ctx context.Context) []Finding {
	c := &checker{rs: rs, getter: rs.getter()}
	c.endpoint(ctx)
	c.ownMetadata(ctx)
	c.servers(ctx)
	for _, name := range rs.issuerNames {
		c.issuer(ctx, rs.issuers[name])
	}
	return c.found
}

// checker gathers findings.
type checker struct {
	rs     *ResourceServer
	getter fetch.Getter
	found  []Finding
}

func (c *checker) add(code, fix, problem string, args ...any) {
	c.found = append(c.found, Finding{Code: code, Problem: fmt.Sprintf(problem, args...), Fix: fix})
}

// endpoint asks the endpoint as a client does that has no token yet.
func (c *checker) endpoint(ctx context.Context) {
	resource := c.rs.config.Resource
	status, header, err := c.getter.Probe(ctx, resource)
	switch {
	case err != nil:
		c.add(foundEndpointUnreachable, "correct Config.Resource, or make the URL lead to this service",
			"clients can't reach the endpoint at its resource identifier: %v", err)
	case answersAnybody(status):
		c.add(foundEndpointUnprotected, "mount the endpoint with an adapter, or put ResourceServer.Handler around it, and let no other route answer at this URL",
			"%s answers a request without a token, with status %d in place of 401", resource, status)
	case status != http.StatusUnauthorized:
		c.add(foundEndpointUnreachable, "correct Config.Resource or the proxy before this service; where the proxy rewrites paths, set Config.Path to the one that arrives here",
			"%s answers a request without a token with status %d in place of 401, so clients don't learn that they need one", resource, status)
	case !c.challenged(header):
		c.add(foundChallengeLost, "have the proxy or middleware before this service leave the WWW-Authenticate header field as it is",
			"the challenge of %s doesn't name %s when it reaches clients", resource, c.rs.metadataURL)
	}
}

// answersAnybody reports whether a status is that of an endpoint which looked at
// the request itself, and not whose it is: a token is asked for before anything
// else.
func answersAnybody(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	}
	return status/100 == 2
}

// challenged reports whether the answer has the challenge that clients go by.
func (c *checker) challenged(header http.Header) bool {
	list, err := challenge.Parse(header.Values("WWW-Authenticate"))
	return err == nil && slices.ContainsFunc(list, func(one challenge.Challenge) bool {
		return strings.EqualFold(one.Scheme, "Bearer") && slices.ContainsFunc(one.Params, func(p challenge.Param) bool {
			return strings.EqualFold(p.Name, "resource_metadata") && p.Value == c.rs.metadataURL
		})
	})
}

// ownMetadata asks for the metadata where the challenge says they are.
func (c *checker) ownMetadata(ctx context.Context) {
	url := c.rs.metadataURL
	response, err := c.getter.Get(ctx, url)
	var status *fetch.StatusError
	switch {
	case errors.As(err, &status) && (status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden):
		c.add(foundMetadataUnreachable, "take this path out of whatever asks for authorization before the service: the metadata are public",
			"%s, the metadata URL in the challenge, answers with status %d", url, status.Status)
		return
	case err != nil:
		c.add(foundMetadataUnreachable, "route this URL to the service and mount the metadata there, or set Config.MetadataURL to one that can be routed",
			"the metadata URL in the challenge doesn't answer: %v", err)
		return
	}
	var document struct {
		Resource string `json:"resource"`
	}
	switch err := json.Unmarshal(response.Body, &document); {
	case err != nil || document.Resource == "":
		c.add(foundMetadataDiffers, "let no page or catch-all route answer at this URL",
			"%s is no protected resource metadata", url)
	case document.Resource != c.rs.config.Resource:
		c.add(foundMetadataDiffers, "route the URL to this service, or give Config.Resource the value that clients use",
			"%s describes the resource %q, not %q, so clients stop there", url, bounded(document.Resource), c.rs.config.Resource)
	case string(response.Body) != string(c.rs.metadata):
		c.add(foundMetadataDiffers, "deploy one configuration everywhere, and look for a cache before the service",
			"%s has another document than this process serves", url)
	}
}

// servers asks each advertised authorization server where clients will ask.
func (c *checker) servers(ctx context.Context) {
	if len(c.rs.config.AuthorizationServers) == 0 {
		c.add(foundNoServer, "list one in Config.AuthorizationServers", "no authorization server is advertised, so clients can't get a token")
	}
	var offered []string
	complete := len(c.rs.config.AuthorizationServers) > 0
	for _, name := range c.rs.config.AuthorizationServers {
		metadata, _, err := discovery.Fetch(ctx, c.getter, name)
		if err != nil {
			c.unfound(name, err)
			complete = false
			continue
		}
		c.spelling(name)
		c.abilities(name, &metadata)
		offered = append(offered, metadata.ScopesSupported...)
		complete = complete && len(metadata.ScopesSupported) > 0
	}
	if complete {
		for _, scope := range c.rs.unoffered(offered) {
			c.add(foundScopeNotOffered, "add it at the authorization server, or correct its spelling or Issuer.ScopePrefix here",
				"scope %q is in no authorization server's scopes_supported, so nobody can get it, unless that list is not complete", scope)
		}
	}
}

// unfound says why clients won't find an authorization server's metadata.
func (c *checker) unfound(name string, err error) {
	var mismatch *discovery.MismatchError
	if errors.As(err, &mismatch) {
		c.add(foundIssuerSpelling, fmt.Sprintf("write %q in AuthorizationServers and Issuers[].URL, if that is the server that you mean", bounded(mismatch.Got)),
			"the authorization server %q calls itself %q in its metadata at %s, so clients refuse it", name, bounded(mismatch.Got), mismatch.URL)
		return
	}
	c.add(foundServerUnreachable, "correct its issuer identifier, start it, or have it publish its metadata where RFC 8414 or OpenID Connect Discovery say",
		"clients can't find the metadata of the authorization server %q: %v", name, strings.ReplaceAll(err.Error(), "\n", "; "))
}

// spelling finds a server that is advertised by another spelling than it is
// trusted by.
func (c *checker) spelling(name string) {
	if _, trusted := c.rs.issuers[name]; trusted {
		return
	}
	if near := c.rs.nearIssuer(name); near != "" {
		c.add(foundIssuerSpelling, "write in Issuers[].URL what the server's metadata have as issuer: "+name,
			"the authorization server %q is advertised, but Issuers has it in another spelling, so its tokens are refused", name)
	}
}

// abilities looks for what MCP clients need of an authorization server.
func (c *checker) abilities(name string, m *discovery.Metadata) {
	lists := func(list []string, want string) bool { return len(list) == 0 || slices.Contains(list, want) }
	switch {
	case m.AuthorizationEndpoint == "" || m.TokenEndpoint == "":
		c.add(foundNoCodeFlow, "switch the authorization code flow on there, or advertise a server that has it",
			"the metadata of %q name no authorization_endpoint or no token_endpoint, so no person can sign in", name)
	case !lists(m.ResponseTypesSupported, "code") || !lists(m.GrantTypesSupported, "authorization_code"):
		c.add(foundNoCodeFlow, "switch the authorization code flow on there, or advertise a server that has it",
			"%q doesn't offer the authorization code flow, so no person can sign in", name)
	}
	if !slices.Contains(m.CodeChallengeMethodsSupported, "S256") {
		c.add(foundNoPKCE, "switch PKCE on there; where it is on and merely not listed, put S256 into code_challenge_methods_supported",
			"the metadata of %q don't list S256 in code_challenge_methods_supported, so MCP clients refuse to go on", name)
	}
	if m.RegistrationEndpoint == "" && !m.ClientIDMetadataDocumentSupported {
		c.add(foundNoRegistration, "switch on client ID metadata documents or dynamic client registration there, or register each client by hand and tell its users the client id",
			"%q offers neither dynamic client registration nor client ID metadata documents, so a client that it doesn't know can't become known to it", name)
	}
}

// issuer looks at what this service needs to verify an issuer's tokens.
func (c *checker) issuer(ctx context.Context, i *trustedIssuer) {
	if i.keys != nil {
		if err := i.keys.Probe(ctx); err != nil {
			c.add(foundKeysUnavailable, "make the key set reachable from here, or set Issuer.JWKSURL to where it is; until then the keys at hand serve on, if there are any",
				"the keys of %q can't be had, so its tokens can't be verified: %v", i.URL, strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	if i.opaque == nil {
		return
	}
	var refused *introspect.RefusedError
	switch takesAny, err := i.opaque.probe(ctx); {
	case errors.As(err, &refused):
		c.add(foundIntrospectionDenied, "correct Introspection.ClientID, its secret or key, or AuthMethod, and let that client introspect there",
			"%q refuses to tell this service about tokens (status %d), so opaque tokens can't be verified", i.URL, refused.Status)
	case err != nil:
		c.add(foundIntrospectionDown, "make the introspection endpoint reachable from here, or correct Introspection.Endpoint",
			"%q doesn't tell this service about tokens, so they can't be verified: %v", i.URL, strings.ReplaceAll(err.Error(), "\n", "; "))
	case takesAny:
		c.add(foundIntrospectionOpen, "correct Introspection.Endpoint: what answers there knows nothing of tokens",
			"%q calls a token active that nobody ever issued, so anybody gets in", i.URL)
	}
}

// checkLater runs Check once, after a while, and logs what it finds.
func (rs *ResourceServer) checkLater(ctx context.Context, after time.Duration) {
	fired, stop := rs.clock.Timer(after)
	defer stop()
	select {
	case <-fired:
	case <-ctx.Done():
		return
	}
	defer func() {
		// The config's transport and logger run here, where a panic would end the
		// process.
		if broken := recover(); broken != nil {
			defer func() { _ = recover() }()
			rs.config.Logger.ErrorContext(ctx, "check: Config.HTTPClient or Config.Logger panicked", "resource", rs.config.Resource)
		}
	}()
	found := rs.Check(ctx)
	if ctx.Err() != nil {
		return // what was cut short says nothing
	}
	for _, f := range found {
		rs.config.Logger.WarnContext(ctx, "check: "+f.Problem, "resource", rs.config.Resource, "code", f.Code, "fix", f.Fix)
	}
	if len(found) == 0 {
		rs.config.Logger.InfoContext(ctx, "check: nothing is in the way of clients", "resource", rs.config.Resource)
	}
}
