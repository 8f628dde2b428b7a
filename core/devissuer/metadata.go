package devissuer

import (
	"encoding/json"
	"net/http"
	"slices"
)

// documentation is where a developer who wonders about this issuer is sent.
const documentation = "https://pkg.go.dev/github.com/mcpbearer/mcpbearer/core/devissuer"

// Endpoints are the absolute URLs of a server.
type Endpoints struct {
	Authorization, Token, Registration string
	Introspection, Revocation          string
	// KeySet is the jwks_uri.
	KeySet string
	// Metadata are the places of the metadata, in the order in which clients
	// try them: RFC 8414 §3.1 with the issuer's path inserted, OpenID Connect
	// with the path inserted, and, where the issuer has a path, OpenID Connect
	// with the well-known suffix appended.
	Metadata []string
}

func endpoints(origin, base string) Endpoints {
	const oauth, openID = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
	metadata := []string{origin + oauth + base, origin + openID + base}
	if base != "" {
		metadata = append(metadata, origin+base+openID)
	}
	return Endpoints{
		Authorization: origin + base + "/authorize",
		Token:         origin + base + "/token",
		Registration:  origin + base + "/register",
		Introspection: origin + base + "/introspect",
		Revocation:    origin + base + "/revoke",
		KeySet:        origin + base + "/jwks.json",
		Metadata:      metadata,
	}
}

// metadataDocument has the members of RFC 8414 §2 and those that OpenID Connect
// Discovery §3 requires, so that one document serves both.
type metadataDocument struct {
	Notice                 string   `json:"mcpbearer_notice"`
	Issuer                 string   `json:"issuer"`
	AuthorizationEndpoint  string   `json:"authorization_endpoint"`
	TokenEndpoint          string   `json:"token_endpoint"`
	RegistrationEndpoint   string   `json:"registration_endpoint"`
	IntrospectionEndpoint  string   `json:"introspection_endpoint"`
	RevocationEndpoint     string   `json:"revocation_endpoint"`
	JWKSURI                string   `json:"jwks_uri"`
	ServiceDocumentation   string   `json:"service_documentation"`
	Scopes                 []string `json:"scopes_supported"`
	ResponseTypes          []string `json:"response_types_supported"`
	ResponseModes          []string `json:"response_modes_supported"`
	GrantTypes             []string `json:"grant_types_supported"`
	CodeChallengeMethods   []string `json:"code_challenge_methods_supported"`
	TokenAuthMethods       []string `json:"token_endpoint_auth_methods_supported"`
	IntrospectAuthMethods  []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationAuthMethods  []string `json:"revocation_endpoint_auth_methods_supported"`
	IssParameter           bool     `json:"authorization_response_iss_parameter_supported"`
	ClientIDDocuments      bool     `json:"client_id_metadata_document_supported"`
	SubjectTypes           []string `json:"subject_types_supported"`
	IDTokenSigningAlgs     []string `json:"id_token_signing_alg_values_supported"`
	ProtectedResources     []string `json:"protected_resources,omitempty"`
	RequestURIParamSupport bool     `json:"request_uri_parameter_supported"`
}

func (s *Server) metadataBody() ([]byte, error) {
	scopes := slices.Clone(s.config.Scopes)
	if !slices.Contains(scopes, offlineAccess) {
		scopes = append(scopes, offlineAccess)
	}
	confidential := []string{authBasic, authPost}
	return json.Marshal(metadataDocument{
		Notice:                "development authorization server: not for production",
		Issuer:                s.config.Issuer,
		AuthorizationEndpoint: s.endpoints.Authorization,
		TokenEndpoint:         s.endpoints.Token,
		RegistrationEndpoint:  s.endpoints.Registration,
		IntrospectionEndpoint: s.endpoints.Introspection,
		RevocationEndpoint:    s.endpoints.Revocation,
		JWKSURI:               s.endpoints.KeySet,
		ServiceDocumentation:  documentation,
		Scopes:                scopes,
		ResponseTypes:         []string{"code"},
		ResponseModes:         []string{"query"},
		GrantTypes:            []string{grantCode, grantRefresh, grantClientCredentials},
		CodeChallengeMethods:  []string{"S256"},
		TokenAuthMethods:      append([]string{authNone}, confidential...),
		IntrospectAuthMethods: confidential,
		RevocationAuthMethods: append([]string{authNone}, confidential...),
		IssParameter:          true,
		ClientIDDocuments:     true,
		SubjectTypes:          []string{"public"},
		IDTokenSigningAlgs:    []string{"RS256"},
		ProtectedResources:    s.config.Resources,
	})
}

func (s *Server) serveMetadata(w http.ResponseWriter, _ *http.Request) {
	writeBody(w, "application/json", s.metadata)
}

func (s *Server) serveKeySet(w http.ResponseWriter, _ *http.Request) {
	body, err := s.keys.KeySet()
	if err != nil {
		writeRefusal(w, err)
		return
	}
	writeBody(w, "application/jwk-set+json", body)
}
