package core_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// Opaque tokens are introspected by the one issuer that has Introspection.
func ExampleIntrospection() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const resource = "https://api.example.com/mcp"
	server := httptest.NewUnstartedServer(nil)
	as, err := devissuer.New(devissuer.Config{
		Issuer: "http://" + server.Listener.Addr().String(), Opaque: true,
		Clients: []devissuer.Client{{ID: "weather-api", Secret: "from-the-environment"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	server.Config.Handler = as
	server.Start()
	defer server.Close()

	rs, err := core.New(ctx, core.Config{
		Resource: resource,
		Issuers: []core.Issuer{{
			URL:           as.Issuer(),
			Introspection: &core.Introspection{ClientID: "weather-api", ClientSecret: "from-the-environment"},
		}},
		Scopes: []string{"mcp:read"},
	})
	if err != nil {
		log.Fatal(err)
	}
	token, err := as.Issue(devissuer.Grant{Subject: "alice", ClientID: "app", Scopes: []string{"mcp:read"}, Resources: []string{resource}})
	if err != nil {
		log.Fatal(err)
	}
	endpoint := rs.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := core.PrincipalFrom(r.Context())
		fmt.Fprintf(w, "hello %s", p.Subject)
	}))
	r, w := httptest.NewRequest(http.MethodPost, "/mcp", nil), httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer "+token)
	endpoint.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 hello alice
}

// Check goes the way of a client. Here somebody has mounted the endpoint and
// forgotten the metadata.
func ExampleResourceServer_Check() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	app := httptest.NewUnstartedServer(nil)
	resource := "http://" + app.Listener.Addr().String() + "/mcp"
	issuer, _, stop := authorizationServer(resource, "mcp:read")
	defer stop()
	rs, err := core.New(ctx, core.Config{
		Resource: resource, AuthorizationServers: []string{issuer}, Scopes: []string{"mcp:read"},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/mcp", rs.Handler(http.NotFoundHandler()))
	app.Config.Handler = mux
	app.Start()
	defer app.Close()

	for _, finding := range rs.Check(ctx) {
		fmt.Println(finding.Code)
		fmt.Println(finding.Fix)
	}
	// Output:
	// metadata_unreachable
	// route this URL to the service and mount the metadata there, or set Config.MetadataURL to one that can be routed
}
