// Package e2e holds the tests that see the examples as their users do: as
// programs, built and started with nothing but environment variables, and talked
// to over HTTP.
//
// One script of requests describes what every example answers. It runs against
// tokens of core/authtest; with the build tag interop it also runs against a
// foreign authorization server, oidc-provider. What else has that tag puts the
// examples among foreign clients, the MCP conformance suite and a real browser.
// The parts are installed by npm ci in the directories of their names; chromium
// is Debian's.
//
// The programs are built anew for each run, but go test can't see what they are
// made of and may answer from its cache after a change. With -shuffle=on, as in
// the README's command, or with -count=1 it never does.
package e2e
