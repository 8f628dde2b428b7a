package ginmcp_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/ginmcp"
)

const resource = "https://api.example.com/mcp"

// An app gains an MCP endpoint, its metadata, and a route behind the same
// tokens.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	issuer, token, stop := authorizationServer()
	defer stop()

	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	server := mcp.NewServer(&mcp.Implementation{Name: "weather", Version: "1"}, nil)

	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := ginmcp.Mount(router, rs, gosdk.Handler(server, nil)); err != nil {
		log.Fatal(err)
	}
	router.GET("/api/me", ginmcp.RequireScopes(rs, "mcp:read"), func(c *gin.Context) {
		p, _ := ginmcp.Principal(c)
		c.String(http.StatusOK, "%s has %v", p.Subject, p.Scopes)
	})

	if err := rs.Ready(ctx); err != nil { // an app serves at once
		log.Fatal(err)
	}
	ask(router, http.MethodPost, "/mcp", "")
	ask(router, http.MethodGet, "/api/me", token)
	// Output:
	// POST /mcp: 401 Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp", scope="mcp:read"
	// GET /api/me: 200 alice has [mcp:read]
}

// ask sends a request to the app and prints what comes back.
func ask(app http.Handler, method, path, token string) {
	r, w := httptest.NewRequest(method, path, nil), httptest.NewRecorder()
	if token == "" {
		app.ServeHTTP(w, r)
		fmt.Printf("%s %s: %d %s\n", method, path, w.Code, w.Header().Get("WWW-Authenticate"))
		return
	}
	r.Header.Set("Authorization", "Bearer "+token)
	app.ServeHTTP(w, r)
	fmt.Printf("%s %s: %d %s\n", method, path, w.Code, w.Body)
}

// authorizationServer starts one for development. Yours runs already.
func authorizationServer() (issuer, token string, stop func()) {
	server := httptest.NewUnstartedServer(nil)
	as, err := devissuer.New(devissuer.Config{Issuer: "http://" + server.Listener.Addr().String()})
	if err != nil {
		log.Fatal(err)
	}
	server.Config.Handler = as
	server.Start()
	token, err = as.Issue(devissuer.Grant{
		Subject: "alice", ClientID: "app", Scopes: []string{"mcp:read"}, Resources: []string{resource},
	})
	if err != nil {
		log.Fatal(err)
	}
	return as.Issuer(), token, server.Close
}
