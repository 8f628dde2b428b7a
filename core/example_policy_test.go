package core_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// A policy says what each tool, prompt and resource needs beside the endpoint's
// scopes. A caller who lacks some of it gets a challenge that names all of it.
func ExamplePolicy() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const resource = "https://api.example.com/mcp"
	issuer, token, stop := authorizationServer(resource, "mcp:read")
	defer stop()

	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"mcp:read"},
		Policy: core.Policy{
			Tools: map[string]core.Requirement{
				"get_weather": core.Scopes(), // no more than the endpoint
				"purge":       core.Scopes("notes:write"),
				"export":      core.AnyOf(core.Scopes("export"), core.Scopes("notes:read", "notes:write")),
				"transfer":    core.Decide(transferNeeds),
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	endpoint := rs.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "done") // an MCP SDK's handler in real life
	}))
	if err := rs.Ready(ctx); err != nil { // a service serves at once
		log.Fatal(err)
	}
	for _, call := range []string{
		`"name":"get_weather","arguments":{"city":"Oslo"}`,
		`"name":"purge"`,
		`"name":"export"`,
		`"name":"transfer","arguments":{"amount":5}`,
		`"name":"transfer","arguments":{"amount":5000}`,
		`"name":"unlisted"`,
	} {
		message := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{` + call + `}}`
		r, w := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(message)), httptest.NewRecorder()
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		endpoint.ServeHTTP(w, r)
		_, scope, _ := strings.Cut(w.Header().Get("WWW-Authenticate"), " scope=")
		fmt.Println(strings.TrimSpace(fmt.Sprintf("%s %d %s", call, w.Code, scope)))
	}
	// Output:
	// "name":"get_weather","arguments":{"city":"Oslo"} 200
	// "name":"purge" 403 "mcp:read notes:write"
	// "name":"export" 403 "mcp:read export"
	// "name":"transfer","arguments":{"amount":5} 200
	// "name":"transfer","arguments":{"amount":5000} 403 "mcp:read transfer:large"
	// "name":"unlisted" 403
}

// transferNeeds asks for more where the amount isn't known to be small.
func transferNeeds(_ context.Context, op core.Operation, _ core.Principal) (core.Requirement, error) {
	amount, _, err := op.Argument("amount")
	if err != nil {
		return core.Never(), err
	}
	// Numbers are json.Number: what the message says, not rounded.
	if number, ok := amount.(json.Number); ok {
		if n, err := number.Int64(); err == nil && n >= 0 && n <= 100 {
			return core.Scopes(), nil
		}
	}
	return core.Scopes("transfer:large"), nil
}
