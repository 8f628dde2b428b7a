// Package core turns an HTTP service into an OAuth 2.1 protected MCP resource
// server, whatever router it uses.
//
// [New] checks a [Config] and returns a [ResourceServer]. Its Handler stands in
// front of an MCP endpoint; its MetadataHandler publishes the protected
// resource metadata (RFC 9728) by which clients find the authorization server.
// The packages ginmcp, echomcp, chimcp and nethttp mount both in a router;
// without one of those, [ResourceServer.InFront] does.
//
// # The way of a request
//
// A request passes, in this order: the Origin check, reading of the bearer
// token, verification, expiry and audience, the per-request confirmation, and
// the endpoint's scopes. What fails becomes a [Denial], and one writer answers
// all denials: 400 for credentials that can't be read, 401 for tokens that are
// not valid here, 403 for missing scopes and foreign origins, 503 while the
// authorization server's keys can't be had or it doesn't answer about a token,
// 500 for faults of this service.
// The body of a request is not read before its token is verified.
//
// A client sends the same token with every call. What was found out about a JWT
// is therefore kept, under a hash of the token, until it expires or the key that
// it is signed with leaves the issuer's key set ([Limits.CachedTokens],
// [ResourceServer.Forget]); an issuer's own answer about a token for seconds.
// Scopes, policy and the per-request confirmation are looked at for every request.
//
// # Whose tokens
//
// Each [Issuer] has rules of its own: how its tokens are verified, by keys or by
// [Introspection]; whom they must be for; which claims must be there; how scopes
// are spelled. Package core/issuers has those of some providers. A [Verifier]
// takes tokens of any other kind. What is refused is logged with its reason and a
// hint at the setting that cures it, and [ResourceServer.Check] looks at the
// whole set-up as a client would.
//
// # What a handler gets
//
// The handler finds the caller with [PrincipalFrom]. The Authorization header
// field is removed from the request before the handler runs, because the MCP
// specification forbids passing a client's token on.
package core
