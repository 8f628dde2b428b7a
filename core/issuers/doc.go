// Package issuers knows how the tokens of some providers differ from RFC 9068.
//
// Each function returns a [core.Issuer], which is plain data: change any field
// of it before it goes into core.Config. No provider has a path of its own in
// the kit.
//
// What is known of a provider comes from public sources and was not verified
// against the live provider. docs/providers.md says of each value whether it has
// a source, and which of the provider's settings to look at when a token is
// refused; the log says the latter, too (core.Issuer.Hints).
package issuers
