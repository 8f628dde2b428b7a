package issuers

import (
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// The reason codes that presets have a hint for; see core.Event.
const (
	opaque        = "not_a_jwt"
	encrypted     = "encrypted_token"
	unknownIssuer = "unknown_issuer"
	wrongAudience = "wrong_audience"
	wrongType     = "wrong_token_type"
	lacking       = "insufficient_scope"
)

// EntraV2 is Microsoft Entra ID for an app registration that has
// requestedAccessTokenVersion 2. App is its application (client) id, a GUID, which
// is also the tokens' audience; tenants are the ids of the tenants that are
// trusted, never "common" or "organizations", which no token names. Tokens have
// short scope names, such as "mcp.read", while clients ask for
// "api://APP/mcp.read".
func EntraV2(app string, tenants ...string) core.Issuer {
	return core.Issuer{
		URL:         "https://login.microsoftonline.com/{tenantid}/v2.0",
		Tenants:     tenants,
		Algorithms:  []string{"RS256"},
		Audiences:   []string{app},
		ClientClaim: "azp",
		ScopeClaims: []string{"scp"},
		ScopePrefix: "api://" + app + "/",
		Hints: map[string]string{
			unknownIssuer: "Entra: an iss of https://sts.windows.net/ is that of a version 1 token: set requestedAccessTokenVersion to 2 in the manifest of the app registration, or trust issuers.EntraV1 beside it; any other tenant must be listed",
			wrongAudience: "Entra: the client asked for another API's scope; it must ask for api://" + app + "/ and the scope's name",
			lacking:       "Entra: expose the scope in the app registration (Expose an API), and consent to it for the client",
		},
	}
}

// EntraV1 is Microsoft Entra ID for an app registration that still issues version
// 1 tokens, whose iss is another than that of the metadata that clients find:
// set core.Config.AuthorizationServers to the tenants' version 2 issuers. It can
// stand beside [EntraV2] while an app registration changes over.
func EntraV1(app string, tenants ...string) core.Issuer {
	return core.Issuer{
		URL:         "https://sts.windows.net/{tenantid}/",
		JWKSURL:     "https://login.microsoftonline.com/{tenantid}/discovery/keys",
		Tenants:     tenants,
		Algorithms:  []string{"RS256"},
		Audiences:   []string{"api://" + app, app},
		ClientClaim: "appid",
		ScopeClaims: []string{"scp"},
		ScopePrefix: "api://" + app + "/",
		Hints: map[string]string{
			unknownIssuer: "Entra: an iss that ends in /v2.0 is that of a version 2 token: use issuers.EntraV2; any other tenant must be listed",
			wrongAudience: "Entra: the client asked for another API's scope; it must ask for api://" + app + "/ and the scope's name",
		},
	}
}

// Auth0 is an Auth0 tenant. Domain is its domain, such as "acme.eu.auth0.com".
// The audience is the identifier of the API, by default the resource identifier.
// For an API with the RFC 9068 token profile set ClientClaim to "client_id".
func Auth0(domain string, audience ...string) core.Issuer {
	const noAPI = "Auth0: no API was resolved when the token was issued: register one whose identifier is the resource identifier, and switch on the Resource Parameter Compatibility Profile or set a Default Audience"
	return core.Issuer{
		URL:         "https://" + domain + "/",
		Algorithms:  []string{"RS256"},
		Audiences:   audience,
		ClientClaim: "azp",
		ScopeClaims: []string{"scope"},
		Hints: map[string]string{
			opaque: noAPI, encrypted: noAPI,
			wrongAudience: "Auth0: the identifier of the API must be the resource identifier, or be listed in Audiences",
			lacking:       "Auth0: add the permission to the API and, with RBAC, to the person's role",
		},
	}
}

// Okta is a custom authorization server of Okta. Issuer is its issuer, such as
// "https://acme.okta.com/oauth2/default". An authorization server has one
// audience for all its tokens, by default here the resource identifier.
func Okta(issuer string, audience ...string) core.Issuer {
	return core.Issuer{
		URL:         issuer,
		Algorithms:  []string{"RS256"},
		Audiences:   audience,
		ClientClaim: "cid",
		ScopeClaims: []string{"scp"},
		Hints: map[string]string{
			unknownIssuer: "Okta: tokens of the org authorization server, whose iss has no /oauth2/, are not meant for APIs: have clients use the custom authorization server",
			wrongAudience: "Okta: set the audience of the custom authorization server to the resource identifier, or list it in Audiences; each resource needs a server of its own",
			lacking:       "Okta: add the scope to the custom authorization server and to an access policy rule for the client",
		},
	}
}

// Cognito is an Amazon Cognito user pool. Its tokens have no aud: what tells this
// service's tokens from others are the app clients that may get them, which must
// be listed. ResourceServer is the identifier of the pool's resource server, whose
// scopes clients ask for as "IDENTIFIER/name"; it may be empty.
func Cognito(region, pool, resourceServer string, clients ...string) core.Issuer {
	prefix := ""
	if resourceServer != "" {
		prefix = resourceServer + "/"
	}
	return core.Issuer{
		URL:           "https://cognito-idp." + region + ".amazonaws.com/" + pool,
		Algorithms:    []string{"RS256"},
		AudienceClaim: "client_id",
		Audiences:     clients,
		ScopeClaims:   []string{"scope"},
		ScopePrefix:   prefix,
		Require:       map[string][]string{"token_use": {"access"}},
		Hints: map[string]string{
			wrongAudience: "Cognito: list the app client in issuers.Cognito, if it is one of this service's; where resource binding sets aud, remove AudienceClaim and Audiences instead",
			lacking:       "Cognito: add the custom scope to the pool's resource server and allow it to the app client",
		},
	}
}

// Keycloak is a realm of Keycloak. Realm is its URL, such as
// "https://keycloak.example.com/realms/acme". Without an audience mapper its
// tokens are for nobody in particular.
func Keycloak(realm string) core.Issuer {
	return core.Issuer{
		URL:         realm,
		ClientClaim: "azp",
		ScopeClaims: []string{"scope"},
		Require:     map[string][]string{"typ": {"Bearer"}},
		Hints: map[string]string{
			wrongAudience: "Keycloak: add an Audience mapper with the resource identifier to a client scope, and that scope to the client",
			lacking:       "Keycloak: add a client scope of that name, and to the client as a default or optional one",
		},
	}
}

// AuthKit is WorkOS AuthKit. Domain is the AuthKit domain, such as
// "acme.authkit.app". The resource identifier must be registered there as a
// resource indicator.
func AuthKit(domain string) core.Issuer {
	return core.Issuer{
		URL:         "https://" + domain,
		Algorithms:  []string{"RS256"},
		ScopeClaims: []string{"scope"},
		Hints: map[string]string{
			unknownIssuer: "WorkOS: an iss of https://api.workos.com/user_management/ is that of a session token: the client must use the access token that AuthKit issued to it",
			wrongAudience: "WorkOS: add the resource identifier to the MCP resource indicators (Connect, Configuration)",
			opaque:        "WorkOS: tokens of plain Connect applications are opaque; switch on MCP Auth and use AuthKit's",
		},
	}
}

// Clerk is a Clerk instance. FrontendAPI is its host, such as
// "acme.clerk.accounts.dev". ID and session tokens come from the same issuer, so
// only at+jwt tokens are taken. Without the setting Include Audience, tokens are
// for nobody in particular.
func Clerk(frontendAPI string) core.Issuer {
	return core.Issuer{
		URL:          "https://" + frontendAPI,
		Algorithms:   []string{"RS256"},
		RequireATJWT: true,
		ScopeClaims:  []string{"scope", "scp"},
		Hints: map[string]string{
			wrongAudience: "Clerk: switch on Include Audience for the OAuth application, and have people consent anew, since old grants keep their form; or name the applications with AudienceClaim client_id",
			wrongType:     "Clerk: ID tokens and session tokens have the same issuer; the client must send its OAuth access token",
			opaque:        "Clerk: switch on Generate access tokens as JWTs for the OAuth application",
		},
	}
}

// Hydra is Ory Hydra. Issuer is its issuer, which often ends in a slash. Its
// tokens are opaque unless it is configured to issue JWTs: set Introspection, or
// that.
func Hydra(issuer string) core.Issuer {
	return core.Issuer{
		URL:         issuer,
		Algorithms:  []string{"RS256", "ES256"},
		ScopeClaims: []string{"scp", "scope"},
		Hints: map[string]string{
			opaque:        "Hydra: set strategies.access_token to jwt, globally for clients that register themselves, or set Issuer.Introspection",
			wrongAudience: "Hydra: put the resource identifier into the client's audience, and have the client ask for it with the parameter audience",
		},
	}
}

// Scalekit is a Scalekit environment. Environment is its URL, such as
// "https://acme.scalekit.com", which is the tokens' issuer; the authorization
// server to advertise is another: set core.Config.AuthorizationServers to
// "ENVIRONMENT/resources/ID". Audiences are the resource's, by default the
// resource identifier.
func Scalekit(environment string, audience ...string) core.Issuer {
	environment = strings.TrimSuffix(environment, "/")
	return core.Issuer{
		URL:         environment,
		JWKSURL:     environment + "/keys",
		Algorithms:  []string{"RS256"},
		Audiences:   audience,
		ScopeClaims: []string{"scope"},
		Hints: map[string]string{
			unknownIssuer: "Scalekit: the tokens' iss is the environment's URL, not that of the authorization server that is advertised",
			wrongAudience: "Scalekit: register the MCP server with the resource identifier, or list its resource id in Audiences",
		},
	}
}

// Descope is an MCP server of Descope's agentic identity hub. Base is
// "https://api.descope.com" or a custom domain, project the project's id, and
// server the MCP server's. One of the audiences must be the resource identifier,
// or one of those given.
func Descope(base, project, server string, audience ...string) core.Issuer {
	base = strings.TrimSuffix(base, "/")
	return core.Issuer{
		URL:         base + "/v1/apps/agentic/" + project + "/" + server,
		JWKSURL:     base + "/" + project + "/.well-known/jwks.json",
		Algorithms:  []string{"RS256"},
		Audiences:   audience,
		ScopeClaims: []string{"scope"},
		Hints: map[string]string{
			unknownIssuer: "Descope: tokens of an inbound app have another issuer, without /agentic/; the client must go to the MCP server's own authorization server",
			wrongAudience: "Descope: set the MCP server's URL to the resource identifier; for tokens whose aud is the project's id alone, list that in Audiences",
		},
	}
}
