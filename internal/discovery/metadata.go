// Package discovery finds the metadata of an authorization server
// (RFC 8414 §3, OpenID Connect Discovery 1.0 §4, MCP 2026-07-28 authorization).
//
// Three well-known places exist because the two specifications join an issuer's
// path in different ways. They are tried one after another, and a document is
// believed only if it names the very issuer that was asked for: otherwise one
// tenant of a shared host could answer for another.
package discovery

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// Metadata is what an authorization server says of itself. The members are
// those of RFC 8414 §2 and OpenID Connect Discovery 1.0 §3 unless said
// otherwise; one that the document lacks is empty.
type Metadata struct {
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint,omitempty"`
	TokenEndpoint         string `json:"token_endpoint,omitempty"`
	RegistrationEndpoint  string `json:"registration_endpoint,omitempty"`
	JWKSURI               string `json:"jwks_uri,omitempty"`
	IntrospectionEndpoint string `json:"introspection_endpoint,omitempty"`
	RevocationEndpoint    string `json:"revocation_endpoint,omitempty"`

	ScopesSupported                            []string `json:"scopes_supported,omitempty"`
	ResponseTypesSupported                     []string `json:"response_types_supported,omitempty"`
	GrantTypesSupported                        []string `json:"grant_types_supported,omitempty"`
	CodeChallengeMethodsSupported              []string `json:"code_challenge_methods_supported,omitempty"`
	TokenEndpointAuthMethodsSupported          []string `json:"token_endpoint_auth_methods_supported,omitempty"`
	TokenEndpointAuthSigningAlgValuesSupported []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	IntrospectionEndpointAuthMethodsSupported  []string `json:"introspection_endpoint_auth_methods_supported,omitempty"`

	// ClientIDMetadataDocumentSupported is defined by the OAuth Client ID
	// Metadata Document specification, which MCP 2026-07-28 builds on.
	ClientIDMetadataDocumentSupported bool `json:"client_id_metadata_document_supported,omitempty"`
	// AuthorizationResponseIssParameterSupported is defined by RFC 9207 §3.
	AuthorizationResponseIssParameterSupported bool `json:"authorization_response_iss_parameter_supported,omitempty"`
}

// MismatchError says that a document speaks for another issuer than the one it
// was got for (RFC 8414 §3.3). Nothing in it may be used.
type MismatchError struct {
	// Want is the issuer that was asked for, Got what the document names;
	// empty if it names none.
	Want, Got string
	// URL is where the document was.
	URL string
}

// Error names both issuers, in full unless the document's is absurdly long.
func (e *MismatchError) Error() string {
	const enough = 256
	got := e.Got
	if len(got) > enough {
		got = got[:enough] + "…"
	}
	return fmt.Sprintf("%s: the metadata is of issuer %q, not of %q: the two must be the same string, a trailing slash included", e.URL, got, e.Want)
}

// decode reads the document that came from url.
func decode(body []byte) (Metadata, error) {
	var meta Metadata
	err := strictjson.Decode(body, &meta)
	return meta, err
}

// check compares what the document says with what it was asked for.
func (m Metadata) check(g fetch.Getter, issuer, url string) error {
	if m.Issuer != issuer {
		return &MismatchError{Want: issuer, Got: m.Issuer, URL: url}
	}
	for _, endpoint := range []struct{ member, url string }{
		{"authorization_endpoint", m.AuthorizationEndpoint},
		{"token_endpoint", m.TokenEndpoint},
		{"registration_endpoint", m.RegistrationEndpoint},
		{"jwks_uri", m.JWKSURI},
		{"introspection_endpoint", m.IntrospectionEndpoint},
		{"revocation_endpoint", m.RevocationEndpoint},
	} {
		if endpoint.url == "" {
			continue
		}
		if err := checkEndpoint(g, endpoint.url); err != nil {
			return fmt.Errorf("%s: %s: %w", url, endpoint.member, err)
		}
	}
	return nil
}

func checkEndpoint(g fetch.Getter, raw string) error {
	if _, err := g.CheckURL(raw); err != nil {
		return err
	}
	// RFC 6749 §3.1 and §3.2: parameters added after a fragment would be part
	// of it.
	if strings.Contains(raw, "#") {
		return errors.New("an endpoint has no fragment")
	}
	return nil
}
