package discovery

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	got, err := decode([]byte(`{
		"issuer": "https://as.example",
		"authorization_endpoint": "https://as.example/authorize",
		"token_endpoint": "https://as.example/token",
		"registration_endpoint": "https://as.example/register",
		"jwks_uri": "https://as.example/keys",
		"introspection_endpoint": "https://as.example/introspect",
		"revocation_endpoint": "https://as.example/revoke",
		"scopes_supported": ["a", "offline_access"],
		"response_types_supported": ["code"],
		"grant_types_supported": ["authorization_code"],
		"code_challenge_methods_supported": ["S256"],
		"token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
		"token_endpoint_auth_signing_alg_values_supported": ["ES256"],
		"introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
		"client_id_metadata_document_supported": true,
		"authorization_response_iss_parameter_supported": true,
		"userinfo_endpoint": {"any": [1, "thing"]}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Metadata{
		Issuer:                                     "https://as.example",
		AuthorizationEndpoint:                      "https://as.example/authorize",
		TokenEndpoint:                              "https://as.example/token",
		RegistrationEndpoint:                       "https://as.example/register",
		JWKSURI:                                    "https://as.example/keys",
		IntrospectionEndpoint:                      "https://as.example/introspect",
		RevocationEndpoint:                         "https://as.example/revoke",
		ScopesSupported:                            []string{"a", "offline_access"},
		ResponseTypesSupported:                     []string{"code"},
		GrantTypesSupported:                        []string{"authorization_code"},
		CodeChallengeMethodsSupported:              []string{"S256"},
		TokenEndpointAuthMethodsSupported:          []string{"none", "private_key_jwt"},
		TokenEndpointAuthSigningAlgValuesSupported: []string{"ES256"},
		IntrospectionEndpointAuthMethodsSupported:  []string{"client_secret_basic"},
		ClientIDMetadataDocumentSupported:          true,
		AuthorizationResponseIssParameterSupported: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestMismatchErrorIsShort(t *testing.T) {
	err := &MismatchError{Want: "https://as.example", Got: strings.Repeat("x", 1<<20), URL: "https://as.example/m"}
	if n := len(err.Error()); n > 1000 {
		t.Errorf("%d bytes", n)
	}
}

// FuzzDecode holds decode to what it promises: what it takes is JSON, and means
// the same to a reader that matches names exactly.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"issuer":"https://as.example","token_endpoint":"https://as.example/token"}`,
		`{"Issuer":"a","issuer":"b"}`, `{"\u0049ssuer":"a"}`, `{"i\u0073suer":"a"}`, `{"issuer":null}`,
		`{"scopes_supported":["a",null]}`, `{"issuer":{"issuer":"a"}}`, `{"issuer":"\ud800"} `, `[{"issuer":"a"}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decode(body)
		if err != nil {
			if !reflect.DeepEqual(got, Metadata{}) {
				t.Fatalf("%q: metadata beside the error", body)
			}
			return
		}
		var exact map[string]json.RawMessage
		if err := json.Unmarshal(body, &exact); err != nil {
			t.Fatalf("%q is taken and is not an object: %v", body, err)
		}
		var issuer string
		if raw, ok := exact["issuer"]; ok {
			if err := json.Unmarshal(raw, &issuer); err != nil {
				t.Fatalf("%q is taken with an issuer that is no string: %v", body, err)
			}
		}
		if got.Issuer != issuer {
			t.Fatalf("%q: issuer %q, want %q", body, got.Issuer, issuer)
		}
	})
}
