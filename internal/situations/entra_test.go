package situations

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/core/issuers"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// entraApp takes v2.0 tokens of the tenants that are its customers. Their aud is
// the GUID of the app registration, and their scp has short names, while clients
// must ask for the long ones: the preset knows.
func entraApp(ctx context.Context, resource, host, app string, tenants ...string) (http.Handler, error) {
	entra := issuers.EntraV2(app, tenants...)
	entra.URL = strings.Replace(entra.URL, "https://login.microsoftonline.com", host, 1) // for the test alone
	rs, err := core.New(ctx, core.Config{
		Resource: resource,
		Issuers:  []core.Issuer{entra},
		Scopes:   []string{"mcp.read"},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
}

func TestEntra(t *testing.T) {
	const (
		tenant = "9188040d-6c67-4c5b-b112-36a304b66dad"
		app    = "11111111-2222-3333-4444-555555555555"
		client = "66666666-7777-8888-9999-000000000000"
	)
	var host string
	entra := authtest.NewServer(t, func(c *devissuer.Config) { host = c.Issuer; c.Issuer += "/" + tenant + "/v2.0" })
	// It publishes OpenID Connect metadata alone.
	entra.Answer("/.well-known/oauth-authorization-server/"+tenant+"/v2.0", http.NotFoundHandler())
	base := startApp(t, func(base string) (http.Handler, error) {
		return entraApp(t.Context(), base+"/mcp", host, app, "another-customer", tenant)
	})
	token := func(issuer, audience, scp string) string {
		return entra.Mint(authtest.Token{
			Type: "JWT", Issuer: issuer, Audience: audience,
			Claims: map[string]any{"scp": scp, "azp": client, "client_id": authtest.Absent, "ver": "2.0"},
		})
	}

	got := callTool(t, base+"/mcp", token(entra.Issuer(), app, "mcp.read"), "get_weather", weatherQuery{City: "Oslo"})
	if want := "sunny in Oslo, sub=alice"; got != want {
		t.Errorf("the tool answered %q, want %q", got, want)
	}
	post(t, base+"/mcp", token(entra.Issuer(), client, "mcp.read"), weatherCall).wantStatus(t, http.StatusUnauthorized)
	post(t, base+"/mcp", token(host+"/no-customer/v2.0", app, "mcp.read"), weatherCall).wantStatus(t, http.StatusUnauthorized)
	stepUp := post(t, base+"/mcp", token(entra.Issuer(), app, "User.Read"), weatherCall)
	stepUp.wantStatus(t, http.StatusForbidden)
	stepUp.wantScope(t, "api://"+app+"/mcp.read")
}
