package devissuer_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// A request whose client or redirect URI is not sure must send the user nowhere
// (RFC 6749 §4.1.2.1, RFC 9700 §4.11).
func TestAuthorizeNeverRedirectsToStrangers(t *testing.T) {
	s := start(t, func(c *devissuer.Config) {
		c.Approve = devissuer.ApproveAll("alice")
		c.Clients = append(c.Clients, devissuer.Client{ID: "two", RedirectURIs: []string{
			"https://app.example/cb", "http://localhost:99/cb", "http://[::1]/cb",
		}})
	})
	for name, c := range map[string][][]string{
		"unknown client":             {{"client_id", "nobody"}},
		"no client":                  {{"client_id"}},
		"client twice":               {{"client_id", "public", "public"}},
		"redirect URI twice":         {{"redirect_uri", callback, callback}},
		"other host":                 {{"redirect_uri", "http://127.0.0.1.evil.example:1234/callback"}},
		"other loopback address":     {{"redirect_uri", "http://127.0.0.2:1234/callback"}},
		"other path":                 {{"redirect_uri", "http://127.0.0.1:1234/callback/"}},
		"other query":                {{"redirect_uri", callback + "?x=1"}},
		"https on loopback":          {{"redirect_uri", "https://127.0.0.1:1234/callback"}},
		"user information":           {{"redirect_uri", "http://evil@127.0.0.1:1234/callback"}},
		"fragment":                   {{"redirect_uri", callback + "#x"}},
		"empty":                      {{"redirect_uri", ""}},
		"a script":                   {{"redirect_uri", "javascript:alert(1)"}},
		"one of several, unnamed":    {{"client_id", "two"}, {"redirect_uri"}},
		"another port of a site":     {{"client_id", "two"}, {"redirect_uri", "https://app.example:444/cb"}},
		"another port of localhost":  {{"client_id", "two"}, {"redirect_uri", "http://localhost:98/cb"}},
		"case":                       {{"client_id", "two"}, {"redirect_uri", "https://APP.example/cb"}},
		"a client that has none":     {{"client_id", "rs:1"}, {"redirect_uri", ""}},
		"a client that has none (2)": {{"client_id", "rs:1"}, {"redirect_uri"}},
	} {
		a := s.authorize(request(c...))
		if a.status != http.StatusBadRequest || a.header.Get("Location") != "" {
			t.Errorf("%s: status %d, Location set: %t", name, a.status, a.header.Get("Location") != "")
		}
		if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: the answer is not a page", name)
		}
	}
	for _, path := range []string{"?%zz=1", "?client_id=a;b", "?" + strings.Repeat("a", 20000)} {
		if a := s.do(http.MethodGet, s.issuer.Endpoints().Authorization+path, ""); a.status < 400 || a.status > 499 {
			t.Errorf("an unreadable query: status %d", a.status)
		}
	}
}

func TestAuthorizeRedirectsToItsClients(t *testing.T) {
	s := start(t, func(c *devissuer.Config) {
		c.Approve = devissuer.ApproveAll("alice")
		c.Clients = append(c.Clients, devissuer.Client{ID: "two", RedirectURIs: []string{
			"https://app.example/cb?keep=1", "http://[::1]/cb", "com.example.app:/cb", "cursor://host/cb",
		}})
	})
	for name, c := range map[string]struct{ client, asked, want string }{
		"exact":               {"public", callback, callback},
		"any loopback port":   {"public", "http://127.0.0.1:9/callback", "http://127.0.0.1:9/callback"},
		"no port":             {"public", "http://127.0.0.1/callback", "http://127.0.0.1/callback"},
		"IPv6 loopback":       {"two", "http://[::1]:77/cb", "http://[::1]:77/cb"},
		"its query is kept":   {"two", "https://app.example/cb?keep=1", "https://app.example/cb"},
		"private-use scheme":  {"two", "com.example.app:/cb", "com.example.app:/cb"},
		"scheme with a host":  {"two", "cursor://host/cb", "cursor://host/cb"},
		"the only one, unset": {"public", "", callback},
	} {
		change := []string{"redirect_uri", c.asked}
		if c.asked == "" {
			change = change[:1]
		}
		a := s.authorize(request([]string{"client_id", c.client}, change))
		target, query := a.location()
		if a.status != http.StatusSeeOther || target != c.want || query.Get("code") == "" {
			t.Errorf("%s: status %d to %s", name, a.status, target)
		}
		if strings.Contains(c.asked, "keep") && query.Get("keep") != "1" {
			t.Errorf("%s: the query was lost", name)
		}
	}
}

// Errors that the client learns of, each with the issuer (RFC 9207 §2) and the
// state.
func TestAuthorizeErrors(t *testing.T) {
	s := start(t, func(c *devissuer.Config) {
		c.Resources = []string{resource, other}
		c.Approve = func(devissuer.AuthorizationRequest) devissuer.Decision { panic("nobody may see this") }
	})
	noCode := s.register(`{"redirect_uris":["` + callback + `"],"grant_types":["client_credentials"]}`).get("client_id")
	for name, c := range map[string]struct {
		change []string
		want   string
	}{
		"no response_type":     {[]string{"response_type"}, "invalid_request"},
		"implicit grant":       {[]string{"response_type", "token"}, "unsupported_response_type"},
		"fragment mode":        {[]string{"response_mode", "fragment"}, "invalid_request"},
		"no challenge":         {[]string{"code_challenge"}, "invalid_request"},
		"no challenge method":  {[]string{"code_challenge_method"}, "invalid_request"},
		"plain":                {[]string{"code_challenge_method", "plain"}, "invalid_request"},
		"short challenge":      {[]string{"code_challenge", "short"}, "invalid_request"},
		"padded challenge":     {[]string{"code_challenge", strings.Repeat("a", 43) + "="}, "invalid_request"},
		"unknown scope":        {[]string{"scope", "mcp:read admin"}, "invalid_scope"},
		"malformed scope":      {[]string{"scope", "mcp:read  notes:write"}, "invalid_scope"},
		"scope with a quote":   {[]string{"scope", `"`}, "invalid_scope"},
		"no resource":          {[]string{"resource"}, "invalid_target"},
		"empty resource":       {[]string{"resource", ""}, "invalid_target"},
		"unknown resource":     {[]string{"resource", resource, "https://evil.example"}, "invalid_target"},
		"slash at the end":     {[]string{"resource", resource + "/"}, "invalid_target"},
		"scope twice":          {[]string{"scope", "mcp:read", "mcp:read"}, "invalid_request"},
		"challenge twice":      {[]string{"code_challenge", "a", "b"}, "invalid_request"},
		"not its grant":        {[]string{"client_id", noCode}, "unauthorized_client"},
		"the decision panics":  {[]string{"scope", "mcp:read"}, "server_error"},
		"the empty path's end": {[]string{"resource", strings.TrimSuffix(other, "/")}, "server_error"}, // gets as far as the decision
	} {
		a := s.authorize(request(c.change))
		target, query := a.location()
		if a.status != http.StatusSeeOther || target != callback || query.Get("error") != c.want {
			t.Errorf("%s: status %d, error %q (%s), want %q", name, a.status, query.Get("error"), query.Get("error_description"), c.want)
		}
		if !slices.Equal(query["iss"], []string{s.issuer.Issuer()}) || !slices.Equal(query["state"], []string{"a state & more"}) {
			t.Errorf("%s: iss %v, state %v", name, query["iss"], query["state"])
		}
		if query.Has("code") {
			t.Errorf("%s: there is a code beside the error", name)
		}
	}
	// Two states are no state: which one the client checks is unknown.
	_, query := s.authorize(request([]string{"state", "a", "b"})).location()
	if query.Get("error") != "invalid_request" || query.Has("state") {
		t.Errorf("state twice: error %q, state %v", query.Get("error"), query["state"])
	}
}

func TestApprove(t *testing.T) {
	var asked devissuer.AuthorizationRequest
	decision := devissuer.Decision{Subject: "dave", Scopes: []string{"notes:write", "never:asked"}}
	s := start(t, func(c *devissuer.Config) {
		c.Approve = func(r devissuer.AuthorizationRequest) devissuer.Decision {
			asked = r
			return decision
		}
	})
	_, query := s.authorize(request()).location()
	if asked.ClientID != "public" || asked.ClientName != "public" || asked.RedirectURI != callback ||
		!slices.Equal(asked.Scopes, []string{"mcp:read", "notes:write"}) || !slices.Equal(asked.Resources, []string{resource}) {
		t.Errorf("asked for %+v", asked)
	}
	tokens := s.token(exchange(query.Get("code")))
	if got := s.introspect(tokens.get("access_token")); got["sub"] != "dave" || got["scope"] != "notes:write" {
		t.Errorf("granted %v to %v", got["scope"], got["sub"])
	}
	for _, decision = range []devissuer.Decision{{}, {Scopes: []string{"mcp:read"}}, {Subject: "dave", Scopes: []string{}}} {
		if _, query := s.authorize(request()).location(); query.Get("error") != "access_denied" {
			t.Errorf("%+v: error %q", decision, query.Get("error"))
		}
	}
}

// What a request that names no scope gets (RFC 6749 §3.3).
func TestDefaultScopes(t *testing.T) {
	for name, c := range map[string]struct{ offered, asked, want string }{
		"all that are offered":      {"a b", "", "a b"},
		"none, where none are":      {"", "", ""},
		"any, where none are named": {"", "x:y z", "x:y z"},
		"once, if asked twice":      {"a b", "b b", "b"},
		"offline_access, always":    {"a", "offline_access a", "offline_access a"},
	} {
		s := start(t, func(config *devissuer.Config) {
			config.Scopes = strings.Fields(c.offered)
			config.Approve = devissuer.ApproveAll("alice")
		})
		_, query := s.authorize(request([]string{"scope", c.asked})).location()
		tokens := s.token(exchange(query.Get("code")))
		if tokens.status != http.StatusOK || tokens.get("scope") != c.want {
			t.Errorf("%s: status %d, scope %q, want %q", name, tokens.status, tokens.get("scope"), c.want)
		}
	}
}

func TestDefaultResource(t *testing.T) {
	s := start(t, func(c *devissuer.Config) {
		c.DefaultResource = resource
		c.Approve = devissuer.ApproveAll("alice")
	})
	_, query := s.authorize(request([]string{"resource"})).location()
	tokens := s.token(exchange(query.Get("code")))
	if got := s.introspect(tokens.get("access_token")); got["aud"] != resource {
		t.Errorf("aud is %v", got["aud"])
	}
	machine := s.token(url.Values{"grant_type": {"client_credentials"}}, "Authorization", basic("rs:1", "s&cret %"))
	if got := s.introspect(machine.get("access_token")); got["aud"] != resource || got["sub"] != "rs:1" {
		t.Errorf("aud is %v, sub %v", got["aud"], got["sub"])
	}
}
