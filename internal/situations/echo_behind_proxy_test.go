package situations

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/echomcp"
)

// proxiedApp is reached as public+"/team/…", of which the proxy strips "/team".
// Nothing outside of "/team/" comes here, so the metadata needs a URL of its own
// below it.
func proxiedApp(ctx context.Context, public, issuer string) (*echo.Echo, error) {
	app := echo.New()
	rs, err := core.New(ctx, core.Config{
		Resource:             public + "/team/mcp",
		Path:                 "/mcp",
		MetadataURL:          public + "/team/.well-known/oauth-protected-resource/mcp",
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	return app, echomcp.Mount(app, rs, gosdk.Handler(weatherServer(), nil))
}

func TestEchoBehindPrefixStrippingProxy(t *testing.T) {
	as := authtest.NewServer(t)
	public := startApp(t, func(public string) (http.Handler, error) {
		app := startApp(t, func(string) (http.Handler, error) { return proxiedApp(t.Context(), public, as.Issuer()) })
		upstream, err := url.Parse(app)
		if err != nil {
			return nil, err
		}
		mux := http.NewServeMux()
		mux.Handle("/team/", http.StripPrefix("/team", httputil.NewSingleHostReverseProxy(upstream)))
		return mux, nil
	})

	refused := post(t, public+"/team/mcp", "", weatherCall)
	refused.wantStatus(t, http.StatusUnauthorized)
	named := public + "/team/.well-known/oauth-protected-resource/mcp"
	if challenge := refused.header.Get("WWW-Authenticate"); !strings.Contains(challenge, `resource_metadata="`+named+`"`) {
		t.Errorf("challenge %q, want one that names %s", challenge, named)
	}
	published := get(t, named, "")
	published.wantStatus(t, http.StatusOK)
	var metadata struct {
		Resource string `json:"resource"`
	}
	if err := json.Unmarshal([]byte(published.body), &metadata); err != nil || metadata.Resource != public+"/team/mcp" {
		t.Errorf("metadata names resource %q (%v), want %s", metadata.Resource, err, public+"/team/mcp")
	}
	got := callTool(t, public+"/team/mcp", as.Token(public+"/team/mcp", "mcp:read"), "get_weather", weatherQuery{City: "Oslo"})
	if want := "sunny in Oslo, sub=alice"; got != want {
		t.Errorf("the tool answered %q, want %q", got, want)
	}
}
