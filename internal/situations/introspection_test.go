package situations

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// opaqueApp asks the authorization server what an opaque token is worth
// (RFC 7662), each time: what it kept would outlive a revocation, by ten seconds
// unless CacheTime says otherwise.
func opaqueApp(ctx context.Context, resource, issuer, id, secret string) (http.Handler, error) {
	rs, err := core.New(ctx, core.Config{
		Resource: resource,
		Issuers: []core.Issuer{{
			URL: issuer,
			Introspection: &core.Introspection{
				ClientID: id, ClientSecret: secret,
				CacheTime: -1,
			},
		}},
		Scopes: []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
}

func TestIntrospection(t *testing.T) {
	as := authtest.NewServer(t, func(c *devissuer.Config) { c.Opaque = true })
	base := startApp(t, func(base string) (http.Handler, error) {
		return opaqueApp(t.Context(), base+"/mcp", as.Issuer(), authtest.ClientID, authtest.ClientSecret)
	})
	good := as.Token(base+"/mcp", "mcp:read")

	if got, want := callTool(t, base+"/mcp", good, "get_weather", weatherQuery{City: "Oslo"}), "sunny in Oslo, sub=alice"; got != want {
		t.Errorf("the tool answered %q, want %q", got, want)
	}
	post(t, base+"/mcp", as.Token("https://elsewhere.example/mcp", "mcp:read"), weatherCall).wantStatus(t, http.StatusUnauthorized)
	post(t, base+"/mcp", as.Token(base+"/mcp", "mail"), weatherCall).wantStatus(t, http.StatusForbidden)
	post(t, base+"/mcp", "made-up", weatherCall).wantStatus(t, http.StatusUnauthorized)

	revoke(t, as, good)
	post(t, base+"/mcp", good, weatherCall).wantStatus(t, http.StatusUnauthorized)
	as.Down()
	post(t, base+"/mcp", good, weatherCall).wantStatus(t, http.StatusServiceUnavailable)
	as.Up()
	post(t, base+"/mcp", good, weatherCall).wantStatus(t, http.StatusUnauthorized)
}

func revoke(t *testing.T, as *authtest.Server, token string) {
	t.Helper()
	form := url.Values{"token": {token}, "client_id": {authtest.ClientID}, "client_secret": {authtest.ClientSecret}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, as.Endpoints().Revocation, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("revoking: %s", resp.Status)
	}
}
