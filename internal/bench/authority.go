package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

const (
	resource = "https://mcp.example/mcp"
	scope    = "mcp:read"
	path     = "/mcp"
)

// authority is an authorization server that has nothing but keys: metadata, a
// key set, and tokens by its newest key.
type authority struct {
	server  *httptest.Server
	fetches atomic.Int64

	mu     sync.Mutex
	key    *rsa.PrivateKey
	keyID  string
	answer http.HandlerFunc // in place of the key set
	serial int
}

func newAuthority() (*authority, error) {
	a := &authority{}
	if err := a.rotate(); err != nil {
		return nil, err
	}
	a.server = httptest.NewServer(http.HandlerFunc(a.serve))
	return a, nil
}

func (a *authority) close() {
	a.server.CloseClientConnections()
	a.server.Close()
}

func (a *authority) issuer() string { return a.server.URL }

func (a *authority) keySetURL() string { return a.server.URL + "/jwks.json" }

// rotate replaces the one key.
func (a *authority) rotate() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.key, a.keyID = key, rand.Text()
	return nil
}

// fail makes the key endpoint answer that; nil mends it.
func (a *authority) fail(answer http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = answer
}

func (a *authority) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/jwks.json" {
		metadata := map[string]any{"issuer": a.issuer(), "jwks_uri": a.keySetURL()}
		_ = json.NewEncoder(w).Encode(metadata) // the client is gone if this fails
		return
	}
	a.fetches.Add(1)
	a.mu.Lock()
	answer := a.answer
	a.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	_, _ = w.Write(a.keySet()) // the client is gone if this fails
}

func (a *authority) keySet() []byte {
	a.mu.Lock()
	key, keyID := a.key, a.keyID
	a.mu.Unlock()
	jwk, err := jwkset.NewJWKFromKey(key.Public(), jwkset.JWKOptions{
		Metadata: jwkset.JWKMetadataOptions{ALG: jwkset.AlgRS256, KID: keyID, USE: jwkset.UseSig},
	})
	if err != nil {
		return nil // which is no key set
	}
	text, err := json.Marshal(map[string]any{"keys": []any{jwk.Marshal()}})
	if err != nil {
		return nil
	}
	return text
}

// slowly returns an answer that comes late: the key set as it is then, or
// nothing where d is longer than anybody waits.
func (a *authority) slowly(d time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		set := a.keySet()
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			_, _ = w.Write(set) // the client is gone if this fails
		case <-r.Context().Done():
		}
	}
}

// token returns another token, of 900 bytes, as they are usual. Each of change
// may alter header and claims.
func (a *authority) token(change ...func(header, claims map[string]any)) string {
	a.mu.Lock()
	key, keyID := a.key, a.keyID
	a.serial++
	serial := a.serial
	a.mu.Unlock()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": a.issuer(), "sub": fmt.Sprintf("6b1cbb1e-31a8-4d55-a0f6-%012d", serial), "aud": []string{resource},
		"client_id": "9f0c2d3a-5a30-4b3a-8f57-4f2f9d7a4b10", "scope": scope + " mcp:write",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": rand.Text(), "sid": rand.Text() + rand.Text(),
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = keyID
	for _, f := range change {
		f(t.Header, claims)
	}
	signed, err := t.SignedString(key)
	if err != nil {
		return "" // which nobody lets in
	}
	return signed
}

func decode(segment string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(segment) }

// encodeHeader returns the first segment of a token.
func encodeHeader(header map[string]any) string {
	text, err := json.Marshal(header)
	if err != nil {
		return "" // which is no header
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func firstDot(token string) int { return strings.IndexByte(token, '.') }

// ready waits for the keys, but not for ever.
func ready(ctx context.Context, is func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return is(ctx)
}
