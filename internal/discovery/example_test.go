package discovery_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

func ExampleCandidates() {
	urls, err := discovery.Candidates("https://as.example/tenant")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(urls, "\n"))
	// Output:
	// https://as.example/.well-known/oauth-authorization-server/tenant
	// https://as.example/.well-known/openid-configuration/tenant
	// https://as.example/tenant/.well-known/openid-configuration
}

func ExampleFetch() {
	var issuer string
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, issuer, issuer+"/keys")
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	issuer = server.URL

	meta, url, err := discovery.Fetch(context.Background(), fetch.Getter{}, issuer)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.TrimPrefix(url, issuer))
	fmt.Println(strings.TrimPrefix(meta.JWKSURI, issuer))
	// Output:
	// /.well-known/openid-configuration
	// /keys
}
