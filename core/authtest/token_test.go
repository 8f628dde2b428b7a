package authtest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// verify does what a careless resource server does: it looks for the key that
// kid names in the published set, and leaves the rest to golang-jwt.
func verify(t *testing.T, as *authtest.Server, token string, options ...jwt.ParserOption) (*jwt.Token, error) {
	t.Helper()
	_, body := mustFetch(t, as.Endpoints().KeySet)
	keys, err := keyfunc.NewJWKSetJSON(json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	return jwt.Parse(token, keys.Keyfunc, options...)
}

// decode returns the members of one segment of a token.
func decode(t *testing.T, token string, segment int) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[segment])
	if err != nil {
		t.Fatal(err)
	}
	members := make(map[string]any)
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// S21: each algorithm has a published key that verifies it.
func TestMintSignsWithEveryAlgorithm(t *testing.T) {
	as := authtest.NewServer(t)
	for _, algorithm := range []string{"", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		want := algorithm
		if want == "" {
			want = "RS256"
		}
		parsed, err := verify(t, as, as.Mint(authtest.Token{Algorithm: algorithm, Audience: resource}), jwt.WithStrictDecoding(),
			jwt.WithIssuer(as.Issuer()), jwt.WithAudience(resource), jwt.WithExpirationRequired(), jwt.WithValidMethods([]string{want}))
		if err != nil {
			t.Errorf("%q: %v", algorithm, err)
			continue
		}
		if parsed.Header["kid"] != as.KeyID(want) || parsed.Header["typ"] != "at+jwt" {
			t.Errorf("%q: the header is %v", algorithm, parsed.Header)
		}
	}
}

func TestMintDefaults(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	as := authtest.NewServer(t, func(c *devissuer.Config) {
		c.Now = func() time.Time { return now }
		c.AccessTokenTTL = time.Hour
		c.DefaultResource = resource
	})
	claims := decode(t, as.Mint(authtest.Token{Scopes: []string{"a", "b"}}), 1)
	for name, want := range map[string]any{
		"iss": as.Issuer(), "sub": "alice", "client_id": authtest.ClientID, "aud": resource, "scope": "a b",
		"iat": float64(now.Unix()), "nbf": float64(now.Unix()), "exp": float64(now.Add(time.Hour).Unix()),
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if claims["jti"] == decode(t, as.Mint(authtest.Token{}), 1)["jti"] {
		t.Error("two tokens have one jti")
	}
	if _, ok := decode(t, as.Mint(authtest.Token{}), 1)["scope"]; ok {
		t.Error("there is a scope, though no scopes were asked for")
	}
}

func TestMintAsDescribed(t *testing.T) {
	as := authtest.NewServer(t)
	at := func(second int64) time.Time { return time.Unix(second, 999) }
	token := as.Mint(authtest.Token{
		Issuer: "i", Subject: "s", ClientID: "c", KeyID: "k", Type: "JWT", Audience: []string{"x", "y"},
		IssuedAt: at(1), NotBefore: at(2), Expiry: at(3),
		Header: map[string]any{"extra": true, "alg": authtest.Absent},
		Claims: map[string]any{"sub": 7, "jti": authtest.Absent, "nested": map[string]any{"a": nil}},
	})
	header, claims := decode(t, token, 0), decode(t, token, 1)
	if len(header) != 3 || header["typ"] != "JWT" || header["kid"] != "k" || header["extra"] != true {
		t.Errorf("the header is %v", header)
	}
	aud, _ := claims["aud"].([]any)
	nested, _ := claims["nested"].(map[string]any)
	if claims["iss"] != "i" || claims["sub"] != 7.0 || claims["client_id"] != "c" || len(aud) != 2 || len(nested) != 1 ||
		claims["iat"] != 1.0 || claims["nbf"] != 2.0 || claims["exp"] != 3.0 || claims["jti"] != nil {
		t.Errorf("the claims are %v", claims)
	}
}

func TestMintRawText(t *testing.T) {
	as := authtest.NewServer(t)
	header := ` {"alg":"ES256","kid":"` + as.KeyID("ES256") + `"}`
	token := as.Mint(authtest.Token{Algorithm: "ES256", RawHeader: header, RawPayload: "not JSON"})
	parts := strings.Split(token, ".")
	for i, want := range []string{header, "not JSON"} {
		if got, err := base64.RawURLEncoding.DecodeString(parts[i]); err != nil || string(got) != want {
			t.Errorf("segment %d is %q: %v", i, got, err)
		}
	}
	if _, err := verify(t, as, as.Mint(authtest.Token{Algorithm: "ES256", RawHeader: header})); err != nil {
		t.Errorf("a raw header is not signed: %v", err)
	}
}

// A weak key, or one published for another use, is the test's to make (S21,
// S31).
func TestMintWithAPublishedKey(t *testing.T) {
	as := authtest.NewServer(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	jwk := as.JWK(weak.Public(), "weak")
	jwk["use"] = "enc"
	as.PublishJWK(jwk)
	jwk["use"] = "changed after it was published"
	parsed, err := verify(t, as, as.Mint(authtest.Token{Key: weak, KeyID: "weak"}))
	if err != nil {
		t.Fatalf("the published key doesn't verify: %v", err)
	}
	if parsed.Header["kid"] != "weak" {
		t.Errorf("kid is %v", parsed.Header["kid"])
	}
	if _, body := mustFetch(t, as.Endpoints().KeySet); !strings.Contains(body, `"use":"enc"`) {
		t.Error("the key was not published as it was")
	}
	if _, ok := decode(t, as.Mint(authtest.Token{Key: weak}), 0)["kid"]; ok {
		t.Error("a key of the test's own has a kid that nobody gave it")
	}
}

func TestMintWithASharedSecret(t *testing.T) {
	as := authtest.NewServer(t)
	token := as.Mint(authtest.Token{Algorithm: "HS256", Key: []byte("secret")})
	if _, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte("secret"), nil }); err != nil {
		t.Error(err)
	}
}

// A rotated-out key verifies nothing any more (S29).
func TestTokensOfRotatedKeys(t *testing.T) {
	as := authtest.NewServer(t)
	old := as.Token(resource)
	as.RotateKeeping()
	if _, err := verify(t, as, old); err != nil {
		t.Errorf("the key was kept, yet: %v", err)
	}
	for _, token := range []string{as.Token(resource), as.Mint(authtest.Token{})} {
		if _, err := verify(t, as, token); err != nil {
			t.Errorf("after rotation: %v", err)
		}
	}
	as.Rotate()
	if _, err := verify(t, as, old); err == nil {
		t.Error("the old key is still published")
	}
	if _, err := verify(t, as, as.Token(resource)); err != nil {
		t.Errorf("after the second rotation: %v", err)
	}
}
