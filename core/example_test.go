package core_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// Without an adapter, InFront puts the MCP endpoint and its metadata before an
// app of any kind.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const resource = "https://api.example.com/mcp"
	issuer, token, stop := authorizationServer(resource, "mcp:read")
	defer stop()

	app := http.NotFoundHandler() // what the service was before
	mcp := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := core.PrincipalFrom(r.Context())
		fmt.Fprintf(w, "hello %s", p.Subject) // an MCP SDK's handler in real life
	})
	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		log.Fatal(err)
	}
	service := rs.InFront(app, mcp)

	if err := rs.Ready(ctx); err != nil { // a service serves at once
		log.Fatal(err)
	}
	r, w := httptest.NewRequest(http.MethodPost, "/mcp", nil), httptest.NewRecorder()
	service.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))

	r, w = httptest.NewRequest(http.MethodPost, "/mcp", nil), httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer "+token)
	service.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 401 Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp", scope="mcp:read"
	// 200 hello alice
}

// New finds every mistake at once, and says of each what to do.
func ExampleConfigError() {
	_, err := core.New(context.Background(), core.Config{
		Resource:             "https://api.example.com/mcp/:tenant",
		AuthorizationServers: []string{"http://auth.example.com"},
		Scopes:               []string{"mcp:read mcp:write", "offline_access"},
		AllowedOrigins:       []string{"*"},
	})
	fmt.Println(err)

	var mistake *core.ConfigError
	if errors.As(err, &mistake) {
		fmt.Println("the first is about", mistake.Field)
	}
	// Output:
	// core.Config: Resource is "https://api.example.com/mcp/:tenant": its path has ':', which routers read as a pattern or spell in several ways; use letters, digits, slashes and -._~ in the path
	// core.Config: AuthorizationServers[0] is "http://auth.example.com": plain http is accepted on loopback hosts only; use https, or set DangerouslyAllowHTTP in a network that you trust
	// core.Config: Scopes is []string{"mcp:read mcp:write", "offline_access"}: "mcp:read mcp:write" is no scope-token; list one scope per entry, of printable ASCII without space, quote and backslash (RFC 6749 §3.3)
	// core.Config: Scopes is []string{"mcp:read mcp:write", "offline_access"}: offline_access is between client and authorization server; remove it: a resource server never asks for it (MCP authorization, refresh tokens)
	// core.Config: AllowedOrigins[0] is "*": it is not an origin as browsers send it; write scheme, host and port in lower case, without default port, path or wildcard, such as "https://app.example.com"
	// the first is about Resource
}

// authorizationServer starts one for development. Yours runs already.
func authorizationServer(resource string, scopes ...string) (issuer, token string, stop func()) {
	server := httptest.NewUnstartedServer(nil)
	as, err := devissuer.New(devissuer.Config{Issuer: "http://" + server.Listener.Addr().String()})
	if err != nil {
		log.Fatal(err)
	}
	server.Config.Handler = as
	server.Start()
	token, err = as.Issue(devissuer.Grant{
		Subject: "alice", ClientID: "app", Scopes: scopes, Resources: []string{resource},
	})
	if err != nil {
		log.Fatal(err)
	}
	return as.Issuer(), token, server.Close
}
