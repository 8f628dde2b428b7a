package devissuer_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// app publishes a Client ID Metadata Document, and counts who reads it.
type app struct {
	id    string
	reads atomic.Int32
}

// publish serves what document makes of the client_id.
func publish(t *testing.T, document func(id string) string) *app {
	t.Helper()
	a := &app{}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.reads.Add(1)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, document(a.id))
	}))
	t.Cleanup(site.Close)
	a.id = site.URL + "/client.json"
	return a
}

func goodDocument(id string) string {
	text, _ := json.Marshal(map[string]any{"client_id": id, "client_name": "Published", "redirect_uris": []string{callback}})
	return string(text)
}

// C7: a client that nobody registered gets in by the document that it
// publishes, to the end of a refresh; the document is read once in a while.
func TestClientIDMetadataDocument(t *testing.T) {
	a := publish(t, goodDocument)
	s := start(t, func(c *devissuer.Config) {
		c.Approve = func(r devissuer.AuthorizationRequest) devissuer.Decision {
			if r.ClientID != a.id || r.ClientName != "Published" {
				t.Errorf("%q, called %q, asks", r.ClientID, r.ClientName)
			}
			return devissuer.Decision{Subject: "alice"}
		}
	})
	if supported := s.do(http.MethodGet, s.issuer.Endpoints().Metadata[0], "").json()["client_id_metadata_document_supported"]; supported != true {
		t.Errorf("the metadata says %v", supported)
	}
	for range 2 {
		answer := s.authorize(request([]string{"client_id", a.id}))
		_, query := answer.location()
		if query.Get("code") == "" {
			t.Fatalf("status %d, %s", answer.status, answer.body)
		}
		tokens := s.token(exchange(query.Get("code"), []string{"client_id", a.id}))
		if tokens.status != http.StatusOK {
			t.Fatalf("status %d, %s", tokens.status, tokens.body)
		}
		s.advance(10 * time.Minute) // it is read anew, and the refresh token is good still
		tokens = s.token(refresh(tokens.get("refresh_token"), []string{"client_id", a.id}))
		if tokens.status != http.StatusOK {
			t.Fatalf("status %d, %s", tokens.status, tokens.body)
		}
	}
	if n := a.reads.Load(); n != 3 {
		t.Errorf("the document was read %d times, want 3", n)
	}
}

// C7: documents and URLs that are not to be believed.
func TestHostileClientIDMetadataDocuments(t *testing.T) {
	with := func(member string) func(string) string {
		return func(id string) string {
			return `{"client_id":"` + id + `","redirect_uris":["` + callback + `"],` + member + `}`
		}
	}
	for name, document := range map[string]func(id string) string{
		"another client_id":      func(string) string { return goodDocument("https://app.example/client.json") },
		"client_id with a slash": func(id string) string { return goodDocument(id + "/") },
		"no client_id":           func(string) string { return `{"redirect_uris":["` + callback + `"]}` },
		"two client_ids":         func(id string) string { return `{"client_id":"evil",` + goodDocument(id)[1:] },
		"no redirect URIs":       func(id string) string { return `{"client_id":"` + id + `"}` },
		"other redirect URIs": func(id string) string {
			return `{"client_id":"` + id + `","redirect_uris":["https://other.example/cb"]}`
		},
		"a script": func(id string) string {
			return `{"client_id":"` + id + `","redirect_uris":["javascript:alert(1)","` + callback + `"]}`
		},
		"a secret":                with(`"client_secret":"x"`),
		"secret_basic":            with(`"token_endpoint_auth_method":"client_secret_basic"`),
		"private_key_jwt":         with(`"token_endpoint_auth_method":"private_key_jwt"`),
		"client credentials":      with(`"grant_types":["client_credentials"]`),
		"a name to confuse":       with(`"client_name":"good\u202ebad"`),
		"no JSON":                 func(string) string { return "<!doctype html>" },
		"a list":                  func(id string) string { return "[" + goodDocument(id) + "]" },
		"a document without end":  with(`"x":"` + strings.Repeat("x", 6<<10) + `"`),
		"members of another type": func(id string) string { return `{"client_id":"` + id + `","redirect_uris":"` + callback + `"}` },
	} {
		t.Run(name, func(t *testing.T) { refused(t, publish(t, document).id) })
	}
	site := publish(t, goodDocument)
	origin := strings.TrimSuffix(site.id, "/client.json")
	elsewhere := httptest.NewServer(http.RedirectHandler(site.id, http.StatusFound))
	t.Cleanup(elsewhere.Close)
	for name, id := range map[string]string{
		"no path": origin, "the root": origin + "/", "fragment": site.id + "#x", "user information": strings.Replace(site.id, "//", "//u:p@", 1),
		"dot segments": origin + "/a/../client.json", "encoded dots": origin + "/a/%2e%2e/client.json", "plain http": "http://app.example/client.json",
		"a file": "file:///etc/passwd", "a private address": "https://10.0.0.1/client.json", "link-local": "https://169.254.169.254/latest/meta-data",
		"link-local in IPv6": "https://[fe80::1]/x", "unique local": "https://[fd00::1]/x", "mapped": "https://[::ffff:10.0.0.1]/x", "all": "https://0.0.0.0/x",
		"a redirect elsewhere": elsewhere.URL + "/client.json", "nothing there": "http://127.0.0.1:1/client.json", "spaces": origin + "/a b",
	} {
		t.Run(name, func(t *testing.T) { refused(t, id) })
	}
	t.Run("a redirect within the origin", func(t *testing.T) {
		var id string
		upload := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/client.json" {
				http.Redirect(w, r, "/uploads/1.json", http.StatusFound)
				return
			}
			fmt.Fprint(w, goodDocument(id))
		}))
		t.Cleanup(upload.Close)
		id = upload.URL + "/client.json"
		refused(t, id)
	})
	if n := site.reads.Load(); n != 0 {
		t.Errorf("the document was read %d times under names that are not its own", n)
	}
}

// refused checks that a client_id gets nothing, and sends the user nowhere.
func refused(t *testing.T, id string) {
	t.Helper()
	s := start(t, func(c *devissuer.Config) { c.Approve = devissuer.ApproveAll("alice") })
	answer := s.authorize(request([]string{"client_id", id}))
	if answer.status != http.StatusBadRequest || answer.header.Get("Location") != "" {
		t.Errorf("status %d, to %q", answer.status, answer.header.Get("Location"))
	}
	tokens := s.token(refresh("x", []string{"client_id", id}))
	if code := tokens.get("error"); tokens.status/100 != 4 || code != "invalid_client" && code != "invalid_grant" {
		t.Errorf("status %d, %s", tokens.status, tokens.body)
	}
}
