// Package apptest holds what the tests of the four adapters share: a table of
// situations that real apps bring with them, run against an app of each router.
//
// Everything in it is real: the MCP server is one of the official Go SDK, the
// authorization server is that of package authtest, and requests go over
// loopback. A router's test fills in a [Router] and calls [Run]; what only that
// router has it tests by itself, with a [Bench].
package apptest
