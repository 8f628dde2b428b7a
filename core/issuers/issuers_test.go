package issuers_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/issuers"
)

// provider is a preset and a token as public sources show it. None of the
// fixtures was verified against the live provider: they are built from what the
// sources that docs/providers.md names say, with the values that the presets
// leave open filled in.
type provider struct {
	issuers []core.Issuer
	// metadata and keys are where the sources say that they are. Metadata is
	// empty where the preset names the key set.
	metadata, keys string
	header         string // typ, empty for none
	claims         string

	subject, client, scope string
	mistakes               []mistake
}

// mistake is what is characteristic of a provider to go wrong: what the token has
// then, the reason, and a word of the hint that cures it.
type mistake struct {
	name         string
	claims       map[string]any
	header       string // typ in place of the fixture's
	opaque       string // the whole token
	reason, hint string
}

const (
	tenant = "9188040d-6c67-4c5b-b112-36a304b66dad"
	app    = "11111111-2222-3333-4444-555555555555"
	caller = "66666666-7777-8888-9999-000000000000"
)

func providers() map[string]provider {
	all := entra()
	for name, p := range suites() {
		all[name] = p
	}
	for name, p := range forMCP() {
		all[name] = p
	}
	return all
}

func entra() map[string]provider {
	const v2 = "https://login.microsoftonline.com/" + tenant
	return map[string]provider{
		"Entra v2": {
			issuers:  []core.Issuer{issuers.EntraV2(app, "other-tenant-id", tenant)},
			metadata: v2 + "/v2.0/.well-known/openid-configuration", keys: v2 + "/discovery/v2.0/keys", header: "JWT",
			claims: `{"aud":"` + app + `","iss":"` + v2 + `/v2.0","nbf":1,"azp":"` + caller + `","azpacr":"0","name":"Alice","oid":"o",
				"preferred_username":"alice@example.com","scp":"mcp.read mcp.write","sub":"alice","tid":"` + tenant + `","uti":"u","ver":"2.0"}`,
			subject: "alice", client: caller, scope: "mcp.read",
			mistakes: []mistake{
				{name: "a version 1 token", claims: map[string]any{"iss": "https://sts.windows.net/" + tenant + "/", "ver": "1.0", "aud": "api://" + app}, reason: "unknown_issuer", hint: "requestedAccessTokenVersion"},
				{name: "another tenant", claims: map[string]any{"iss": "https://login.microsoftonline.com/" + caller + "/v2.0"}, reason: "unknown_issuer", hint: "tenant"},
				{name: "a token for Microsoft Graph", claims: map[string]any{"aud": "00000003-0000-0000-c000-000000000000"}, reason: "wrong_audience", hint: "another API's scope"},
				{name: "the identifier URI as audience", claims: map[string]any{"aud": "api://" + app}, reason: "wrong_audience", hint: "api://" + app},
				{name: "the client's id as audience", claims: map[string]any{"aud": caller}, reason: "wrong_audience", hint: "another API's scope"},
				{name: "another scope", claims: map[string]any{"scp": "User.Read"}, reason: "insufficient_scope", hint: "Expose an API"},
				{name: "an application's roles, and no scope", claims: map[string]any{"scp": authtest.Absent, "roles": []string{"mcp.read"}}, reason: "insufficient_scope", hint: "Expose an API"},
			},
		},
		"Entra v1": {
			issuers: []core.Issuer{issuers.EntraV1(app, tenant)},
			keys:    v2 + "/discovery/keys", header: "JWT",
			claims: `{"aud":"api://` + app + `","iss":"https://sts.windows.net/` + tenant + `/","nbf":1,"appid":"` + caller + `","appidacr":"0",
				"scp":"mcp.read","sub":"alice","tid":"` + tenant + `","ver":"1.0"}`,
			subject: "alice", client: caller, scope: "mcp.read",
			mistakes: []mistake{
				{name: "a version 2 token", claims: map[string]any{"iss": v2 + "/v2.0", "ver": "2.0"}, reason: "unknown_issuer", hint: "issuers.EntraV2"},
				{name: "no slash", claims: map[string]any{"iss": "https://sts.windows.net/" + tenant}, reason: "unknown_issuer", hint: "slash at its end"},
				{name: "a token for Microsoft Graph", claims: map[string]any{"aud": "https://graph.microsoft.com"}, reason: "wrong_audience", hint: "another API's scope"},
			},
		},
	}
}

// suites are providers that serve all kinds of APIs.
func suites() map[string]provider {
	const pool, realm, okta = "https://cognito-idp.eu-north-1.amazonaws.com/eu-north-1_Example", "https://keycloak.example/realms/acme", "https://acme.okta.com/oauth2/default"
	return map[string]provider{
		"Auth0": {
			issuers:  []core.Issuer{issuers.Auth0("acme.eu.auth0.com")},
			metadata: "https://acme.eu.auth0.com/.well-known/openid-configuration", keys: "https://acme.eu.auth0.com/.well-known/jwks.json", header: "JWT",
			claims: `{"iss":"https://acme.eu.auth0.com/","sub":"auth0|alice","aud":["` + resource + `","https://acme.eu.auth0.com/userinfo"],
				"azp":"client","scope":"openid read","permissions":["read"]}`,
			subject: "auth0|alice", client: "client", scope: "read",
			mistakes: []mistake{
				{name: "no slash", claims: map[string]any{"iss": "https://acme.eu.auth0.com"}, reason: "unknown_issuer", hint: "slash at its end"},
				{name: "no API", claims: map[string]any{"aud": "https://acme.eu.auth0.com/userinfo"}, reason: "wrong_audience", hint: "identifier of the API"},
				{name: "an opaque token", opaque: "0123456789abcdef", reason: "not_a_jwt", hint: "Resource Parameter Compatibility Profile"},
				{name: "an encrypted token", opaque: "e30..e30.e30.e30", reason: "encrypted_token", hint: "Default Audience"},
				{name: "an ID token", claims: map[string]any{"aud": "client", "nonce": "n"}, reason: "not_an_access_token", hint: "access token"},
				{name: "scopes under another claim, as a list", claims: map[string]any{"scope": authtest.Absent, "scp": []string{"read"}}, reason: "insufficient_scope", hint: "role"},
				{name: "a permission that wasn't granted", claims: map[string]any{"scope": "openid"}, reason: "insufficient_scope", hint: "role"},
			},
		},
		"Okta": {
			issuers:  []core.Issuer{issuers.Okta(okta)},
			metadata: "https://acme.okta.com/.well-known/oauth-authorization-server/oauth2/default", keys: okta + "/v1/keys",
			claims: `{"ver":1,"jti":"AT.x","iss":"` + okta + `","aud":"` + resource + `","sub":"alice@example.com","cid":"client","uid":"u",
				"scp":["openid","read"],"groups":["Everyone"]}`,
			subject: "alice@example.com", client: "client", scope: "read",
			mistakes: []mistake{
				{name: "the org's server", claims: map[string]any{"iss": "https://acme.okta.com", "aud": "https://acme.okta.com"}, reason: "unknown_issuer", hint: "org authorization server"},
				{name: "the default audience", claims: map[string]any{"aud": "api://default"}, reason: "wrong_audience", hint: "audience of the custom authorization server"},
				{name: "a scope as a part of another", claims: map[string]any{"scp": []string{"openid read"}}, reason: "insufficient_scope", hint: "access policy"},
			},
		},
		"Cognito": {
			issuers:  []core.Issuer{issuers.Cognito("eu-north-1", "eu-north-1_Example", "notes-api", "client")},
			metadata: pool + "/.well-known/openid-configuration", keys: pool + "/.well-known/jwks.json",
			claims: `{"sub":"alice","cognito:groups":["g"],"iss":"` + pool + `","version":2,"client_id":"client","origin_jti":"o","event_id":"e",
				"token_use":"access","scope":"openid notes-api/read","auth_time":1,"jti":"j","username":"alice"}`,
			subject: "alice", client: "client", scope: "read",
			mistakes: []mistake{
				{name: "another app client", claims: map[string]any{"client_id": "other"}, reason: "wrong_audience", hint: "app client"},
				{name: "the client id in aud, as ID tokens have it", claims: map[string]any{"client_id": authtest.Absent, "aud": "client"}, reason: "wrong_audience", hint: "app client"},
				{name: "an ID token", claims: map[string]any{"token_use": "id"}, reason: "not_an_access_token", hint: "ID token"},
				{name: "no token_use", claims: map[string]any{"token_use": authtest.Absent}, reason: "claim_not_allowed", hint: "Issuer.Require"},
				{name: "another resource server's scope", claims: map[string]any{"scope": "mail-api/read"}, reason: "insufficient_scope", hint: "custom scope"},
			},
		},
		"Keycloak": {
			issuers:  []core.Issuer{issuers.Keycloak(realm)},
			metadata: realm + "/.well-known/openid-configuration", keys: realm + "/protocol/openid-connect/certs", header: "JWT",
			claims: `{"iss":"` + realm + `","aud":["` + resource + `","account"],"sub":"alice","typ":"Bearer","azp":"client","sid":"s","acr":"1",
				"realm_access":{"roles":["offline_access"]},"resource_access":{"account":{"roles":["manage-account"]}},"scope":"read profile"}`,
			subject: "alice", client: "client", scope: "read",
			mistakes: []mistake{
				{name: "no audience mapper", claims: map[string]any{"aud": "account"}, reason: "wrong_audience", hint: "Audience mapper"},
				{name: "no audience at all", claims: map[string]any{"aud": authtest.Absent}, reason: "wrong_audience", hint: "Audience mapper"},
				{name: "a refresh token", claims: map[string]any{"typ": "Refresh"}, reason: "not_an_access_token", hint: "refresh token"},
				{name: "an ID token", claims: map[string]any{"typ": "ID"}, reason: "not_an_access_token", hint: "ID token"},
				{name: "a bound token", claims: map[string]any{"typ": "DPoP"}, reason: "claim_not_allowed", hint: "Issuer.Require"},
				{name: "another realm", claims: map[string]any{"iss": "https://keycloak.example/realms/other"}, reason: "unknown_issuer", hint: "exactly"},
			},
		},
		"Hydra": {
			issuers:  []core.Issuer{issuers.Hydra("https://hydra.example/")},
			metadata: "https://hydra.example/.well-known/openid-configuration", keys: "https://hydra.example/.well-known/jwks.json", header: "JWT",
			claims:  `{"iss":"https://hydra.example/","aud":["` + resource + `"],"sub":"alice","client_id":"client","scp":["read","offline"],"ext":{},"jti":"j","nbf":1}`,
			subject: "alice", client: "client", scope: "read",
			mistakes: []mistake{
				{name: "an opaque token", opaque: "ory_at_0123456789abcdef.0123456789abcdef", reason: "not_a_jwt", hint: "strategies.access_token"},
				{name: "an audience that wasn't asked for", claims: map[string]any{"aud": []string{}}, reason: "wrong_audience", hint: "client's audience"},
				{name: "no slash", claims: map[string]any{"iss": "https://hydra.example"}, reason: "unknown_issuer", hint: "slash at its end"},
			},
		},
	}
}

// forMCP are providers that know of MCP.
func forMCP() map[string]provider {
	const scalekit, descope = "https://acme.scalekit.com", "https://api.descope.com/v1/apps/agentic/P1/M1"
	return map[string]provider{
		"AuthKit": {
			issuers:  []core.Issuer{issuers.AuthKit("acme.authkit.app")},
			metadata: "https://acme.authkit.app/.well-known/oauth-authorization-server", keys: "https://acme.authkit.app/oauth2/jwks",
			claims:  `{"iss":"https://acme.authkit.app","aud":"` + resource + `","sub":"user_alice","client_id":"client","org_id":"org","scope":"read","jti":"j"}`,
			subject: "user_alice", client: "client", scope: "read",
			mistakes: []mistake{
				{name: "a session token", claims: map[string]any{"iss": "https://api.workos.com/user_management/client_1"}, reason: "unknown_issuer", hint: "session token"},
				{name: "a resource that isn't registered", claims: map[string]any{"aud": "client"}, reason: "wrong_audience", hint: "resource indicators"},
				{name: "a plain Connect application", opaque: "0123456789abcdef", reason: "not_a_jwt", hint: "MCP Auth"},
			},
		},
		"Clerk": {
			issuers:  []core.Issuer{issuers.Clerk("acme.clerk.accounts.dev")},
			metadata: "https://acme.clerk.accounts.dev/.well-known/oauth-authorization-server", keys: "https://acme.clerk.accounts.dev/.well-known/jwks.json", header: "at+jwt",
			claims:  `{"iss":"https://acme.clerk.accounts.dev","aud":"` + resource + `","sub":"user_alice","client_id":"client","scope":"read profile","jti":"j","nbf":1}`,
			subject: "user_alice", client: "client", scope: "read",
			mistakes: []mistake{
				{name: "no audience", claims: map[string]any{"aud": authtest.Absent}, reason: "wrong_audience", hint: "Include Audience"},
				{name: "a session token", header: "JWT", claims: map[string]any{"sid": "s"}, reason: "wrong_token_type", hint: "session tokens"},
				{name: "an opaque token", opaque: "oat_0123456789abcdef", reason: "not_a_jwt", hint: "access tokens as JWTs"},
			},
		},
		"Scalekit": {
			issuers: []core.Issuer{issuers.Scalekit(scalekit + "/")},
			keys:    scalekit + "/keys", header: "JWT",
			claims:  `{"iss":"` + scalekit + `","aud":["` + resource + `"],"sub":"alice","client_id":"client","scope":"read","nbf":1}`,
			subject: "alice", client: "client", scope: "read",
			mistakes: []mistake{
				{name: "the advertised server as issuer", claims: map[string]any{"iss": scalekit + "/resources/res_1"}, reason: "unknown_issuer", hint: "environment's URL"},
				{name: "the resource's id as audience", claims: map[string]any{"aud": "res_1"}, reason: "wrong_audience", hint: "resource id"},
			},
		},
		"Descope": {
			issuers: []core.Issuer{issuers.Descope("https://api.descope.com", "P1", "M1")},
			keys:    "https://api.descope.com/P1/.well-known/jwks.json", header: "JWT",
			claims:  `{"iss":"` + descope + `","aud":["P1","` + resource + `"],"sub":"alice","client_id":"client","scope":"read"}`,
			subject: "alice", client: "client", scope: "read",
			mistakes: []mistake{
				{name: "an inbound app's token", claims: map[string]any{"iss": "https://api.descope.com/v1/apps/P1"}, reason: "unknown_issuer", hint: "inbound app"},
				{name: "the project's id alone as audience", claims: map[string]any{"aud": "P1"}, reason: "wrong_audience", hint: "MCP server's URL"},
			},
		},
	}
}

// TestPresets lets each preset judge its fixture, which must pass, and what
// commonly comes in its place, which must be refused for that very reason and
// with a hint at the cure.
func TestPresets(t *testing.T) {
	as := authtest.NewServer(t)
	keys := keysOf(t, as)
	for name, p := range providers() {
		t.Run(name, func(t *testing.T) {
			n := p.internet(t, keys)
			got := judge(t, n, p.issuers, p.scope, p.mint(t, as, mistake{}))
			if got.Reason != "" {
				t.Fatalf("the fixture is refused: %s, expected %s, got %s", got.Reason, got.Expected, got.Got)
			}
			if who := got.principal; who.Subject != p.subject || who.ClientID != p.client || !slices.Contains(who.Scopes, p.scope) {
				t.Errorf("the fixture is of %q by %q with %q, want %q by %q with %q", who.Subject, who.ClientID, who.Scopes, p.subject, p.client, p.scope)
			}
			for _, m := range p.mistakes {
				got := judge(t, n, p.issuers, p.scope, p.mint(t, as, m))
				if got.Reason != m.reason || !strings.Contains(got.Hint, m.hint) {
					t.Errorf("%s: reason %q, want %q; hint %q, want one that says %q", m.name, got.Reason, m.reason, got.Hint, m.hint)
				}
			}
		})
	}
}

// S33: a preset can be introspected as it is. Where it names a key set, it must
// be said what for; and an opaque token doesn't tell its tenant.
func TestPresetsWithIntrospection(t *testing.T) {
	for name, p := range providers() {
		t.Run(name, func(t *testing.T) {
			i := p.issuers[0]
			i.Introspection = &core.Introspection{ClientID: "client", ClientSecret: "secret", OpaqueOnly: i.JWKSURL != ""}
			_, err := core.New(t.Context(), core.Config{
				Resource: resource, Issuers: []core.Issuer{i}, Logger: slog.New(slog.DiscardHandler), HTTPClient: &http.Client{Transport: internet{}},
			})
			var mistake *core.ConfigError
			switch {
			case len(i.Tenants) == 0 && err != nil:
				t.Errorf("refused: %v", err)
			case len(i.Tenants) > 0 && (!errors.As(err, &mistake) || mistake.Field != "Issuers[0].Introspection"):
				t.Errorf("with tenants: %v, want a mistake in Issuers[0].Introspection", err)
			}
		})
	}
}

// internet has the provider's documents where the sources say that they are, and
// for every tenant that is trusted.
func (p *provider) internet(t *testing.T, keys string) internet {
	t.Helper()
	n := internet{p.keys: keys}
	if p.metadata != "" {
		var claims struct{ Iss string }
		if err := json.Unmarshal([]byte(p.claims), &claims); err != nil {
			t.Fatal(err)
		}
		n[p.metadata] = `{"issuer":"` + claims.Iss + `","jwks_uri":"` + p.keys + `"}`
		const other = "other-tenant-id"
		n[strings.ReplaceAll(p.metadata, tenant, other)] = strings.ReplaceAll(n[p.metadata], tenant, other)
		n[strings.ReplaceAll(p.keys, tenant, other)] = keys
	}
	return n
}

func (p *provider) mint(t *testing.T, as *authtest.Server, m mistake) string {
	t.Helper()
	if m.opaque != "" {
		return m.opaque
	}
	token := authtest.Token{RawPayload: claimsOf(t, p.claims, m.claims), Type: p.header}
	if m.header != "" {
		token.Type = m.header
	}
	if token.Type == "" {
		token.Header = map[string]any{"typ": authtest.Absent}
	}
	return as.Mint(token)
}

// Both versions of Entra's tokens can be trusted while an app registration
// changes over, and a provider beside another doesn't judge its tokens.
func TestPresetsSideBySide(t *testing.T) {
	as := authtest.NewServer(t)
	keys, all := keysOf(t, as), entra()
	v1, v2 := all["Entra v1"], all["Entra v2"]
	n := v2.internet(t, keys)
	for url, body := range v1.internet(t, keys) {
		n[url] = body
	}
	for name, p := range all {
		got := judge(t, n, append(slices.Clone(v2.issuers), v1.issuers...), "mcp.read", p.mint(t, as, mistake{}))
		if got.Reason != "" {
			t.Errorf("%s is refused: %s", name, got.Reason)
		}
	}
}
