package requirement

import (
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// document is the metadata of every row that doesn't change it.
const document = `{"authorization_servers":["{issuer}"],"bearer_methods_supported":["header"],` +
	`"resource":"https://mcp.example/mcp","scopes_supported":["a","b"]}`

// published is the answer to GET of the metadata.
func published(document string) Want {
	return Want{
		Status: http.StatusOK, Silent: true, Body: document,
		Header: map[string]string{
			"Content-Type": "application/json", "Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*",
		},
	}
}

// metadataRequest asks for the metadata as a client does.
func metadataRequest(method string) Request {
	return Request{Method: method, Path: metadataPath, Header: http.Header{"Mcp-Protocol-Version": {"2026-07-28"}}}
}

// metadataRows are S35: how the metadata is served.
func metadataRows() []Row {
	const clause = "RFC 9728 §3; Fetch §3.3"
	get := metadataRequest(http.MethodGet)
	preflight := metadataRequest(http.MethodOptions)
	preflight.Header = http.Header{
		"Origin": {"https://anybody.example"}, "Access-Control-Request-Method": {"GET"}, "Access-Control-Request-Headers": {"mcp-protocol-version"},
	}
	with := func(header http.Header) Request {
		r := metadataRequest(http.MethodGet)
		r.Header = header
		return r
	}
	head := published("")
	rows := []Row{
		one("S35/get", clause, "The metadata is public, and may be kept for an hour.", get, published(document)),
		one("S35/head", clause, "HEAD is answered as GET is, without the document.", metadataRequest(http.MethodHead), head),
		one("S35/head-unserved", clause, "HEAD has no body, also where no server stands before that drops it.",
			Request{Method: http.MethodHead, Path: metadataPath, Direct: true}, head),
		one("S35/preflight", clause, "A preflight for MCP's header field is answered.", preflight, Want{
			Status: http.StatusNoContent, Silent: true, Header: map[string]string{
				"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
				"Access-Control-Allow-Headers": "Mcp-Protocol-Version, *", "Access-Control-Max-Age": "3600", "Allow": "GET, HEAD, OPTIONS",
			},
		}),
		one("S35/options", clause, "OPTIONS that is no preflight is answered too.", metadataRequest(http.MethodOptions), Want{
			Status: http.StatusNoContent, Silent: true, Header: map[string]string{"Allow": "GET, HEAD, OPTIONS"},
		}),
		one("S35/foreign-origin", clause, "Pages of any origin may read the metadata.",
			with(http.Header{"Origin": {"https://anybody.example"}}), published(document)),
		one("S35/bad-token", clause, "A bad token isn't looked at.",
			with(http.Header{"Authorization": {"Bearer garbage"}}), published(document)),
		one("S35/two-tokens", clause, "Malformed credentials aren't looked at.",
			with(http.Header{"Authorization": {"Bearer x", "Bearer y"}}), published(document)),
		one("S35/query", clause, "A query makes no difference.",
			Request{Method: http.MethodGet, Path: metadataPath + "?x=1"}, published(document)),
		{
			ID: "S35/server-down", Clause: clause, About: "The metadata is there while the authorization server is down.",
			Before: func(w *World) { w.Server.Down() }, Unready: true,
			Steps: []Step{{Before: settled(1), Request: get, Want: published(document)}},
		},
		{
			ID: "S35/guarded", Clause: clause, About: "The metadata is public in an app whose middleware refuses everything.",
			Guarded: true,
			Steps: []Step{
				{Request: get, Want: published(document)},
				{Request: Request{Method: http.MethodGet, Path: publicRoute}, Want: Want{Status: http.StatusForbidden, Silent: true, Body: AnyBody}},
			},
		},
		{
			ID: "S35/metadata-only", Clause: clause, About: "The metadata can be mounted without an endpoint.",
			MetadataOnly: true,
			Steps: []Step{
				{Request: get, Want: published(document)},
				{Want: Want{Status: http.StatusNotFound, Silent: true, Body: AnyBody}},
			},
		},
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		rows = append(rows, one("S35/"+strings.ToLower(method), "RFC 9110 §15.5.6", "Other methods are told which ones there are.",
			metadataRequest(method), Want{
				Status: http.StatusMethodNotAllowed, Silent: true, Body: "method not allowed\n",
				Header: map[string]string{"Allow": "GET, HEAD, OPTIONS", "Access-Control-Allow-Origin": "*"},
			}))
	}
	return rows
}

// metadataPlaceRows are S36 and S37: where the metadata is.
func metadataPlaceRows() []Row {
	const clause = "RFC 9728 §3.1, §5.1"
	const root = "https://mcp.example/.well-known/oauth-protected-resource"
	var rows []Row
	for _, c := range []struct{ name, resource, path, metadata string }{
		{"no-path", "https://mcp.example", "/", root},
		{"root", "https://mcp.example/", "/", root},
		{"path", "https://mcp.example/a/b/mcp", "/a/b/mcp", root + "/a/b/mcp"},
		{"trailing-slash", "https://mcp.example/mcp/", "/mcp/", root + "/mcp/"},
		{"query", "https://mcp.example/mcp?tenant=1&x=y", "/mcp?tenant=1&x=y", root + "/mcp?tenant=1&x=y"},
		{"query-without-path", "https://mcp.example?tenant=1", "/?tenant=1", root + "?tenant=1"},
		{"port", "https://mcp.example:8443/mcp", "/mcp", "https://mcp.example:8443/.well-known/oauth-protected-resource/mcp"},
		{"loopback", "http://127.0.0.1:8080/mcp", "/mcp", "http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp"},
		{"unusual-letters", "https://mcp.example/v1.0/~me/a-b_c", "/v1.0/~me/a-b_c", root + "/v1.0/~me/a-b_c"},
	} {
		token := good("a", "b")
		token.Audience = c.resource
		in := alice("a", "b")
		in.Audience = []string{c.resource}
		rows = append(rows, Row{
			ID: "S36/" + c.name, Clause: clause, About: "The well-known part goes between host and path, a query stays, and the URL in the challenge answers.",
			Config: func(_ *World, config *core.Config) { config.Resource = c.resource },
			Steps: []Step{
				{Request: Request{Path: c.path}, Want: place{c.metadata, "a b"}.bare()},
				{Request: Request{Path: c.path, Token: token}, Want: letIn(in)},
				{
					Request: Request{Method: http.MethodGet, Path: pathOf(c.metadata)},
					Want:    published(strings.ReplaceAll(strings.Replace(document, Resource, c.resource, 1), "&", `\u0026`)),
				},
			},
		})
	}
	return append(append(rows, rewrittenRows()...), rootRows()...)
}

// pathOf returns the path and query of a URL.
func pathOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return strings.TrimPrefix(rest, host)
}

// rewrittenRows are S36 behind a proxy that rewrites paths.
func rewrittenRows() []Row {
	const clause = "RFC 9728 §3.1, §5.1"
	get := func(path string) Request { return Request{Method: http.MethodGet, Path: path} }
	absent := Want{Status: http.StatusNotFound, Silent: true, Body: AnyBody}
	return []Row{
		{
			ID: "S36/rewritten-path", Clause: clause, About: "Behind a proxy that rewrites paths the endpoint is where the configuration says, and the challenge names what clients see.",
			Config: func(_ *World, c *core.Config) { c.Path = "/inside/mcp" },
			Steps: []Step{
				{Request: Request{Path: "/inside/mcp"}, Want: endpoint().bare()},
				{Request: Request{Path: "/inside/mcp", Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
				{Request: get(metadataPath), Want: published(document)},
				{Request: get("/.well-known/oauth-protected-resource/inside/mcp"), Want: published(document)},
				{Want: absent},
			},
		},
		{
			ID: "S36/metadata-url", Clause: clause, About: "A configured metadata URL is what the challenge names, and answers.",
			Config: func(_ *World, c *core.Config) { c.MetadataURL = "https://mcp.example/public/metadata.json?v=1" },
			Steps: []Step{
				{Want: place{"https://mcp.example/public/metadata.json?v=1", "a b"}.bare()},
				{Request: get("/public/metadata.json?v=1"), Want: published(document)},
				{Request: get(metadataPath), Want: published(document)},
			},
		},
		{
			ID: "S36/stripped-prefix", Clause: clause, About: "Behind a proxy that strips a prefix, the metadata URL under that prefix answers.",
			Config: func(_ *World, c *core.Config) {
				c.Path, c.MetadataURL = "/", "https://mcp.example/mcp/.well-known/oauth-protected-resource"
			},
			Steps: []Step{
				{Request: Request{Path: "/"}, Want: place{"https://mcp.example/mcp/.well-known/oauth-protected-resource", "a b"}.bare()},
				{Request: get("/.well-known/oauth-protected-resource"), Want: published(document)},
			},
		},
		{
			ID: "S36/metadata-at-endpoint", Clause: clause, About: "The metadata can't be where the endpoint is.",
			Config:  func(_ *World, c *core.Config) { c.MetadataURL = "https://mcp.example/mcp" },
			Refused: []string{"MetadataURL"},
		},
		{
			ID: "S36/exact-path", Clause: "RFC 9110 §4.2", About: "The endpoint is at its path alone.",
			Steps: []Step{
				{Request: Request{Path: "/mcpx"}, Want: absent},
				{Request: Request{Path: "/MCP"}, Want: absent},
				{Request: Request{Path: "/mcp/x"}, Want: absent},
				{Want: endpoint().bare()},
			},
		},
	}
}

// rootRows are S37: the metadata at the root as well.
func rootRows() []Row {
	const clause = "RFC 9728 §3; MCP 2026-07-28 authorization, protected resource metadata discovery"
	root := Request{Method: http.MethodGet, Path: "/.well-known/oauth-protected-resource"}
	atRoot := func(_ *World, c *core.Config) { c.Metadata.AtRoot = true }
	return []Row{
		{
			ID: "S37/at-root", Clause: clause, About: "The same document is at the root, if the configuration says so; the challenge doesn't change.",
			Config: atRoot,
			Steps: []Step{
				{Request: root, Want: published(document)},
				{Request: metadataRequest(http.MethodGet), Want: published(document)},
				{Want: endpoint().bare()},
			},
		},
		one("S37/not-at-root", clause, "Nothing is at the root otherwise.", root, Want{Status: http.StatusNotFound, Silent: true, Body: AnyBody}),
		{
			ID: "S37/two-at-root", Clause: clause, About: "A second resource at the root of one router is an error that says what to do.",
			Config: atRoot,
			More: []func(*World, *core.Config){func(_ *World, c *core.Config) {
				c.Resource, c.Metadata.AtRoot = "https://mcp.example/other", true
			}},
			Unmounted: "InFront",
		},
		{
			ID: "S37/mounted-twice", Clause: clause, About: "The same resource twice on one router is an error that says what to do.",
			More: []func(*World, *core.Config){nil}, Unmounted: "InFront",
		},
	}
}

// metadataMemberRows are S38: what the metadata says.
func metadataMemberRows() []Row {
	const clause = "RFC 9728 §2; MCP 2026-07-28 authorization, scope selection strategy"
	says := func(id, about string, config func(*World, *core.Config), document string) Row {
		return Row{ID: id, Clause: clause, About: about, Config: config, Steps: []Step{{Request: metadataRequest(http.MethodGet), Want: published(document)}}}
	}
	rows := []Row{
		says("S38/no-scopes", "Members without a value are left out.", func(_ *World, c *core.Config) { c.Scopes = nil },
			`{"authorization_servers":["{issuer}"],"bearer_methods_supported":["header"],"resource":"https://mcp.example/mcp"}`),
		says("S38/more-scopes", "The published scopes can be more than those of the endpoint.",
			func(_ *World, c *core.Config) { c.Metadata.ScopesSupported = []string{"a", "b", "c"} },
			strings.Replace(document, `"a","b"`, `"a","b","c"`, 1)),
		says("S38/fewer-scopes", "The published scopes can be fewer, or none.",
			func(_ *World, c *core.Config) { c.Metadata.ScopesSupported = []string{} },
			strings.Replace(document, `,"scopes_supported":["a","b"]`, "", 1)),
		says("S38/scopes-of-the-policy", "The scopes that the policy names can be published too, each once.",
			func(_ *World, c *core.Config) {
				c.Metadata.ListPolicyScopes = true
				c.Policy = core.Policy{
					Tools:     map[string]core.Requirement{"x": core.Scopes("d", "b"), "y": core.AnyOf(core.Scopes("f"), core.Scopes("e"))},
					Prompts:   map[string]core.Requirement{"x": core.Scopes("g")},
					Resources: map[string]core.Requirement{"x://y": core.Scopes("h")},
					Methods:   map[string]core.Requirement{"logging/setLevel": core.Scopes("i")},
					Unlisted:  core.Scopes("c"),
				}
			},
			strings.Replace(document, `"a","b"`, `"a","b","c","d","e","f","g","h","i"`, 1)),
		says("S38/other-servers", "What is advertised may differ from what is trusted, and is published byte for byte.",
			func(_ *World, c *core.Config) {
				c.AuthorizationServers = []string{"https://AS.example/", "https://as.example/t/../x"}
			},
			strings.Replace(document, `"{issuer}"`, `"https://AS.example/","https://as.example/t/../x"`, 1)),
		says("S38/servers-of-issuers", "The advertised servers default to the trusted issuers.",
			func(_ *World, c *core.Config) { c.AuthorizationServers = nil }, document),
		says("S38/prefix", "Scopes are published as clients must spell them.",
			func(_ *World, c *core.Config) { c.Issuers[0].ScopePrefix = "api://x/" },
			strings.Replace(document, `"a","b"`, `"api://x/a","api://x/b"`, 1)),
		says("S38/all-members", "Every member can be set, in other languages too.", func(_ *World, c *core.Config) {
			c.Metadata.Name, c.Metadata.Documentation = `Notes "<&>" Ü`, "https://docs.example/x"
			c.Metadata.Policy, c.Metadata.Terms = "https://docs.example/policy", "https://docs.example/terms"
			c.Metadata.Extra = map[string]any{
				"resource_name#de": "Notizen", "jwks_uri": "https://mcp.example/keys", "tls_client_certificate_bound_access_tokens": false,
				"x_list": []int{1, 2},
			}
		}, `{"authorization_servers":["{issuer}"],"bearer_methods_supported":["header"],"jwks_uri":"https://mcp.example/keys",`+
			`"resource":"https://mcp.example/mcp","resource_documentation":"https://docs.example/x","resource_name":"Notes \"\u003c\u0026\u003e\" Ü",`+
			`"resource_name#de":"Notizen","resource_policy_uri":"https://docs.example/policy","resource_tos_uri":"https://docs.example/terms",`+
			`"scopes_supported":["a","b"],"tls_client_certificate_bound_access_tokens":false,"x_list":[1,2]}`),
	}
	alone := says("S38/no-servers", "Verifiers alone need no authorization server, and nobody is asked.",
		func(_ *World, c *core.Config) { c.AuthorizationServers, c.Issuers = nil, nil },
		strings.Replace(document, `"authorization_servers":["{issuer}"],`, "", 1))
	alone.Fetches = []string{}
	return append(append(rows, alone), refusedMetadataRows()...)
}

// refusedMetadataRows are what the metadata must not say.
func refusedMetadataRows() []Row {
	const clause = "RFC 9728 §2; MCP 2026-07-28 authorization, refresh tokens"
	var rows []Row
	for name, c := range map[string]struct {
		change func(*core.Config)
		fields []string
	}{
		"offline-access":           {func(c *core.Config) { c.Scopes = []string{"a", "offline_access"} }, []string{"Scopes"}},
		"offline-access-published": {func(c *core.Config) { c.Metadata.ScopesSupported = []string{"offline_access"} }, []string{"Metadata.ScopesSupported"}},
		"own-members": {
			func(c *core.Config) {
				c.Metadata.Extra = map[string]any{"resource": "https://evil.example", "scopes_supported": []string{"offline_access"}, "resource#de": "x"}
			},
			[]string{`Metadata.Extra["resource"]`, `Metadata.Extra["resource#de"]`, `Metadata.Extra["scopes_supported"]`},
		},
		"unwritable": {func(c *core.Config) { c.Metadata.Extra = map[string]any{"x": func() {}} }, []string{`Metadata.Extra["x"]`}},
		"pages": {
			func(c *core.Config) {
				c.Metadata.Documentation, c.Metadata.Policy, c.Metadata.Terms = "javascript:alert(1)", "/policy", "x"
			},
			[]string{"Metadata.Documentation", "Metadata.Policy", "Metadata.Terms"},
		},
	} {
		rows = append(rows, Row{
			ID: "S38/" + name, Clause: clause, About: "What must not be published is refused at construction.",
			Config: func(_ *World, config *core.Config) { c.change(config) }, Refused: c.fields,
		})
	}
	return rows
}
