package devissuer_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// The whole way: metadata, registration, consent, code, refresh with rotation,
// reuse, introspection, revocation.
func TestWholeFlow(t *testing.T) {
	s := start(t)
	var metadata struct {
		Authorization string `json:"authorization_endpoint"`
		Token         string `json:"token_endpoint"`
		Registration  string `json:"registration_endpoint"`
	}
	discovered := s.do(http.MethodGet, s.issuer.Issuer()+"/.well-known/oauth-authorization-server", "")
	if err := json.Unmarshal([]byte(discovered.body), &metadata); err != nil {
		t.Fatal(err)
	}
	registered := s.do(http.MethodPost, metadata.Registration,
		`{"client_name":"A Client","redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}`,
		"Content-Type", "application/json")
	if registered.status != http.StatusCreated {
		t.Fatalf("registration: status %d", registered.status)
	}
	client := []string{"client_id", registered.get("client_id")}
	redirect := []string{"redirect_uri", "http://127.0.0.1:5555/cb"} // RFC 8252 §7.3

	ticket := s.consent(request(client, redirect))
	decided := s.post(metadata.Authorization, url.Values{
		"ticket": {ticket}, "decision": {"approve"}, "subject": {"bob"}, "scope": {"mcp:read"},
	}, "Origin", s.issuer.Issuer())
	target, query := decided.location()
	if decided.status != http.StatusSeeOther || target != redirect[1] {
		t.Fatalf("decision: status %d to %s", decided.status, target)
	}
	if query.Get("iss") != s.issuer.Issuer() || query.Get("state") != "a state & more" {
		t.Errorf("iss %q, state %q (RFC 9207 §2, RFC 6749 §4.1.2)", query.Get("iss"), query.Get("state"))
	}

	first := s.post(metadata.Token, exchange(query.Get("code"), client, redirect, []string{"resource", resource}))
	if first.status != http.StatusOK || first.get("scope") != "mcp:read" || first.get("token_type") != "Bearer" {
		t.Fatalf("token: status %d, scope %q", first.status, first.get("scope"))
	}
	checkAccessToken(t, s, first.get("access_token"), registered.get("client_id"))

	second := s.token(refresh(first.get("refresh_token"), client))
	if second.status != http.StatusOK || second.get("refresh_token") == first.get("refresh_token") {
		t.Fatalf("refresh: status %d, or the token was not rotated", second.status)
	}
	if s.introspect(second.get("access_token"))["active"] != true {
		t.Error("a fresh access token is not active")
	}
	s.token(refresh(first.get("refresh_token"), client)).wantError(t, http.StatusBadRequest, "invalid_grant")
	s.token(refresh(second.get("refresh_token"), client)).wantError(t, http.StatusBadRequest, "invalid_grant")
	for _, a := range []answer{first, second} {
		if s.introspect(a.get("access_token"))["active"] != false {
			t.Error("an access token outlived the reuse of a refresh token (OAuth 2.1 §4.3.1)")
		}
	}
}

// checkAccessToken verifies a JWT access token as a resource server would, and
// looks at what RFC 9068 §2 asks for.
func checkAccessToken(t *testing.T, s *server, token, clientID string) {
	t.Helper()
	keys, err := keyfunc.NewJWKSetJSON(json.RawMessage(s.do(http.MethodGet, s.issuer.Endpoints().KeySet, "").body))
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.MapClaims
	parsed, err := jwt.ParseWithClaims(token, &claims, keys.Keyfunc, jwt.WithValidMethods([]string{"RS256"}),
		jwt.WithIssuer(s.issuer.Issuer()), jwt.WithAudience(resource), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(s.clock), jwt.WithStrictDecoding())
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Header["typ"] != "at+jwt" {
		t.Errorf("typ is %v", parsed.Header["typ"])
	}
	for name, want := range map[string]any{
		"sub": "bob", "aud": resource, "client_id": clientID, "scope": "mcp:read",
		"exp": float64(s.clock().Add(10 * time.Minute).Unix()), "iat": float64(s.clock().Unix()),
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if jti, _ := claims["jti"].(string); jti == "" {
		t.Error("there is no jti")
	}
}

// RFC 7662 §2.2, RFC 7009 §2.
func TestIntrospectionAndRevocation(t *testing.T) {
	for _, opaque := range []bool{false, true} {
		s := start(t, func(c *devissuer.Config) { c.Opaque = opaque })
		tokens := s.token(exchange(s.code(request([]string{"resource", resource, other}))))
		access := tokens.get("access_token")
		got := s.introspect(access)
		for name, want := range map[string]any{
			"active": true, "sub": "alice", "client_id": "public", "iss": s.issuer.Issuer(),
			"scope": "mcp:read notes:write", "token_type": "Bearer",
			"exp": float64(s.clock().Add(10 * time.Minute).Unix()),
		} {
			if got[name] != want {
				t.Errorf("opaque %t: %s is %v, want %v", opaque, name, got[name], want)
			}
		}
		if aud, _ := got["aud"].([]any); len(aud) != 2 || aud[0] != resource || aud[1] != other {
			t.Errorf("opaque %t: aud is %v", opaque, got["aud"])
		}
		if _, _, err := jwt.NewParser().ParseUnverified(access, jwt.MapClaims{}); (err != nil) != opaque {
			t.Errorf("opaque %t, yet parsing the token as a JWT says: %v", opaque, err)
		}

		revoke := func(token, client string) answer {
			return s.post(s.issuer.Endpoints().Revocation, url.Values{"token": {token}, "client_id": {client}})
		}
		if a := revoke(access, "public"); a.status != http.StatusOK {
			t.Errorf("revoking an access token: status %d", a.status)
		}
		if answer := s.introspect(access); answer["active"] != false || len(answer) != 1 {
			t.Error("a revoked token is active, or an inactive answer says more than that")
		}
		next := s.token(refresh(tokens.get("refresh_token")))
		if next.status != http.StatusOK {
			t.Errorf("the end of an access token ended its refresh token: status %d", next.status)
		}
		if a := revoke(next.get("refresh_token"), "public"); a.status != http.StatusOK {
			t.Errorf("revoking a refresh token: status %d", a.status)
		}
		if s.introspect(next.get("access_token"))["active"] != false {
			t.Error("an access token outlived its revoked grant")
		}
		s.token(refresh(next.get("refresh_token"))).wantError(t, http.StatusBadRequest, "invalid_grant")
	}
}

func TestIntrospectionRefuses(t *testing.T) {
	s := start(t)
	endpoint := s.issuer.Endpoints().Introspection
	token := url.Values{"token": {"x"}}
	s.post(endpoint, token).wantError(t, http.StatusUnauthorized, "invalid_client")
	s.post(endpoint, url.Values{"token": {"x"}, "client_id": {"public"}}).wantError(t, http.StatusUnauthorized, "invalid_client")
	s.post(endpoint, token, "Authorization", basic("rs:1", "wrong")).wantError(t, http.StatusUnauthorized, "invalid_client")
	s.post(endpoint, url.Values{}, "Authorization", basic("rs:1", "s&cret %")).wantError(t, http.StatusBadRequest, "invalid_request")

	// A refresh token must not pass for an access token.
	tokens := s.token(exchange(s.code(request())))
	for _, token := range []string{tokens.get("refresh_token"), "unknown"} {
		if s.introspect(token)["active"] != false {
			t.Error("something that is no access token is active")
		}
	}
	s.advance(10 * time.Minute)
	if s.introspect(tokens.get("access_token"))["active"] != false {
		t.Error("an expired token is active")
	}
}

func TestRevocationRefuses(t *testing.T) {
	s := start(t)
	endpoint := s.issuer.Endpoints().Revocation
	tokens := s.token(exchange(s.code(request())))
	s.post(endpoint, url.Values{"token": {"x"}}).wantError(t, http.StatusUnauthorized, "invalid_client")
	s.post(endpoint, url.Values{"client_id": {"public"}}).wantError(t, http.StatusBadRequest, "invalid_request")
	for _, token := range []string{tokens.get("access_token"), tokens.get("refresh_token")} {
		s.post(endpoint, url.Values{"token": {token}}, "Authorization", basic("rs:1", "s&cret %")).
			wantError(t, http.StatusBadRequest, "unauthorized_client")
	}
	if s.introspect(tokens.get("access_token"))["active"] != true {
		t.Error("a client revoked the token of another one")
	}
	if a := s.post(endpoint, url.Values{"token": {"unknown"}, "client_id": {"public"}}); a.status != http.StatusOK {
		t.Errorf("an unknown token: status %d (RFC 7009 §2.2)", a.status)
	}
}

func TestIssue(t *testing.T) {
	s := start(t)
	token, err := s.issuer.Issue(devissuer.Grant{
		Subject: "carol", ClientID: "seed", Scopes: []string{"x"}, Resources: []string{resource},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.introspect(token); got["active"] != true || got["sub"] != "carol" || got["aud"] != resource || got["scope"] != "x" {
		t.Errorf("active %v for %v", got["active"], got["sub"])
	}
	for _, g := range []devissuer.Grant{
		{ClientID: "seed", Resources: []string{resource}},
		{Subject: "carol", Resources: []string{resource}},
		{Subject: "carol", ClientID: "seed"},
	} {
		if _, err := s.issuer.Issue(g); err == nil {
			t.Errorf("a token was issued for %+v", g)
		}
	}
}
