package core_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
)

// quiet is the least config that New accepts, with no log.
func quiet() core.Config {
	return core.Config{
		Resource:             "https://mcp.example/mcp",
		AuthorizationServers: []string{"https://as.example"},
		Scopes:               []string{"a", "b"},
		Logger:               slog.New(slog.DiscardHandler),
	}
}

// stopped is a context that has ended, so that the workers of New end at once
// and nothing asks the network.
func stopped(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// mistakesOf returns the fields that New complains about.
func mistakesOf(t *testing.T, c core.Config) []*core.ConfigError {
	t.Helper()
	_, err := core.New(stopped(t), c)
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		var one *core.ConfigError
		if !errors.As(err, &one) {
			t.Fatalf("New = %v, which is no ConfigError", err)
		}
		return []*core.ConfigError{one}
	}
	var list []*core.ConfigError
	for _, e := range joined.Unwrap() {
		var one *core.ConfigError
		if !errors.As(e, &one) {
			t.Fatalf("New joined %v, which is no ConfigError", e)
		}
		list = append(list, one)
	}
	return list
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*core.Config)
		field  string
		says   string
	}{
		"no resource":                 {func(c *core.Config) { c.Resource = "" }, "Resource", "missing"},
		"relative resource":           {func(c *core.Config) { c.Resource = "/mcp" }, "Resource", "absolute"},
		"resource of another scheme":  {func(c *core.Config) { c.Resource = "ftp://h/mcp" }, "Resource", "absolute https"},
		"resource that is no URL":     {func(c *core.Config) { c.Resource = "https://h/%zz" }, "Resource", "no URL"},
		"resource with line break":    {func(c *core.Config) { c.Resource = "https://h/m\r\ncp" }, "Resource", "no URL"},
		"resource with a quote":       {func(c *core.Config) { c.Resource = `https://h/m"cp` }, "Resource", "path has"},
		"resource over plain http":    {func(c *core.Config) { c.Resource = "http://h/mcp" }, "Resource", "loopback"},
		"resource with a fragment":    {func(c *core.Config) { c.Resource = "https://h/mcp#x" }, "Resource", "fragment"},
		"resource with empty fragmnt": {func(c *core.Config) { c.Resource = "https://h/mcp#" }, "Resource", "fragment"},
		"resource with a user":        {func(c *core.Config) { c.Resource = "https://u:p@h/mcp" }, "Resource", "user information"},
		"S53 braces":                  {func(c *core.Config) { c.Resource = "https://h/{x}" }, "Resource", "pattern"},
		"S53 colon":                   {func(c *core.Config) { c.Resource = "https://h/:x" }, "Resource", "pattern"},
		"S53 star":                    {func(c *core.Config) { c.Resource = "https://h/*" }, "Resource", "pattern"},
		"escaped path":                {func(c *core.Config) { c.Resource = "https://h/a%2fb" }, "Resource", "several ways"},
		"dot segment":                 {func(c *core.Config) { c.Resource = "https://h/a/../b" }, "Resource", "dot segment"},
		"doubled slash":               {func(c *core.Config) { c.Resource = "https://h//b" }, "Resource", "empty segment"},
		"path without slash":          {func(c *core.Config) { c.Path = "mcp" }, "Path", "slash"},
		"path with pattern":           {func(c *core.Config) { c.Path = "/{x}" }, "Path", "pattern"},
		"metadata URL":                {func(c *core.Config) { c.MetadataURL = "/meta" }, "MetadataURL", "absolute"},
		"metadata at the endpoint":    {func(c *core.Config) { c.MetadataURL = "https://mcp.example/mcp" }, "MetadataURL", "endpoint's"},
		"quote in a host":             {func(c *core.Config) { c.Resource = `https://h"x/mcp` }, "Resource", "absolute"},
		"host that isn't ASCII":       {func(c *core.Config) { c.Resource = "https://ü.example/mcp" }, "Resource", "punycode"},
		"query that isn't ASCII":      {func(c *core.Config) { c.Resource = "https://h/mcp?q=ü" }, "Resource", "percent-encode"},
		"origin with a quote":         {func(c *core.Config) { c.AllowedOrigins = []string{`https://app"example`} }, "AllowedOrigins[0]", "browsers"},
		"metadata at the endpoint, behind a proxy": {func(c *core.Config) {
			c.Resource, c.Path, c.MetadataURL = "https://mcp.example/tools/mcp", "/mcp", "https://mcp.example/tools/mcp"
		}, "MetadataURL", "endpoint's"},
		"metadata URL pattern":   {func(c *core.Config) { c.MetadataURL = "https://h/:meta" }, "MetadataURL", "pattern"},
		"nobody trusted":         {func(c *core.Config) { c.AuthorizationServers = nil }, "AuthorizationServers", "whose tokens"},
		"server over plain http": {func(c *core.Config) { c.AuthorizationServers = []string{"http://as.example"} }, "AuthorizationServers[0]", "loopback"},
		"server with a query":    {func(c *core.Config) { c.AuthorizationServers = []string{"https://as.example?x"} }, "AuthorizationServers[0]", "query"},
		"server listed twice":    {func(c *core.Config) { c.AuthorizationServers = []string{"https://a.example", "https://a.example"} }, "AuthorizationServers[1]", "twice"},
		"issuer without URL":     {func(c *core.Config) { c.Issuers = []core.Issuer{{}} }, "Issuers[0].URL", "missing"},
		"issuer twice": {func(c *core.Config) {
			c.Issuers = []core.Issuer{{URL: "https://a.example"}, {URL: "https://a.example"}}
		}, "Issuers[1].URL", "two issuers"},
		"symmetric algorithm":       {issuer(core.Issuer{Algorithms: []string{"HS256"}}), "Issuers[0].Algorithms", "HS256"},
		"no algorithm":              {issuer(core.Issuer{Algorithms: []string{"none"}}), "Issuers[0].Algorithms", "none"},
		"key set over plain http":   {issuer(core.Issuer{JWKSURL: "http://as.example/keys"}), "Issuers[0].JWKSURL", "loopback"},
		"issuer metadata relative":  {issuer(core.Issuer{MetadataURL: "meta"}), "Issuers[0].MetadataURL", "absolute"},
		"two ways to the keys":      {issuer(core.Issuer{MetadataURL: "https://a.example/m", JWKSURL: "https://a.example/k"}), "Issuers[0].MetadataURL", "never asked"},
		"empty audience":            {issuer(core.Issuer{Audiences: []string{""}}), "Issuers[0].Audiences", "empty"},
		"empty scope claim":         {issuer(core.Issuer{ScopeClaims: []string{"scope", ""}}), "Issuers[0].ScopeClaims", "empty"},
		"scope prefix with a space": {issuer(core.Issuer{ScopePrefix: "api ://"}), "Issuers[0].ScopePrefix", "no scope"},
		"two scope prefixes": {func(c *core.Config) {
			c.Issuers = []core.Issuer{{URL: "https://a.example", ScopePrefix: "x/"}, {URL: "https://b.example", ScopePrefix: "y/"}}
		}, "Issuers[1].ScopePrefix", "one spelling"},
		"scope with its prefix": {func(c *core.Config) {
			c.Issuers, c.Scopes = []core.Issuer{{URL: "https://a.example", ScopePrefix: "api://x/"}}, []string{"api://x/read"}
		}, "Scopes", `write "read"`},
		"tool's scope with its prefix": {func(c *core.Config) {
			c.Issuers = []core.Issuer{{URL: "https://a.example", ScopePrefix: "api://x/"}}
			c.Policy.Tools = map[string]core.Requirement{"t": core.Scopes("api://x/read")}
		}, `Policy.Tools["t"]`, `write "read"`},
		"a placeholder": {func(c *core.Config) {
			c.AuthorizationServers = []string{"https://login.example/{tenant}/v2.0"}
		}, "AuthorizationServers[0]", "placeholder"},
		"another placeholder": {func(c *core.Config) {
			c.AuthorizationServers = []string{"https://login.example/<tenant>/v2.0"}
		}, "AuthorizationServers[0]", "placeholder"},
		"one document for all tenants": {func(c *core.Config) {
			c.Issuers = []core.Issuer{{
				URL: "https://a.example/{tenantid}", Tenants: []string{"t", "u"},
				MetadataURL: "https://a.example/common/.well-known/openid-configuration",
			}}
		}, "Issuers[0].MetadataURL", "{tenantid}"},
		"a method in capitals": {func(c *core.Config) {
			c.Policy.Methods = map[string]core.Requirement{"logging/setlevel": core.Never()}
		}, `Policy.Methods["logging/setlevel"]`, `write "logging/setLevel"`},
		"keys that go stale before they cool down": {func(c *core.Config) { c.Limits.KeyStale = time.Second }, "Limits.KeyStale", "KeyCooldown, 10s"},
		"keys that cool down for too long":         {func(c *core.Config) { c.Limits.KeyCooldown = 48 * time.Hour }, "Limits.KeyStale", "KeyCooldown, 48h"},
		"nil verifier":                             {func(c *core.Config) { c.Verifiers = []core.Verifier{nil} }, "Verifiers[0]", "missing"},
		"S14 scope with a quote":                   {func(c *core.Config) { c.Scopes = []string{`a"b`} }, "Scopes", "scope-token"},
		"S14 scope with backslash":                 {func(c *core.Config) { c.Scopes = []string{`a\b`} }, "Scopes", "scope-token"},
		"S14 scope with CR LF":                     {func(c *core.Config) { c.Scopes = []string{"a\r\nb"} }, "Scopes", "scope-token"},
		"two scopes in one":                        {func(c *core.Config) { c.Scopes = []string{"a b"} }, "Scopes", "one scope per entry"},
		"empty scope":                              {func(c *core.Config) { c.Scopes = []string{""} }, "Scopes", "scope-token"},
		"scope twice":                              {func(c *core.Config) { c.Scopes = []string{"a", "a"} }, "Scopes", "twice"},
		"S38 offline_access":                       {func(c *core.Config) { c.Scopes = []string{"offline_access"} }, "Scopes", "offline_access"},
		"S38 offline_access listed": {
			func(c *core.Config) { c.Metadata.ScopesSupported = []string{"a", "offline_access"} }, "Metadata.ScopesSupported", "offline_access",
		},
		"implied scope":             {func(c *core.Config) { c.Implies = map[string][]string{"admin": {"a b"}} }, `Implies["admin"]`, "scope-token"},
		"implying itself":           {func(c *core.Config) { c.Implies = map[string][]string{"admin": {"admin"}} }, `Implies["admin"]`, "twice"},
		"documentation":             {func(c *core.Config) { c.Metadata.Documentation = "javascript:x" }, "Metadata.Documentation", "http"},
		"policy page":               {func(c *core.Config) { c.Metadata.Policy = "policy.html" }, "Metadata.Policy", "http"},
		"terms page":                {func(c *core.Config) { c.Metadata.Terms = "https:" }, "Metadata.Terms", "http"},
		"extra member that is ours": {func(c *core.Config) { c.Metadata.Extra = map[string]any{"resource": "x"} }, `Metadata.Extra["resource"]`, "another field"},
		"extra that is no JSON":     {func(c *core.Config) { c.Metadata.Extra = map[string]any{"x": func() {}} }, `Metadata.Extra["x"]`, "JSON"},
		"any origin":                {func(c *core.Config) { c.AllowedOrigins = []string{"*"} }, "AllowedOrigins[0]", "browsers"},
		"null origin":               {func(c *core.Config) { c.AllowedOrigins = []string{"null"} }, "AllowedOrigins[0]", "browsers"},
		"origin with a path":        {func(c *core.Config) { c.AllowedOrigins = []string{"https://app.example/"} }, "AllowedOrigins[0]", "browsers"},
		"origin with default port":  {func(c *core.Config) { c.AllowedOrigins = []string{"https://app.example:443"} }, "AllowedOrigins[0]", "browsers"},
		"origin in capitals":        {func(c *core.Config) { c.AllowedOrigins = []string{"https://App.example"} }, "AllowedOrigins[0]", "browsers"},
		"negative token limit":      {func(c *core.Config) { c.Limits.TokenBytes = -1 }, "Limits.TokenBytes", "negative"},
		"negative body limit":       {func(c *core.Config) { c.Limits.BodyBytes = -1 }, "Limits.BodyBytes", "negative"},
		"negative cooldown":         {func(c *core.Config) { c.Limits.KeyCooldown = -1 }, "Limits.KeyCooldown", "negative"},
		"negative stale window":     {func(c *core.Config) { c.Limits.KeyStale = -1 }, "Limits.KeyStale", "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			config := quiet()
			c.change(&config)
			found := mistakesOf(t, config)
			if len(found) != 1 {
				t.Fatalf("%d mistakes, want one: %v", len(found), found)
			}
			m := found[0]
			if m.Field != c.field || !strings.Contains(m.Reason+" "+m.Fix, c.says) {
				t.Errorf("mistake in %s: %s; want one in %s that says %q", m.Field, m.Reason, c.field, c.says)
			}
			if m.Fix == "" || m.Value == "" || !strings.Contains(m.Error(), m.Fix) || !strings.Contains(m.Error(), m.Field) {
				t.Errorf("the text lacks field, value or fix: %s", m)
			}
		})
	}
}

func issuer(i core.Issuer) func(*core.Config) {
	return func(c *core.Config) {
		i.URL = "https://as.example"
		c.Issuers = []core.Issuer{i}
	}
}

func TestNewListsEveryMistake(t *testing.T) {
	found := mistakesOf(t, core.Config{
		Resource: "http://h/{x}", Scopes: []string{"a b"}, AllowedOrigins: []string{"*"}, Limits: core.Limits{BodyBytes: -1},
	})
	var fields []string
	for _, m := range found {
		fields = append(fields, m.Field)
	}
	if got, want := strings.Join(fields, " "), "Resource AuthorizationServers Scopes AllowedOrigins[0] Limits.BodyBytes"; got != want {
		t.Errorf("mistakes in %s, want %s", got, want)
	}
}

func TestNewAccepts(t *testing.T) {
	for name, change := range map[string]func(*core.Config){
		"the least":            func(*core.Config) {},
		"no scopes":            func(c *core.Config) { c.Scopes = nil },
		"loopback over http":   func(c *core.Config) { c.Resource = "http://127.0.0.1:8080/mcp" },
		"a trusted network":    func(c *core.Config) { c.Resource = "http://mcp.internal/mcp"; c.DangerouslyAllowHTTP = true },
		"a query":              func(c *core.Config) { c.Resource = "https://h/mcp?tenant=1" },
		"no path":              func(c *core.Config) { c.Resource = "https://h" },
		"the root path":        func(c *core.Config) { c.Resource = "https://h/" },
		"a final slash":        func(c *core.Config) { c.Resource = "https://h/mcp/" },
		"an issuer with slash": func(c *core.Config) { c.AuthorizationServers = []string{"https://t.auth.example/"} },
		"no skew":              func(c *core.Config) { c.Limits.ClockSkew = -1 },
		"localized names":      func(c *core.Config) { c.Metadata.Extra = map[string]any{"resource_name#de": "Wetter"} },
		"a cycle of scopes":    func(c *core.Config) { c.Implies = map[string][]string{"a": {"b"}, "b": {"a"}} },
		"trusted apart from advertised": func(c *core.Config) {
			c.Issuers = []core.Issuer{{URL: "https://tokens.example", JWKSURL: "https://tokens.example/keys"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := quiet()
			change(&c)
			if found := mistakesOf(t, c); found != nil {
				t.Errorf("refused: %v", found)
			}
		})
	}
}

func TestPathsOfAResource(t *testing.T) {
	for name, c := range map[string]struct {
		change            func(*core.Config)
		path, url, routes string
	}{
		"S36 no path":     {func(c *core.Config) { c.Resource = "https://ex.com" }, "/", "https://ex.com/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource"},
		"S36 root path":   {func(c *core.Config) { c.Resource = "https://ex.com/" }, "/", "https://ex.com/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource"},
		"S36 deep path":   {func(c *core.Config) { c.Resource = "https://ex.com/a/b/mcp" }, "/a/b/mcp", "https://ex.com/.well-known/oauth-protected-resource/a/b/mcp", "/.well-known/oauth-protected-resource/a/b/mcp"},
		"S36 final slash": {func(c *core.Config) { c.Resource = "https://ex.com/mcp/" }, "/mcp/", "https://ex.com/.well-known/oauth-protected-resource/mcp/", "/.well-known/oauth-protected-resource/mcp/"},
		"S36 query":       {func(c *core.Config) { c.Resource = "https://ex.com/mcp?t=1" }, "/mcp", "https://ex.com/.well-known/oauth-protected-resource/mcp?t=1", "/.well-known/oauth-protected-resource/mcp"},
		"S37 at the root too": {
			func(c *core.Config) { c.Metadata.AtRoot = true }, "/mcp", "https://mcp.example/.well-known/oauth-protected-resource/mcp",
			"/.well-known/oauth-protected-resource /.well-known/oauth-protected-resource/mcp",
		},
		"a proxy strips the prefix": {
			func(c *core.Config) {
				c.Resource, c.Path = "https://ex.com/tools/mcp", "/mcp"
				c.MetadataURL = "https://ex.com/tools/.well-known/oauth-protected-resource/mcp"
			}, "/mcp", "https://ex.com/tools/.well-known/oauth-protected-resource/mcp",
			"/.well-known/oauth-protected-resource/mcp /.well-known/oauth-protected-resource/tools/mcp /tools/.well-known/oauth-protected-resource/mcp",
		},
		"a proxy strips the whole path": {
			func(c *core.Config) {
				c.Resource, c.Path = "https://ex.com/tools", "/"
				c.MetadataURL = "https://ex.com/tools/meta"
			}, "/", "https://ex.com/tools/meta",
			"/.well-known/oauth-protected-resource /.well-known/oauth-protected-resource/tools /meta /tools/meta",
		},
		"a proxy adds a prefix": {
			func(c *core.Config) {
				c.Path = "/svc/mcp"
				c.MetadataURL = "https://mcp.example/meta"
			}, "/svc/mcp", "https://mcp.example/meta",
			"/.well-known/oauth-protected-resource/mcp /.well-known/oauth-protected-resource/svc/mcp /meta /svc/meta",
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := quiet()
			c.change(&config)
			rs, err := core.New(stopped(t), config)
			if err != nil {
				t.Fatal(err)
			}
			if rs.Path() != c.path || rs.MetadataURL() != c.url || strings.Join(rs.MetadataPaths(), " ") != c.routes {
				t.Errorf("path %s, metadata at %s, routes %s", rs.Path(), rs.MetadataURL(), rs.MetadataPaths())
			}
		})
	}
}

func TestNewCopiesTheConfig(t *testing.T) {
	c := quiet()
	rs, err := core.New(stopped(t), c)
	if err != nil {
		t.Fatal(err)
	}
	c.Scopes[0] = "changed"
	rs.MetadataPaths()[0] = "changed"
	if challenge := challengeOf(t, rs); !strings.Contains(challenge, `scope="a b"`) {
		t.Errorf("the challenge followed a change of the caller's config: %s", challenge)
	}
	if rs.MetadataPaths()[0] == "changed" {
		t.Error("MetadataPaths shares its memory")
	}
}
