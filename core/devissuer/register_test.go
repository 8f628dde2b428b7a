package devissuer_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// RFC 7591 §3.2.1: the answer tells what was registered.
func TestRegistration(t *testing.T) {
	s := start(t)
	for name, c := range map[string]struct {
		sent string
		want map[string]any
	}{
		"defaults": {
			`{"redirect_uris":["https://app.example/cb"],"unknown":1}`,
			map[string]any{
				"redirect_uris": []any{"https://app.example/cb"}, "token_endpoint_auth_method": "client_secret_basic",
				"grant_types": []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"},
				"application_type": "web", "client_secret_expires_at": 0.0, "unknown": nil,
			},
		},
		"everything": {
			`{"redirect_uris":["com.example.app:/cb"],"token_endpoint_auth_method":"none","grant_types":["authorization_code"],
			"response_types":["code"],"application_type":"native","client_name":"N","client_uri":"https://c.example",
			"logo_uri":"https://l.example","tos_uri":"https://t.example","policy_uri":"https://p.example",
			"scope":"mcp:read openid","contacts":["a@b.example"],"software_id":"i","software_version":"1"}`,
			map[string]any{
				"token_endpoint_auth_method": "none", "grant_types": []any{"authorization_code"}, "application_type": "native",
				"client_name": "N", "client_uri": "https://c.example", "logo_uri": "https://l.example",
				"tos_uri": "https://t.example", "policy_uri": "https://p.example", "scope": "mcp:read",
				"contacts": []any{"a@b.example"}, "software_id": "i", "software_version": "1",
				"client_secret": nil, "client_secret_expires_at": nil,
			},
		},
		"native by its redirect URIs": {
			`{"redirect_uris":["http://localhost:6274/cb"],"token_endpoint_auth_method":"client_secret_post"}`,
			map[string]any{"application_type": "native", "token_endpoint_auth_method": "client_secret_post"},
		},
		"a machine": {
			`{"grant_types":["client_credentials"]}`,
			map[string]any{"redirect_uris": nil, "response_types": []any{}},
		},
	} {
		a := s.register(c.sent)
		got := a.json()
		if a.status != http.StatusCreated || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d", name, a.status)
		}
		for member, want := range c.want {
			if !reflect.DeepEqual(got[member], want) {
				t.Errorf("%s: %s is %v, want %v", name, member, got[member], want)
			}
		}
		if id, _ := got["client_id"].(string); id == "" || got["client_id_issued_at"] != float64(s.clock().Unix()) {
			t.Errorf("%s: client_id_issued_at is %v, or there is no client_id", name, got["client_id_issued_at"])
		}
		if secret, _ := got["client_secret"].(string); (secret != "") != (got["token_endpoint_auth_method"] != "none") {
			t.Errorf("%s: there is a secret: %t", name, secret != "")
		}
	}
}

func TestRegisteredSecretsWork(t *testing.T) {
	s := start(t)
	machine := s.register(`{"grant_types":["client_credentials"]}`)
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {resource}}
	id, secret := machine.get("client_id"), machine.get("client_secret")
	if a := s.token(form, "Authorization", basic(id, secret)); a.status != http.StatusOK {
		t.Errorf("with its secret: status %d", a.status)
	}
	s.token(form, "Authorization", basic(id, "another")).wantError(t, http.StatusUnauthorized, "invalid_client")
	s.token(alter(form, []string{"client_id", id})).wantError(t, http.StatusUnauthorized, "invalid_client")
}

// RFC 7591 §3.2.2.
func TestRegistrationRefuses(t *testing.T) {
	s := start(t)
	const metadata, redirect = "invalid_client_metadata", "invalid_redirect_uri"
	with := func(member string) string { return `{"redirect_uris":["https://app.example/cb"],` + member + `}` }
	for name, c := range map[string]struct{ sent, want string }{
		"not JSON":                    {`redirect_uris=x`, metadata},
		"null":                        {`null`, metadata},
		"a list":                      {`[]`, metadata},
		"two documents":               {`{}{}`, metadata},
		"not UTF-8":                   {"{\"client_name\":\"\xff\"}", metadata},
		"wrong type":                  {`{"redirect_uris":"https://app.example/cb"}`, metadata},
		"no redirect URI":             {`{}`, redirect},
		"unknown auth method":         {with(`"token_endpoint_auth_method":"private_key_jwt"`), metadata},
		"unknown application type":    {with(`"application_type":"tv"`), metadata},
		"implicit grant":              {with(`"grant_types":["implicit"]`), metadata},
		"token response":              {with(`"response_types":["code","token"]`), metadata},
		"refresh only":                {with(`"grant_types":["refresh_token"]`), metadata},
		"code without its grant":      {with(`"grant_types":["client_credentials"],"response_types":["code"]`), metadata},
		"a machine without a secret":  {with(`"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"`), metadata},
		"malformed scope":             {with(`"scope":"a  b"`), metadata},
		"a script as its page":        {with(`"client_uri":"javascript:alert(1)"`), metadata},
		"a relative logo":             {with(`"logo_uri":"/logo"`), metadata},
		"a name that turns text":      {with(`"client_name":"safe\u202egnp.exe"`), metadata},
		"a name of many lines":        {with(`"client_name":"safe\n\nevil"`), metadata},
		"a name without end":          {with(`"client_name":"` + strings.Repeat("a", 201) + `"`), metadata},
		"native scheme on the web":    {`{"redirect_uris":["app:/cb"],"application_type":"web"}`, redirect},
		"one bad among good":          {`{"redirect_uris":["https://app.example/cb","http://app.example/cb"]}`, redirect},
		"two fields, two complaints":  {`{"redirect_uris":["x"],"application_type":"tv"}`, metadata},
		"redirect URIs with no grant": {`{"redirect_uris":["javascript:alert(1)"],"grant_types":["client_credentials"]}`, redirect},
	} {
		t.Run(name, func(t *testing.T) {
			s.register(c.sent).wantError(t, http.StatusBadRequest, c.want)
		})
	}
	for _, uri := range []string{
		"", "/relative", "app.example/cb", "http://app.example/cb", "http://127.0.0.1.evil.example/cb", "http://10.0.0.1/cb",
		"https:///cb", "https://app.example/cb#x", "https://app.example/cb#", "https://user@app.example/cb",
		"javascript:alert(1)", "JavaScript://x/%0aalert(1)", "data:text/html,x", "data:/x", "vbscript:/x", "file:///etc/passwd",
		"blob:https://x/y", "about:blank", "ftp://x/y", "app:cb", "https://app.example/a b", "https://app.example/\n", "http://[::1",
	} {
		t.Run(uri, func(t *testing.T) {
			s.register(`{"redirect_uris":[`+strconv.Quote(uri)+`]}`).wantError(t, http.StatusBadRequest, redirect)
		})
	}
	endpoint := s.issuer.Endpoints().Registration
	s.do(http.MethodPost, endpoint, `{}`, "Content-Type", "text/plain").wantError(t, 400, "invalid_request")
	s.do(http.MethodPost, endpoint, with(`"client_name":"`+strings.Repeat("a", 70000)+`"`), "Content-Type", "application/json").
		wantError(t, http.StatusRequestEntityTooLarge, "invalid_request")
}
