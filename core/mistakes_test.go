package core_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/issuers"
)

// A config that can never do what its writer meant is refused (S53), and the
// message says what was written, what is wrong with it, and what to write.
func TestMistakesAreToldAsTheyWereMade(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tool := func(r core.Requirement) func(*core.Config) {
		return func(c *core.Config) { c.Policy.Tools = map[string]core.Requirement{"x": r} }
	}
	introspection := func(in core.Introspection) func(*core.Config) {
		in.ClientID = "me"
		return issuer(core.Issuer{Introspection: &in})
	}
	for name, row := range map[string]struct {
		change func(*core.Config)
		want   string
	}{
		"the address of metadata": {
			func(c *core.Config) {
				c.AuthorizationServers = []string{"https://as.example/.well-known/openid-configuration"}
			},
			`core.Config: AuthorizationServers[0] is "https://as.example/.well-known/openid-configuration": it is the URL of metadata and no issuer; ` +
				`set what the metadata there have as issuer, most often the part before /.well-known/`,
		},
		"a URL where a preset wants a domain": {
			func(c *core.Config) { c.Issuers = []core.Issuer{issuers.Auth0("https://acme.auth0.com/")} },
			`core.Config: Issuers[0].URL is "https://https://acme.auth0.com//": its host ends in a colon, with no port after it; ` +
				`remove the colon; where the scheme stands there twice, write it once`,
		},
		"no callback": {
			tool(core.Decide(nil)),
			`core.Config: Policy.Tools["x"] is "Decide(nil)": there is no callback to decide; give it one, or write Never()`,
		},
		"no alternative": {
			tool(core.AnyOf()),
			`core.Config: Policy.Tools["x"] is "AnyOf(…)": its alternatives are not all made with Scopes, or there are none; give it requirements made with Scopes, and one at least`,
		},
		"an alternative that is no scope": {
			tool(core.AnyOf(core.Scopes("a"), core.Anonymous())),
			`core.Config: Policy.Tools["x"] is "AnyOf(…)": its alternatives are not all made with Scopes, or there are none; give it requirements made with Scopes, and one at least`,
		},
		"a bad scope of what is unlisted": {
			func(c *core.Config) {
				c.Policy = core.Policy{Tools: map[string]core.Requirement{}, Unlisted: core.Scopes("a b")}
			},
			`core.Config: Policy.Unlisted is []string{"a b"}: "a b" is no scope-token; list one scope per entry, of printable ASCII without space, quote and backslash (RFC 6749 §3.3)`,
		},
		"a callback for a method": {
			func(c *core.Config) {
				c.Policy.Methods = map[string]core.Requirement{
					"tools/list": core.Decide(func(context.Context, core.Operation, core.Principal) (core.Requirement, error) {
						return core.Scopes(), nil
					}),
				}
			},
			`core.Config: Policy.Methods["tools/list"] is "Decide(…)": a method has no arguments of its own to decide by; put the callback into Tools, Prompts or Resources`,
		},
		"metadata that are never asked for": {
			issuer(core.Issuer{MetadataURL: "https://as.example/m", Introspection: &core.Introspection{Endpoint: "https://as.example/i", ClientID: "me", ClientSecret: "s"}}),
			`core.Config: Issuers[0].Introspection.Endpoint is "https://as.example/i": with it MetadataURL is never asked; remove one of the two`,
		},
		"a negative time": {
			func(c *core.Config) { c.Limits.KeyStale = -time.Hour },
			`core.Config: Limits.KeyStale is -1h0m0s: it is negative; leave it zero for the default`,
		},
		"a negative delay": {
			func(c *core.Config) { c.CheckAfter = -time.Second },
			`core.Config: CheckAfter is -1s: it is negative; leave it zero for no check, or set how long the service takes to listen`,
		},
		"keys that nobody asks for": {
			issuer(core.Issuer{JWKSURL: "https://as.example/jwks", Introspection: &core.Introspection{ClientID: "me", ClientSecret: "s"}}),
			`core.Config: Issuers[0].Introspection.OpaqueOnly is false: JWTs are introspected, so JWKSURL is never asked; ` +
				`set OpaqueOnly to have JWTs verified by the issuer's keys, or remove JWKSURL`,
		},
		"opaque tokens of many tenants": {
			func(c *core.Config) {
				c.Issuers = []core.Issuer{{
					URL: "https://as.example/{tenantid}", Tenants: []string{"one"},
					Introspection: &core.Introspection{Endpoint: "https://as.example/introspect", ClientID: "me", ClientSecret: "s"},
				}}
			},
			`core.Config: Issuers[0].Introspection is introspection at "https://as.example/introspect" by "me": opaque tokens don't say of which tenant they are; ` +
				`list one Issuer without Tenants for them`,
		},
		"a claim that no value would do for": {
			issuer(core.Issuer{Require: map[string][]string{"roles": nil}}),
			`core.Config: Issuers[0].Require["roles"] is []string(nil): no value would do; name a claim and list its good values, or remove the entry`,
		},
		"a rule for no claim": {
			issuer(core.Issuer{Require: map[string][]string{"": {"x"}}}),
			`core.Config: Issuers[0].Require[""] is []string{"x"}: no value would do; name a claim and list its good values, or remove the entry`,
		},
		"an id of no key": {
			introspection(core.Introspection{ClientSecret: "s", KeyID: "k"}),
			`core.Config: Issuers[0].Introspection.KeyID is "k": there is no Key whose id it could be; set Key, or remove it`,
		},
		"a curve without an algorithm": {
			introspection(core.Introspection{Key: curve}),
			`core.Config: Issuers[0].Introspection.Key is "*ecdsa.PrivateKey": there is no algorithm for the key's curve (RFC 7518 §3.4); ` +
				`use an *rsa.PrivateKey of 2048 bits or more, an *ecdsa.PrivateKey of P-256, P-384 or P-521, or an ed25519.PrivateKey`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := quiet()
			row.change(&config)
			if _, err := core.New(stopped(t), config); err == nil || err.Error() != row.want {
				t.Errorf("New says\n%v\nwant\n%s", err, row.want)
			}
		})
	}
}

// New lists every mistake, whatever it takes to find it.
func TestNewListsTheMistakesOfEveryKind(t *testing.T) {
	config := quiet()
	config.Limits.TokenBytes, config.Limits.BodyBytes, config.Limits.KeyStale = -1, -1, -1
	config.Policy.Resources = map[string]core.Requirement{"a://{": core.Scopes(), "b://{": core.Scopes(), "c://{x}": core.Scopes()}
	config.Metadata.Extra = map[string]any{"x": func() {}, "y": make(chan int), "z": 1}
	var fields []string
	for _, m := range mistakesOf(t, config) {
		fields = append(fields, m.Field)
	}
	want := `Policy.Resources["a://{"] Policy.Resources["b://{"] Metadata.Extra["x"] Metadata.Extra["y"] Limits.TokenBytes Limits.BodyBytes Limits.KeyStale`
	if got := strings.Join(fields, " "); got != want {
		t.Errorf("mistakes in\n%s\nwant\n%s", got, want)
	}
}

// No secret gets into an error (I): not the password in a URL either.
func TestNewRepeatsNoPassword(t *testing.T) {
	for _, url := range []string{"https://u:hunter2@h/x", "https://u:hunter2@h/%zz", "https://u:hunt/hunter2@h", "u:hunter2@h", "http://u:hunter2@h/x"} {
		in := &core.Introspection{Endpoint: url, ClientID: "me", ClientSecret: "hunter2"}
		config := quiet()
		config.Resource, config.MetadataURL = url, url
		config.AuthorizationServers, config.AllowedOrigins = []string{url, url}, []string{url}
		config.Issuers = []core.Issuer{
			{URL: url, MetadataURL: url, Introspection: in},
			{URL: url, JWKSURL: url, Tenants: []string{"t"}, Introspection: in},
		}
		config.Metadata.Documentation, config.Metadata.Policy, config.Metadata.Terms = url, url, url
		_, err := core.New(stopped(t), config)
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "Endpoint") {
			t.Errorf("New(%q) = %v", url, err)
		}
		if printed := fmt.Sprintf("%v %+v %#v", in, in, *in); strings.Contains(printed, "hunter2") {
			t.Errorf("printed as %s", printed)
		}
	}
}
