package situations

import (
	"context"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/ginmcp"
)

// sessionApp is an app for people, who have a session cookie. Its requests are
// counted and its panics caught by global middleware, which the MCP endpoint
// shall have too; the session is for people alone. Gin runs what a router uses
// by the time a route is added, so the endpoint stands between the two.
func sessionApp(ctx context.Context, resource, issuer string, count gin.HandlerFunc) (*gin.Engine, error) {
	router := gin.New()
	router.Use(count, gin.Recovery())

	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	if err := ginmcp.Mount(router, rs, gosdk.Handler(weatherServer(), nil)); err != nil {
		return nil, err
	}

	router.Use(requireSession)
	router.GET("/inbox", func(c *gin.Context) { c.String(http.StatusOK, "inbox") })
	return router, nil
}

// closedApp is an app whose session middleware is there before anybody else can
// add a route. The resource server then stands in front of the whole app.
func closedApp(ctx context.Context, resource, issuer string) (http.Handler, error) {
	router := gin.New()
	router.Use(requireSession)
	router.GET("/inbox", func(c *gin.Context) { c.String(http.StatusOK, "inbox") })

	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	return rs.InFront(router, gosdk.Handler(weatherServer(), nil)), nil
}

func requireSession(c *gin.Context) {
	if _, err := c.Cookie("session"); err != nil {
		c.Redirect(http.StatusFound, "/sign-in")
		c.Abort()
	}
}

func TestGinSessionAuth(t *testing.T) {
	gin.SetMode(gin.TestMode)
	as := authtest.NewServer(t)
	counted := make(chan string, 100)
	count := func(c *gin.Context) { counted <- c.Request.URL.Path }

	for name, build := range map[string]func(base string) (http.Handler, error){
		"mounted": func(base string) (http.Handler, error) {
			return sessionApp(t.Context(), base+"/mcp", as.Issuer(), count)
		},
		"in front": func(base string) (http.Handler, error) { return closedApp(t.Context(), base+"/mcp", as.Issuer()) },
	} {
		t.Run(name, func(t *testing.T) {
			base := startApp(t, build)
			get(t, base+"/.well-known/oauth-protected-resource/mcp", "").wantStatus(t, http.StatusOK)
			post(t, base+"/mcp", "", weatherCall).wantStatus(t, http.StatusUnauthorized)
			got := callTool(t, base+"/mcp", as.Token(base+"/mcp", "mcp:read"), "get_weather", weatherQuery{City: "Oslo"})
			if want := "sunny in Oslo, sub=alice"; got != want {
				t.Errorf("the tool answered %q, want %q", got, want)
			}
			// A token is no session: the app for people still asks for one.
			inbox := get(t, base+"/inbox", as.Token(base+"/mcp", "mcp:read"))
			if inbox.status == http.StatusOK {
				t.Errorf("the inbox opened to a bearer token")
			}
		})
	}
	if first := <-counted; first != "/mcp" {
		t.Errorf("the first counted request is %q, want the endpoint's: the metadata escapes middleware, the endpoint doesn't", first)
	}
}
