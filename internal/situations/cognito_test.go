package situations

import (
	"context"
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// cognitoApp takes access tokens of a user pool. They have no aud: what tells
// this service's tokens from others is the app client that they were issued to.
func cognitoApp(ctx context.Context, resource, issuer string, clients ...string) (http.Handler, error) {
	rs, err := core.New(ctx, core.Config{
		Resource: resource,
		Issuers: []core.Issuer{{
			URL:           issuer, // https://cognito-idp.REGION.amazonaws.com/POOL, as issuers.Cognito writes it
			Algorithms:    []string{"RS256"},
			AudienceClaim: "client_id",
			Audiences:     clients,
			Require:       map[string][]string{"token_use": {"access"}},
			ScopePrefix:   "notes-api/",
		}},
		Scopes: []string{"read"},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
}

func TestCognito(t *testing.T) {
	const client = "4h1example2client3id"
	pool := authtest.NewServer(t, func(c *devissuer.Config) { c.Issuer += "/eu-north-1_Example" })
	base := startApp(t, func(base string) (http.Handler, error) {
		return cognitoApp(t.Context(), base+"/mcp", pool.Issuer(), client)
	})
	token := func(client, use string) string {
		return pool.Mint(authtest.Token{
			Type: "JWT", ClientID: client, Scopes: []string{"notes-api/read"},
			Claims: map[string]any{"token_use": use},
		})
	}

	got := callTool(t, base+"/mcp", token(client, "access"), "get_weather", weatherQuery{City: "Oslo"})
	if want := "sunny in Oslo, sub=alice"; got != want {
		t.Errorf("the tool answered %q, want %q", got, want)
	}
	post(t, base+"/mcp", token("another-client", "access"), weatherCall).wantStatus(t, http.StatusUnauthorized)
	post(t, base+"/mcp", token(client, "id"), weatherCall).wantStatus(t, http.StatusUnauthorized)
	unmarked := pool.Mint(authtest.Token{Type: "JWT", ClientID: client, Scopes: []string{"notes-api/read"}})
	post(t, base+"/mcp", unmarked, weatherCall).wantStatus(t, http.StatusUnauthorized)
	bare := post(t, base+"/mcp", "", weatherCall)
	bare.wantStatus(t, http.StatusUnauthorized)
	bare.wantScope(t, "notes-api/read")
}
