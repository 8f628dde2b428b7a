package situations

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// apiKeys verifies the app's own keys, of which it knows the hashes. They begin
// with "key_"; everything else is somebody else's.
type apiKeys struct {
	resource string
	owners   map[[sha256.Size]byte]string
}

func (k *apiKeys) Verify(_ context.Context, token string) (core.Principal, error) {
	if !strings.HasPrefix(token, "key_") {
		return core.Principal{}, core.ErrNotMine
	}
	owner, ok := k.owners[sha256.Sum256([]byte(token))]
	if !ok {
		return core.Principal{}, fmt.Errorf("%w: no such key", core.ErrInvalid)
	}
	return core.Principal{
		Issuer: "api-keys", Subject: owner,
		Audience: []string{k.resource}, Scopes: []string{"mcp:read"}, NoExpiry: true,
	}, nil
}

// keysBesideJWTs takes both. Where there are verifiers, the issuers whose JWTs
// are good must be listed: being advertised is not enough.
func keysBesideJWTs(ctx context.Context, resource, issuer string, keys *apiKeys) (http.Handler, error) {
	rs, err := core.New(ctx, core.Config{
		Resource:  resource,
		Issuers:   []core.Issuer{{URL: issuer}},
		Verifiers: []core.Verifier{keys},
		Scopes:    []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
}

func TestAPIKeysBesideJWTs(t *testing.T) {
	as := authtest.NewServer(t)
	base := startApp(t, func(base string) (http.Handler, error) {
		return keysBesideJWTs(t.Context(), base+"/mcp", as.Issuer(), &apiKeys{
			resource: base + "/mcp",
			owners:   map[[sha256.Size]byte]string{sha256.Sum256([]byte("key_of_the_robot")): "robot"},
		})
	})
	for token, want := range map[string]string{
		"key_of_the_robot":                "sunny in Oslo, sub=robot",
		as.Token(base+"/mcp", "mcp:read"): "sunny in Oslo, sub=alice",
	} {
		if got := callTool(t, base+"/mcp", token, "get_weather", weatherQuery{City: "Oslo"}); got != want {
			t.Errorf("the tool answered %q, want %q", got, want)
		}
	}
	post(t, base+"/mcp", "key_of_nobody", weatherCall).wantStatus(t, http.StatusUnauthorized)
	post(t, base+"/mcp", "neither", weatherCall).wantStatus(t, http.StatusUnauthorized)
	post(t, base+"/mcp", "", weatherCall).wantStatus(t, http.StatusUnauthorized)
}
