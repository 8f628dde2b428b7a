package issuers_test

import (
	"context"
	"fmt"
	"log"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/issuers"
)

// A preset is data. What it says can be changed before it is used.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	entra := issuers.EntraV2("11111111-2222-3333-4444-555555555555", "9188040d-6c67-4c5b-b112-36a304b66dad")
	entra.Require = map[string][]string{"idtyp": {"user"}} // nobody but people

	rs, err := core.New(ctx, core.Config{
		Resource: "https://api.example.com/mcp",
		Issuers:  []core.Issuer{entra},
		Scopes:   []string{"mcp.read"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rs.MetadataURL())
	fmt.Println(entra.URL, entra.ClientClaim, entra.ScopePrefix)
	// Output:
	// https://api.example.com/.well-known/oauth-protected-resource/mcp
	// https://login.microsoftonline.com/{tenantid}/v2.0 azp api://11111111-2222-3333-4444-555555555555/
}

// Where tokens come from another issuer than the authorization server that
// clients go to, the two are configured apart.
func ExampleScalekit() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := core.New(ctx, core.Config{
		Resource:             "https://api.example.com/mcp",
		AuthorizationServers: []string{"https://acme.scalekit.com/resources/res_1"},
		Issuers:              []core.Issuer{issuers.Scalekit("https://acme.scalekit.com")},
		Scopes:               []string{"read"},
	})
	fmt.Println(err)
	// Output: <nil>
}
