// Package authtest is an authorization server for tests, in the manner of
// [net/http/httptest]: real HTTP on loopback, the development authorization
// server of package devissuer behind it, and everything a resource server or a
// client must survive at hand.
//
//	as := authtest.NewServer(t)
//	token := as.Token("https://api.example.com/mcp", "mcp:read")
//
// [Server.Mint] signs any token: good ones, ones with other claims, and ones
// that are flawed in a named way ([Flaw]). [Server.Rotate] changes the signing
// key. [Server.Down] makes the server unreachable at its address, [Server.Break]
// spoils an endpoint in a named way ([Fault]), [Server.Slow] and [Server.Hold]
// delay its answers, [Server.Answer] replaces them, and [Server.Requests] counts
// what was asked.
//
// [Conform] tries a whole protected MCP server against such a server: each
// requirement that can be seen from outside is a subtest.
//
// Whoever reaches such a server gets the tokens they want. It is for tests only.
package authtest
