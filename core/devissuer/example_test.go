package devissuer_test

import (
	"fmt"
	"log"
	"net/http"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// An app serves the authorization server beside its own routes.
func Example() {
	issuer, err := devissuer.New(devissuer.Config{
		Issuer: "http://127.0.0.1:8080",
		Scopes: []string{"mcp:read"},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, path := range issuer.Paths() {
		mux.Handle(path, issuer)
		fmt.Println(path)
	}
	// Output:
	// /.well-known/oauth-authorization-server
	// /.well-known/openid-configuration
	// /authorize
	// /introspect
	// /jwks.json
	// /register
	// /revoke
	// /token
}
