package core_test

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/mcpbearer/mcpbearer/core"
)

// staticTokens are a few tokens that a developer types. Each is compared in
// constant time, and hashed before, so that not even its length shows.
type staticTokens struct {
	resource string
	subjects map[string]string // by token
}

func (s staticTokens) Verify(_ context.Context, token string) (core.Principal, error) {
	presented, subject := sha256.Sum256([]byte(token)), ""
	for known, of := range s.subjects {
		if hash := sha256.Sum256([]byte(known)); subtle.ConstantTimeCompare(hash[:], presented[:]) == 1 {
			subject = of
		}
	}
	if subject == "" {
		return core.Principal{}, core.ErrNotMine // the next verifier, or the issuers, may know it
	}
	return core.Principal{
		Issuer: "static", Subject: subject, Audience: []string{s.resource}, Scopes: []string{"mcp:read"}, NoExpiry: true,
	}, nil
}

// Static tokens for development stand before an authorization server's.
func ExampleVerifier() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const resource = "https://api.example.com/mcp"
	rs, err := core.New(ctx, core.Config{
		Resource:  resource,
		Verifiers: []core.Verifier{staticTokens{resource, map[string]string{"for-my-laptop-only": "alice"}}},
		Scopes:    []string{"mcp:read"},
	})
	if err != nil {
		log.Fatal(err)
	}
	endpoint := rs.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := core.PrincipalFrom(r.Context())
		fmt.Fprintf(w, "hello %s", p.Subject)
	}))
	for _, token := range []string{"for-my-laptop-only", "for-my-laptop"} {
		r, w := httptest.NewRequest(http.MethodPost, "/mcp", nil), httptest.NewRecorder()
		r.Header.Set("Authorization", "Bearer "+token)
		endpoint.ServeHTTP(w, r)
		fmt.Println(token, w.Code)
	}
	// Output:
	// for-my-laptop-only 200
	// for-my-laptop 401
}
