package client_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// A client that knows nothing but the URL of the endpoint. In a program, leave
// Redirect out: the user's browser is opened. Here, it is played.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	endpoint, stop := protectedServer(ctx)
	defer stop()

	transport, err := client.New(client.Config{
		Resource: endpoint,
		Metadata: client.Metadata{Name: "Weather watcher"},
		Redirect: func(ctx context.Context, authorizationURL string) error {
			fmt.Println("the browser opens")
			return get(ctx, authorizationURL)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	httpClient := &http.Client{Transport: transport}
	for range 2 {
		resp, err := httpClient.Post(endpoint, "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		fmt.Println(resp.StatusCode, string(body), err)
	}
	// Output:
	// the browser opens
	// 200 hello, alice <nil>
	// 200 hello, alice <nil>
}

// protectedServer is an endpoint behind the kit, and its authorization server,
// which approves at once.
func protectedServer(ctx context.Context) (endpoint string, stop func()) {
	as, site := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	issuer, err := devissuer.New(devissuer.Config{Issuer: "http://" + as.Listener.Addr().String(), Approve: devissuer.ApproveAll("alice")})
	if err != nil {
		log.Fatal(err)
	}
	as.Config.Handler = issuer
	as.Start()
	endpoint = "http://" + site.Listener.Addr().String() + "/mcp"
	rs, err := core.New(ctx, core.Config{Resource: endpoint, AuthorizationServers: []string{issuer.Issuer()}, Scopes: []string{"mcp:read"}})
	if err != nil {
		log.Fatal(err)
	}
	site.Config.Handler = rs.InFront(http.NotFoundHandler(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := core.PrincipalFrom(r.Context())
		fmt.Fprint(w, "hello, ", p.Subject)
	}))
	site.Start()
	if err := rs.Ready(ctx); err != nil {
		log.Fatal(err)
	}
	return endpoint, func() { site.Close(); as.Close() }
}

func get(ctx context.Context, page string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
