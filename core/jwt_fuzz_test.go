package core

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/internal/environ"
)

const (
	fuzzIssuer   = "https://as.example"
	fuzzResource = "https://mcp.example/mcp"
)

// FuzzVerifyJWT verifies tokens beside golang-jwt, which has the same key and
// the same options. What is let in here must be let in there, and be the same
// caller's; the other way round, more may be refused.
//
// Every input is rightly signed, so that it gets as far as its text takes it.
// Raw inputs are segments as they stand; others are encoded first.
func FuzzVerifyJWT(f *testing.F) {
	const claims = `{"iss":"https://as.example","sub":"s","aud":"https://mcp.example/mcp","scope":"a b","exp":2000000000,"iat":1000000000}`
	encode := base64.RawURLEncoding.EncodeToString
	f.Add(`{"alg":"EdDSA","typ":"at+jwt","kid":"k"}`, claims, false)
	f.Add(`{"alg":"EdDSA"}`, claims, false)
	f.Add(encode([]byte(`{"alg":"EdDSA"}`)), encode([]byte(claims)), true)
	f.Add(encode([]byte(`{"alg":"EdDSA"}`)), encode([]byte(claims))+"=", true)
	f.Add(`{"alg":"none"}`, claims, false)
	f.Add(`{"alg":"EdDSA","alg":"none"}`, claims, false)
	f.Add(`{"alg":"EdDSA","crit":["x"],"x":1}`, claims, false)
	f.Add(`{"alg":"EdDSA"}`, strings.Replace(claims, "2000000000", `"2000000000"`, 1), false)
	f.Add(`{"alg":"EdDSA"}`, strings.Replace(claims, `"https://mcp.example/mcp"`, `["x","https:\/\/mcp.example\/mcp"]`, 1), false)
	f.Add(`{"alg":"EdDSA"}`, strings.Replace(claims, `"exp"`, `"EXP":1,"exp"`, 1), false)
	f.Add(`{"alg":"EdDSA"}`, strings.Replace(claims, `"exp":2000000000`, `"nbf":1e9,"exp":2.0e9`, 1), false)

	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	// The last moment of a second, since golang-jwt cuts times down to seconds.
	now := time.Unix(1_800_000_000, 999_999_999)
	rs := fuzzServer(f, key, now)
	f.Fuzz(func(t *testing.T, header, payload string, raw bool) {
		if !raw {
			header, payload = encode([]byte(header)), encode([]byte(payload))
		}
		signed := header + "." + payload
		token := signed + "." + encode(ed25519.Sign(key, []byte(signed)))
		v, _, err := rs.verifyJWT(t.Context(), token)
		if err != nil {
			return
		}
		theirs, err := jwt.Parse(token,
			func(*jwt.Token) (any, error) { return key.Public(), nil },
			jwt.WithValidMethods(allAlgorithms()), jwt.WithIssuer(fuzzIssuer), jwt.WithAudience(fuzzResource),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(defaultClockSkew), jwt.WithStrictDecoding(),
			jwt.WithTimeFunc(func() time.Time { return now }))
		if err != nil {
			t.Fatalf("golang-jwt refuses what was let in: %v", err)
		}
		checkSameCaller(t, &v.principal, theirs)
	})
}

func checkSameCaller(t *testing.T, p *Principal, theirs *jwt.Token) {
	t.Helper()
	subject, err := theirs.Claims.GetSubject()
	if err != nil || subject != p.Subject {
		t.Fatalf("sub %q here, %q there (%v)", p.Subject, subject, err)
	}
	audience, err := theirs.Claims.GetAudience()
	if err != nil || !slices.Equal(audience, p.Audience) {
		t.Fatalf("aud %q here, %q there (%v)", p.Audience, audience, err)
	}
	expiry, err := theirs.Claims.GetExpirationTime()
	if err != nil || expiry == nil || p.Expiry.Sub(expiry.Time).Abs() > time.Second {
		t.Fatalf("exp %v here, %v there (%v)", p.Expiry, expiry, err)
	}
}

// fuzzServer is a resource server whose one key needs no network, and whose
// clock stands still.
func fuzzServer(f *testing.F, key ed25519.PrivateKey, now time.Time) *ResourceServer {
	f.Helper()
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		f.Fatal("not an Ed25519 key")
	}
	set := `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}]}`
	ctx, cancel := context.WithCancel(environ.With(context.Background(), environ.NewManual(now).Clock()))
	f.Cleanup(cancel)
	rs, err := New(ctx, Config{
		Resource: fuzzResource, AuthorizationServers: []string{fuzzIssuer},
		Issuers:    []Issuer{{URL: fuzzIssuer, JWKSURL: fuzzIssuer + "/jwks.json"}},
		HTTPClient: &http.Client{Transport: constant(set)}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	if err := rs.Ready(ctx); err != nil {
		f.Fatal(err)
	}
	return rs
}

// constant answers every request with the same text.
type constant string

func (c constant) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(c))), Request: r}, nil
}
