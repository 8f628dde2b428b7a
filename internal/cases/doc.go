// Package cases holds, as data, the requests, credentials and tokens that a
// protected MCP endpoint must tell apart, and what must become of each.
//
// They are written once and sent by three: the kit's table of requirements, the
// tests of its gate in front of real MCP servers, and authtest.Conform, which
// sends them to anybody's server. Nothing here knows how a server is started,
// nor how a token is signed.
package cases
