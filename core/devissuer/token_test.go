package devissuer_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// Each of these leaves the code alone or costs it; none gets a token.
func TestCodeIsBound(t *testing.T) {
	s := start(t, func(c *devissuer.Config) {
		c.Clients = append(c.Clients, devissuer.Client{ID: "thief", RedirectURIs: []string{callback}})
	})
	for name, c := range map[string]struct {
		change   []string
		want     string
		survives bool
	}{
		"another client":          {[]string{"client_id", "thief"}, "invalid_grant", true},
		"another redirect URI":    {[]string{"redirect_uri", "http://127.0.0.1:4321/callback"}, "invalid_grant", false},
		"no redirect URI":         {[]string{"redirect_uri"}, "invalid_grant", false},
		"no verifier":             {[]string{"code_verifier"}, "invalid_request", false},
		"another verifier":        {[]string{"code_verifier", strings.Repeat("x", 43)}, "invalid_grant", false},
		"short verifier":          {[]string{"code_verifier", "short"}, "invalid_grant", false},
		"verifier out of grammar": {[]string{"code_verifier", verifier + "é"}, "invalid_grant", false},
		"another code":            {[]string{"code", "x"}, "invalid_grant", true},
		"no code":                 {[]string{"code"}, "invalid_grant", true},
		"another resource":        {[]string{"resource", other}, "invalid_target", true},
		"a wider resource":        {[]string{"resource", resource, other}, "invalid_target", true},
	} {
		t.Run(name, func(t *testing.T) {
			code := s.code(request())
			s.token(exchange(code, c.change)).wantError(t, http.StatusBadRequest, c.want)
			if got := s.token(exchange(code)).status == http.StatusOK; got != c.survives {
				t.Errorf("the code still works: %t, want %t", got, c.survives)
			}
		})
	}
}

// RFC 6749 §4.1.2: a code that comes back revokes what it gave.
func TestCodeReplay(t *testing.T) {
	s := start(t)
	code := s.code(request())
	tokens := s.token(exchange(code))
	rotated := s.token(refresh(tokens.get("refresh_token")))
	s.token(exchange(code)).wantError(t, http.StatusBadRequest, "invalid_grant")
	for _, a := range []answer{tokens, rotated} {
		if s.introspect(a.get("access_token"))["active"] != false {
			t.Error("an access token outlived the replay of its code")
		}
	}
	s.token(refresh(rotated.get("refresh_token"))).wantError(t, http.StatusBadRequest, "invalid_grant")
}

func TestCodeExpires(t *testing.T) {
	s := start(t)
	code := s.code(request())
	s.advance(time.Minute - time.Second)
	if a := s.token(exchange(code)); a.status != http.StatusOK {
		t.Errorf("after 59 s: status %d", a.status)
	}
	code = s.code(request())
	s.advance(time.Minute)
	s.token(exchange(code)).wantError(t, http.StatusBadRequest, "invalid_grant")
}

// RFC 8707 §2.2: token requests may narrow what was granted, each for itself.
func TestResourcesNarrow(t *testing.T) {
	s := start(t)
	both := request([]string{"resource", resource, other})
	tokens := s.token(exchange(s.code(both), []string{"resource", other}))
	if got := s.introspect(tokens.get("access_token")); got["aud"] != other {
		t.Errorf("aud is %v, want the one asked for", got["aud"])
	}
	next := s.token(refresh(tokens.get("refresh_token"), []string{"resource", resource}))
	if got := s.introspect(next.get("access_token")); got["aud"] != resource {
		t.Errorf("aud is %v, want the other one of the grant", got["aud"])
	}
	s.token(refresh(next.get("refresh_token"), []string{"resource", "https://third.example"})).
		wantError(t, http.StatusBadRequest, "invalid_target")
	if a := s.token(refresh(next.get("refresh_token"))); a.status != http.StatusOK {
		t.Errorf("a refused request used up the refresh token: status %d", a.status)
	}
}

// RFC 6749 §6: a refresh may narrow the scopes, and does so for one token only.
func TestScopesNarrow(t *testing.T) {
	s := start(t)
	tokens := s.token(exchange(s.code(request())))
	narrow := s.token(refresh(tokens.get("refresh_token"), []string{"scope", "mcp:read"}))
	if narrow.get("scope") != "mcp:read" {
		t.Errorf("scope is %q", narrow.get("scope"))
	}
	s.token(refresh(narrow.get("refresh_token"), []string{"scope", "mcp:read offline_access"})).
		wantError(t, http.StatusBadRequest, "invalid_scope")
	wide := s.token(refresh(narrow.get("refresh_token")))
	if wide.get("scope") != "mcp:read notes:write" {
		t.Errorf("scope is %q after narrowing once", wide.get("scope"))
	}
}

func TestRefreshTokenIsBound(t *testing.T) {
	s := start(t, func(c *devissuer.Config) {
		c.RefreshTokenTTL = time.Hour
		c.Clients = append(c.Clients, devissuer.Client{ID: "thief", RedirectURIs: []string{callback}})
	})
	tokens := s.token(exchange(s.code(request())))
	for _, change := range [][]string{{"client_id", "thief"}, {"refresh_token", "x"}, {"refresh_token"}, {"refresh_token", tokens.get("access_token")}} {
		s.token(refresh(tokens.get("refresh_token"), change)).wantError(t, http.StatusBadRequest, "invalid_grant")
	}
	s.advance(59 * time.Minute)
	next := s.token(refresh(tokens.get("refresh_token")))
	if next.status != http.StatusOK {
		t.Fatalf("within its lifetime: status %d", next.status)
	}
	s.advance(time.Hour)
	s.token(refresh(next.get("refresh_token"))).wantError(t, http.StatusBadRequest, "invalid_grant")
}

func TestRefreshTokenOnlyForThoseWhoMayUseIt(t *testing.T) {
	s := start(t)
	client := s.register(`{"redirect_uris":["` + callback + `"],"token_endpoint_auth_method":"none","grant_types":["authorization_code"]}`).get("client_id")
	tokens := s.token(exchange(s.code(request([]string{"client_id", client})), []string{"client_id", client}))
	if tokens.status != http.StatusOK || tokens.get("refresh_token") != "" {
		t.Errorf("status %d; a refresh token came: %t", tokens.status, tokens.get("refresh_token") != "")
	}
	s.token(refresh("x", []string{"client_id", client})).wantError(t, http.StatusBadRequest, "unauthorized_client")

	// A user who unticks offline_access wants no refresh token to exist.
	ticket := s.consent(request([]string{"scope", "mcp:read offline_access"}))
	_, query := s.decide(url.Values{"ticket": {ticket}, "decision": {"approve"}, "subject": {"alice"}, "scope": {"mcp:read"}}).location()
	tokens = s.token(exchange(query.Get("code")))
	if tokens.get("scope") != "mcp:read" || tokens.get("refresh_token") != "" {
		t.Errorf("scope %q; a refresh token came: %t", tokens.get("scope"), tokens.get("refresh_token") != "")
	}
}

// RFC 6749 §4.4.
func TestClientCredentials(t *testing.T) {
	s := start(t)
	form := func(changes ...[]string) url.Values {
		return alter(url.Values{"grant_type": {"client_credentials"}, "resource": {resource}, "scope": {"mcp:read offline_access"}}, changes...)
	}
	rs := []string{"Authorization", basic("rs:1", "s&cret %")}
	tokens := s.token(form(), rs...)
	if tokens.status != http.StatusOK || tokens.get("refresh_token") != "" || tokens.get("scope") != "mcp:read" {
		t.Errorf("status %d, scope %q", tokens.status, tokens.get("scope"))
	}
	s.token(form([]string{"resource"}), rs...).wantError(t, http.StatusBadRequest, "invalid_target")
	s.token(form([]string{"scope", "admin"}), rs...).wantError(t, http.StatusBadRequest, "invalid_scope")
	s.token(form([]string{"client_id", "public"})).wantError(t, http.StatusBadRequest, "unauthorized_client")
}

// RFC 6749 §2.3 and §5.2.
func TestClientAuthentication(t *testing.T) {
	s := start(t)
	form := func(changes ...[]string) url.Values {
		return alter(url.Values{"grant_type": {"client_credentials"}, "resource": {resource}}, changes...)
	}
	body := form([]string{"client_id", "rs:1"}, []string{"client_secret", "s&cret %"})
	if a := s.token(body); a.status != http.StatusOK {
		t.Errorf("in the body: status %d", a.status)
	}
	good := basic("rs:1", "s&cret %")
	for name, c := range map[string]struct {
		form   url.Values
		header []string
		status int
		want   string
	}{
		"none":                      {form(), nil, 401, "invalid_client"},
		"unknown client":            {form([]string{"client_id", "nobody"}), nil, 401, "invalid_client"},
		"no secret":                 {form([]string{"client_id", "rs:1"}), nil, 401, "invalid_client"},
		"wrong secret in the body":  {form([]string{"client_id", "rs:1"}, []string{"client_secret", "x"}), nil, 401, "invalid_client"},
		"wrong secret in Basic":     {form(), []string{"Authorization", basic("rs:1", "x")}, 401, "invalid_client"},
		"not form-encoded":          {form(), []string{"Authorization", "Basic cnM6MTpzJmNyZXQgJQ=="}, 401, "invalid_client"},
		"not Basic":                 {form(), []string{"Authorization", "Bearer x"}, 401, "invalid_client"},
		"not base64":                {form(), []string{"Authorization", "Basic ***"}, 401, "invalid_client"},
		"a public client in Basic":  {form(), []string{"Authorization", basic("public", "")}, 401, "invalid_client"},
		"a secret of a public one":  {form([]string{"client_id", "public"}, []string{"client_secret", "x"}), nil, 401, "invalid_client"},
		"both ways":                 {form([]string{"client_id", "rs:1"}, []string{"client_secret", "s&cret %"}), []string{"Authorization", good}, 400, "invalid_request"},
		"two Authorization headers": {form(), []string{"Authorization", good, "Authorization", good}, 400, "invalid_request"},
		"two clients":               {form([]string{"client_id", "public"}), []string{"Authorization", good}, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.token(c.form, c.header...)
			a.wantError(t, c.status, c.want)
			if c.status == 401 && a.header.Get("WWW-Authenticate") == "" {
				t.Error("a 401 without a challenge")
			}
		})
	}
	inQuery := s.issuer.Endpoints().Token + "?" + body.Encode()
	s.post(inQuery, url.Values{}).wantError(t, 401, "invalid_client")
}

func TestTokenRequestsThatAreNone(t *testing.T) {
	s := start(t)
	endpoint := s.issuer.Endpoints().Token
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		contentType, body string
		status            int
		want              string
	}{
		"JSON":             {"application/json", `{}`, 400, "invalid_request"},
		"no content type":  {"", "grant_type=refresh_token&client_id=public", 400, "invalid_request"},
		"repetition":       {form, "grant_type=refresh_token&client_id=public&client_id=public", 400, "invalid_request"},
		"broken escapes":   {form, "grant_type=%zz", 400, "invalid_request"},
		"too large":        {form, "client_id=" + strings.Repeat("a", 70000), 413, "invalid_request"},
		"no grant type":    {form, "client_id=public", 400, "invalid_request"},
		"other grant type": {form, "client_id=public&grant_type=password", 400, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			s.do(http.MethodPost, endpoint, c.body, "Content-Type", c.contentType).wantError(t, c.status, c.want)
		})
	}
}

// brokenKeys can't sign, and can't show its keys either.
type brokenKeys struct{}

func (brokenKeys) Sign(string, map[string]any) (string, error) {
	return "", errors.New("secret reason")
}
func (brokenKeys) KeySet() ([]byte, error) { return nil, errors.New("secret reason") }

func TestFaultsSayNothing(t *testing.T) {
	s := start(t, func(c *devissuer.Config) { c.Keys = brokenKeys{} })
	issued := s.token(exchange(s.code(request())))
	keySet := s.do(http.MethodGet, s.issuer.Endpoints().KeySet, "")
	for _, a := range []answer{issued, keySet} {
		a.wantError(t, http.StatusInternalServerError, "server_error")
		if strings.Contains(a.body, "secret") {
			t.Error("the answer tells the reason")
		}
	}
}
