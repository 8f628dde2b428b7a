// Package devissuer is a small OAuth 2.1 authorization server for development:
// it lets an example or a test run the whole flow of the MCP authorization
// specification, consent page included, without an account anywhere.
//
// It is for development only. It has no passwords: whoever reaches its consent
// page chooses whom to be. Its state lives in memory and is gone when the
// process ends, and its keys with it. Serve it on loopback.
//
// What it speaks:
//
//   - authorization server metadata (RFC 8414) and OpenID Connect discovery;
//     it issues no ID tokens
//   - the authorization code grant with PKCE, S256 always (OAuth 2.1, RFC 7636)
//   - resource indicators (RFC 8707): no token without a resource
//   - the issuer in every authorization response (RFC 9207)
//   - refresh tokens that rotate, with reuse detection (OAuth 2.1 §4.3.1)
//   - client credentials for confidential clients
//   - dynamic client registration (RFC 7591), and Client ID Metadata Documents:
//     a client_id that is the URL of the client's metadata, which is fetched
//   - JWT access tokens (RFC 9068), or opaque ones
//   - introspection (RFC 7662) and revocation (RFC 7009)
//
// A [Server] is a [net/http.Handler]. An app that has a router of its own
// mounts it at each of [Server.Paths]; no catch-all route is needed.
package devissuer
