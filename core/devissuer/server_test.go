package devissuer_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// RFC 8414 §3.1, OpenID Connect Discovery §4: where the metadata is, for an
// issuer with and without a path, and with a slash at its end.
func TestMetadataPlaces(t *testing.T) {
	for suffix, places := range map[string][]string{
		"":          {"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"},
		"/":         {"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"},
		"/realms/a": {"/.well-known/oauth-authorization-server/realms/a", "/.well-known/openid-configuration/realms/a", "/realms/a/.well-known/openid-configuration"},
		"/t/":       {"/.well-known/oauth-authorization-server/t", "/.well-known/openid-configuration/t", "/t/.well-known/openid-configuration"},
	} {
		var origin string
		s := start(t, func(c *devissuer.Config) {
			origin = c.Issuer
			c.Issuer += suffix
		})
		base := strings.TrimSuffix(suffix, "/")
		for _, place := range places {
			a := s.do(http.MethodGet, origin+place, "")
			got := a.json()
			if a.status != http.StatusOK || got["issuer"] != origin+suffix || got["token_endpoint"] != origin+base+"/token" {
				t.Errorf("%q: %s answers %d for issuer %v", suffix, place, a.status, got["issuer"])
			}
		}
		paths := append(slices.Clone(places), base+"/authorize", base+"/token", base+"/register", base+"/introspect", base+"/revoke", base+"/jwks.json")
		slices.Sort(paths)
		if got := s.issuer.Paths(); !slices.Equal(got, paths) {
			t.Errorf("%q: the paths are %v", suffix, got)
		}
		for _, stray := range []string{base + "/", base + "/token/", base + "//token", base + "/Token"} {
			if a := s.do(http.MethodGet, origin+stray, ""); a.status != http.StatusNotFound {
				t.Errorf("%q: %s answers %d", suffix, stray, a.status)
			}
		}
	}
}

func TestMetadata(t *testing.T) {
	s := start(t)
	got := s.do(http.MethodGet, s.issuer.Endpoints().Metadata[0], "").json()
	for member, want := range map[string]any{
		"code_challenge_methods_supported":               []any{"S256"},
		"response_types_supported":                       []any{"code"},
		"grant_types_supported":                          []any{"authorization_code", "refresh_token", "client_credentials"},
		"scopes_supported":                               []any{"mcp:read", "notes:write", "offline_access"},
		"token_endpoint_auth_methods_supported":          []any{"none", "client_secret_basic", "client_secret_post"},
		"introspection_endpoint_auth_methods_supported":  []any{"client_secret_basic", "client_secret_post"},
		"revocation_endpoint_auth_methods_supported":     []any{"none", "client_secret_basic", "client_secret_post"},
		"authorization_response_iss_parameter_supported": true,
		"subject_types_supported":                        []any{"public"},
		"id_token_signing_alg_values_supported":          []any{"RS256"},
		"mcpbearer_notice":                               "development authorization server: not for production",
	} {
		if !reflect.DeepEqual(got[member], want) {
			t.Errorf("%s is %v, want %v", member, got[member], want)
		}
	}
	e := s.issuer.Endpoints()
	for member, want := range map[string]string{
		"issuer": s.issuer.Issuer(), "authorization_endpoint": e.Authorization, "token_endpoint": e.Token,
		"registration_endpoint": e.Registration, "introspection_endpoint": e.Introspection,
		"revocation_endpoint": e.Revocation, "jwks_uri": e.KeySet,
	} {
		if got[member] != want {
			t.Errorf("%s is %v, want %s", member, got[member], want)
		}
	}
}

// Browser clients read these answers from another origin, and those only.
func TestCORS(t *testing.T) {
	s := start(t)
	e := s.issuer.Endpoints()
	for endpoint, method := range map[string]string{
		e.Metadata[0]: "GET", e.Metadata[1]: "GET", e.KeySet: "GET", e.Token: "POST", e.Registration: "POST",
		e.Authorization: "", e.Introspection: "", e.Revocation: "",
	} {
		a := s.do(http.MethodOptions, endpoint, "", "Origin", "http://localhost:6274", "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "mcp-protocol-version")
		allowed, headers := a.header.Get("Access-Control-Allow-Methods"), a.header.Get("Access-Control-Allow-Headers")
		if method == "" {
			if a.status != http.StatusMethodNotAllowed || a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: a preflight answers %d", endpoint, a.status)
			}
			continue
		}
		if a.status != http.StatusNoContent || !strings.Contains(allowed, method) || !strings.Contains(headers, "MCP-Protocol-Version") {
			t.Errorf("%s: a preflight answers %d, %q, %q", endpoint, a.status, allowed, headers)
		}
		if got := s.do(method, endpoint, "").header.Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%s: Access-Control-Allow-Origin is %q, on errors too it must be *", endpoint, got)
		}
	}
}

func TestMethods(t *testing.T) {
	s := start(t)
	e := s.issuer.Endpoints()
	for endpoint, allow := range map[string]string{
		e.Metadata[0]: "GET, HEAD, OPTIONS", e.KeySet: "GET, HEAD, OPTIONS", e.Token: "OPTIONS, POST",
		e.Registration: "OPTIONS, POST", e.Introspection: "POST", e.Revocation: "POST", e.Authorization: "GET, POST",
	} {
		a := s.do(http.MethodPut, endpoint, "")
		if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != allow {
			t.Errorf("%s: PUT answers %d, Allow %q", endpoint, a.status, a.header.Get("Allow"))
		}
	}
	if a := s.do(http.MethodHead, e.KeySet, ""); a.status != http.StatusOK || a.body != "" {
		t.Errorf("HEAD answers %d", a.status)
	}
}

// An app mounts the server path by path: no route of its own is caught.
func TestMountedBesideAnApp(t *testing.T) {
	issuer, err := devissuer.New(devissuer.Config{Issuer: "http://127.0.0.1:8080/as"})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, path := range issuer.Paths() {
		mux.Handle(path, issuer)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, path := range issuer.Paths() {
		recorded := httptest.NewRecorder()
		mux.ServeHTTP(recorded, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if recorded.Code == http.StatusTeapot || recorded.Code == http.StatusNotFound {
			t.Errorf("%s answers %d", path, recorded.Code)
		}
	}
	recorded := httptest.NewRecorder()
	mux.ServeHTTP(recorded, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/as/other", nil))
	if recorded.Code != http.StatusTeapot {
		t.Errorf("the app's own route answers %d", recorded.Code)
	}
	e := issuer.Endpoints()
	e.Metadata[0] = "changed"
	if issuer.Endpoints().Metadata[0] == "changed" {
		t.Error("the caller's copy is the server's")
	}
}

// What browsers send as Origin is lower case and has no default port.
func TestOriginOfTheIssuer(t *testing.T) {
	for issuer, origin := range map[string]string{
		"http://LOCALHOST:8080":  "http://localhost:8080",
		"http://127.0.0.1:80":    "http://127.0.0.1",
		"https://as.example:443": "https://as.example",
		"https://as.example/x":   "https://as.example",
		"http://[::1]:80":        "http://[::1]",
	} {
		s, err := devissuer.New(devissuer.Config{Issuer: issuer})
		if err != nil {
			t.Fatal(err)
		}
		endpoint, err := url.Parse(s.Endpoints().Authorization)
		if err != nil {
			t.Fatal(err)
		}
		for sent, want := range map[string]int{origin: http.StatusBadRequest, origin + ":1": http.StatusForbidden} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, endpoint.Path, nil)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", sent)
			recorded := httptest.NewRecorder()
			s.ServeHTTP(recorded, r)
			if recorded.Code != want { // 400: the form lacks its ticket.
				t.Errorf("%s: Origin %s is answered %d, want %d", issuer, sent, recorded.Code, want)
			}
		}
	}
}
