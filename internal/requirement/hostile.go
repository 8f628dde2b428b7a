package requirement

import (
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// hostileRows are the second half of S14: what a stranger sends reaches neither
// the header nor the body of the answer, which is the same as ever.
func hostileRows() []Row {
	const clause = "RFC 9110 §5.5, §11.2; RFC 6750 §3"
	var rows []Row
	for _, c := range []struct {
		name    string
		token   *authtest.Token
		reason  string
		fetches int
	}{
		{"kid", &authtest.Token{Audience: Resource, KeyID: cases.Breakout}, "unknown_key", 1},
		{"iss", &authtest.Token{Audience: Resource, Issuer: "https://" + cases.Breakout}, "unknown_issuer", 0},
		{"aud", &authtest.Token{Audience: cases.Breakout}, "wrong_audience", 0},
		{"typ", &authtest.Token{Audience: Resource, Type: cases.Breakout}, "wrong_token_type", 0},
		{"typ-claim", claiming(map[string]any{"typ": "id", "x": cases.Breakout}), "not_an_access_token", 0},
		{"alg", &authtest.Token{Audience: Resource, RawHeader: `{"alg":"\", evil=\"1\\\r\n"}`}, "algorithm_not_allowed", 0},
		{"member", claiming(map[string]any{cases.Breakout: 1, "exp": 0}), "no_expiry", 0},
		{"huge-kid", &authtest.Token{Audience: Resource, KeyID: strings.Repeat(`"\`, 2000)}, "unknown_key", 1},
	} {
		rows = append(rows, one("S14/token-"+c.name, clause, "Hostile text in a token stays out of the answer.",
			Request{Token: c.token}, endpoint().invalid(c.reason).fetching(c.fetches)))
	}
	hostile := claiming(map[string]any{"sub": cases.Breakout, "client_id": cases.Breakout, "scope": []string{cases.Breakout, "a"}})
	return append(
		rows,
		one("S14/token-lacking", clause, "Hostile text in a good token stays out of the denial.",
			Request{Token: hostile}, endpoint().lacking("7")),
		one("S14/operation", clause, "Hostile names in a message stay out of the denial.",
			Request{
				Token: good("a"),
				Body:  `{"jsonrpc":"2.0","id":7,"method":"\", evil=\"1\r\n","params":{"name":"\", evil=\"1\r\n"}}`,
			}, endpoint().lacking("7")),
		one("S14/scheme", clause, "Hostile text in a scheme stays out of the challenge.",
			Request{Authorization: []string{`",evil="1 x`}}, endpoint().bare()),
		one("S14/host", "RFC 9728 §3.3", "The challenge never repeats what a request says of its host.",
			Request{
				Host: `evil.example`,
				Header: http.Header{
					"X-Forwarded-Host": {`evil.example"`}, "X-Forwarded-Proto": {"gopher"}, "X-Forwarded-Prefix": {"/evil"},
					"Forwarded": {`host=evil.example`}, "X-Original-Url": {"/evil"},
				},
			}, endpoint().bare()),
		one("S14/origin", clause, "A foreign origin stays out of the answer.",
			Request{Header: http.Header{"Origin": {`https://evil.example", evil="1\`}}}, foreign()),
	)
}

// hostileConfigRows are the first half of S14: what is configured can't break
// out of a header either.
func hostileConfigRows() []Row {
	const clause = "RFC 6749 §3.3; RFC 9110 §5.5"
	var rows []Row
	refused := func(name, about string, change func(*core.Config), fields ...string) {
		rows = append(rows, Row{
			ID: "S14/config-" + name, Clause: clause, About: about,
			Config:  func(_ *World, c *core.Config) { change(c) },
			Refused: fields,
		})
	}
	for name, scope := range map[string]string{
		"quote": `a"b`, "backslash": `a\b`, "space": "a b", "line-break": "a\r\nX-Injected: 1", "empty": "", "tab": "a\tb", "non-ascii": "ä", "delete": "a\x7f",
	} {
		refused("scope-"+name, "A scope outside the grammar is refused at construction.",
			func(c *core.Config) { c.Scopes = []string{"a", scope} }, "Scopes")
	}
	refused("supported", "A published scope outside the grammar is refused.",
		func(c *core.Config) { c.Metadata.ScopesSupported = []string{`a"b`} }, "Metadata.ScopesSupported")
	refused("implied", "A scope of the hierarchy outside the grammar is refused.",
		func(c *core.Config) { c.Implies = map[string][]string{"a": {`a"b`}} }, `Implies["a"]`)
	refused("prefix", "A scope prefix outside the grammar is refused.",
		func(c *core.Config) { c.Issuers[0].ScopePrefix = `api://"` }, "Issuers[0].ScopePrefix")
	for name, url := range map[string]string{
		"quote": `https://mcp.example/m"cp`, "backslash": `https://mcp.example/m\cp`, "line-break": "https://mcp.example/mcp\r\nX-Injected: 1",
		"space": "https://mcp.example/m cp", "quote-in-host": `https://mcp"example/x`, "fragment": "https://mcp.example/mcp#x", "encoded": "https://mcp.example/m%22cp",
	} {
		refused("resource-"+name, "A resource identifier that could break out is refused.",
			func(c *core.Config) { c.Resource = url }, "Resource")
		refused("metadata-url-"+name, "A metadata URL that could break out is refused.",
			func(c *core.Config) { c.MetadataURL = url }, "MetadataURL")
	}
	refused("origin", "An allowed origin that no browser sends is refused.", func(c *core.Config) {
		c.AllowedOrigins = []string{"https://app.example\r\nX-Injected: 1", `https://app"example`, "*", "null", "https://app.example/", "https://App.example", "https://app.example:443"}
	}, "AllowedOrigins[0]", "AllowedOrigins[1]", "AllowedOrigins[2]", "AllowedOrigins[3]", "AllowedOrigins[4]", "AllowedOrigins[5]", "AllowedOrigins[6]")
	refused("everything", "All mistakes are told at once.", func(c *core.Config) {
		c.Resource, c.Scopes, c.Limits.TokenBytes = "ftp://mcp.example", []string{"a", "a"}, -1
		c.Issuers[0].Algorithms = []string{"HS256"}
	}, "Resource", "Issuers[0].Algorithms", "Scopes", "Limits.TokenBytes")
	return append(rows, queryRows()...)
}

// queryRows are URLs whose query holds what a header parameter must escape.
func queryRows() []Row {
	const clause = "RFC 9110 §5.6.4; RFC 9728 §3.1"
	escaped := place{`https://mcp.example/.well-known/oauth-protected-resource/mcp?q=\"x\\y\"`, "a b"}
	audience := `https://mcp.example/mcp?q="x\y"`
	return []Row{
		{
			ID: "S14/config-query", Clause: clause, About: "Quotes and backslashes of a resource's query are escaped in the challenge.",
			Config: func(_ *World, c *core.Config) { c.Resource = audience },
			Steps:  []Step{{Want: escaped.bare()}, {Request: Request{Token: &authtest.Token{Audience: audience, Scopes: []string{"a"}}}, Want: escaped.lacking("7")}},
		},
		{
			ID: "S14/config-metadata-query", Clause: clause, About: "Quotes and backslashes of a metadata URL are escaped in the challenge.",
			Config: func(_ *World, c *core.Config) {
				c.MetadataURL = `https://mcp.example/.well-known/oauth-protected-resource/mcp?q="x\y"`
			},
			Steps: []Step{{Want: escaped.bare()}},
		},
		{
			ID: "S14/config-query-non-ascii", Clause: "RFC 3986 §2; RFC 9728 §1.2", About: "A query that isn't ASCII is no URL: the challenge couldn't name it.",
			Config:  func(_ *World, c *core.Config) { c.Resource = "https://mcp.example/mcp?q=ü" },
			Refused: []string{"Resource"},
		},
	}
}
