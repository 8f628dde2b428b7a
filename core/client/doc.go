// Package client is the client half of the MCP authorization specification: an
// [http.RoundTripper] that gets, stores, refreshes and extends the access tokens
// of one protected MCP server by itself.
//
//	transport, err := client.New(client.Config{Resource: "https://api.example.com/mcp"})
//	if err != nil {
//		return err
//	}
//	httpClient := &http.Client{Transport: transport}
//
// That client can be handed to any MCP SDK, or used as it is. The first request
// goes out bare. When the server answers 401, the transport reads the protected
// resource metadata (RFC 9728) and that of the authorization server (RFC 8414),
// registers if it has to (RFC 7591, or a Client ID Metadata Document), sends the
// user's browser to the authorization server with PKCE (RFC 7636) and a resource
// indicator (RFC 8707), gets a token, and sends the request again. The caller
// sees its answer only. A 403 that asks for more scopes is answered by one
// further authorization (step-up).
//
// Many requests share one authorization, and requests and streams under way are
// not disturbed by it. Tokens outlive the process in a [Storage]; two processes
// may share a file.
//
// Nothing secret is sent to an endpoint that was not named by metadata of the
// very issuer that the protected resource names, and the access token goes
// nowhere but to the resource's own origin.
package client
