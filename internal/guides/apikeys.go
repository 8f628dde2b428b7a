package guides

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// apiKeys verifies the app's own keys, of which it keeps hashes.
type apiKeys struct {
	resource string
	ownerOf  func(ctx context.Context, hash [sha256.Size]byte) (owner string, found bool, err error)
}

// Verify tells whose a key is.
func (k *apiKeys) Verify(ctx context.Context, token string) (core.Principal, error) {
	if !strings.HasPrefix(token, "key_") {
		return core.Principal{}, core.ErrNotMine // the next verifier is asked, then the issuers
	}
	owner, found, err := k.ownerOf(ctx, sha256.Sum256([]byte(token)))
	if err != nil {
		return core.Principal{}, fmt.Errorf("%w: %w", core.ErrUnavailable, err) // 503: the key may be good
	}
	if !found {
		return core.Principal{}, fmt.Errorf("%w: no such key", core.ErrInvalid) // 401
	}
	return core.Principal{
		Issuer: "api-keys", Subject: owner,
		Audience: []string{k.resource}, Scopes: []string{"mcp:read"}, NoExpiry: true,
	}, nil
}

func keysAndTokens(issuer string, keys *apiKeys) core.Config {
	return core.Config{
		Resource:  keys.resource,
		Verifiers: []core.Verifier{keys},
		Issuers:   []core.Issuer{{URL: issuer}}, // JWTs too: with a verifier, this has no default
		Scopes:    []string{"mcp:read"},
	}
}

// acceptKeyField lets clients send a key in the header field that the app has
// always had for it. Requests with other credentials stay as they are.
func acceptKeyField(endpoint http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys := r.Header.Values("X-Api-Key")
		if len(keys) == 1 && strings.HasPrefix(keys[0], "key_") && r.Header["Authorization"] == nil {
			r = r.Clone(r.Context())
			r.Header.Del("X-Api-Key")
			r.Header.Set("Authorization", "Bearer "+keys[0])
		}
		endpoint.ServeHTTP(w, r)
	})
}

// sessionOrToken opens an ordinary route to people with a session, and to
// clients with a token.
func sessionOrToken(rs *core.ResourceServer, route http.Handler) http.Handler {
	forPeople, forClients := requireSession(route), rs.Protect(route, "notes:read")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header["Authorization"] != nil {
			forClients.ServeHTTP(w, r)
			return
		}
		forPeople.ServeHTTP(w, r)
	})
}
