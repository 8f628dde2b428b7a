package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

const documentURL = "https://app.example/client.json"

func preRegistered(c *client.Config) {
	c.Credentials = client.Credentials{ID: authtest.ClientID, Secret: authtest.ClientSecret}
	c.RedirectURI = "http://127.0.0.1/callback"
}

// C7: the order of ways to become known.
func TestC7RegistrationOrder(t *testing.T) {
	withDocument := func(c *client.Config) { c.MetadataURL = documentURL }
	supports := func(map[string]any) {}
	supportsNot := func(m map[string]any) { delete(m, "client_id_metadata_document_supported") }
	for name, row := range map[string]struct {
		stored  bool
		change  []func(*client.Config)
		edit    func(map[string]any)
		want    string // the client id; empty means a registered one
		posts   int
		refused bool
	}{
		"pre-registered":               {change: []func(*client.Config){preRegistered, withDocument}, edit: supports, want: authtest.ClientID},
		"pre-registered before stored": {stored: true, change: []func(*client.Config){preRegistered}, want: authtest.ClientID},
		"stored before document":       {stored: true, change: []func(*client.Config){withDocument}, edit: supports, want: "stored"},
		"document before registration": {change: []func(*client.Config){withDocument}, edit: supports, want: documentURL},
		"document not supported":       {change: []func(*client.Config){withDocument}, edit: supportsNot, posts: 1},
		"registration":                 {posts: 1},
		"no way":                       {edit: func(m map[string]any) { delete(m, "registration_endpoint") }, refused: true},
		"no way, document not supported": {change: []func(*client.Config){withDocument}, edit: func(m map[string]any) {
			supportsNot(m)
			delete(m, "registration_endpoint")
		}, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.as.EditMetadata(row.edit)
			storage := client.MemoryStorage()
			if row.stored {
				put(w, storage, client.Registration{ClientID: "stored", AuthMethod: "none", RedirectURI: "http://127.0.0.1/callback"})
			}
			var asked *url.URL
			var registered int
			transport := w.transport(append(row.change, func(c *client.Config) {
				c.Storage = storage
				c.Redirect = w.spy(&asked)
			})...)
			e := w.mustFail(transport, stageOf(row.refused))
			registered = len(w.wire.find("AS POST /register"))
			if registered != row.posts {
				t.Errorf("%d registrations, want %d", registered, row.posts)
			}
			if row.refused {
				if !strings.Contains(e.Error(), "Credentials") {
					t.Errorf("the error doesn't say what to do: %v", e)
				}
				return
			}
			got := asked.Query().Get("client_id")
			if row.want != "" && got != row.want || row.want == "" && (got == "stored" || got == documentURL || got == authtest.ClientID) {
				t.Errorf("the client is %q, want %q", got, row.want)
			}
		})
	}
}

func stageOf(refused bool) string {
	if refused {
		return "client registration"
	}
	return "authorization"
}

// C7: a registration is made once per authorization server, for all resources
// and all processes.
func TestC7RegistrationIsReused(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	keep := func(c *client.Config) { c.Storage, c.NoRefresh = storage, true }
	w.mustCall(w.transport(keep), "read")
	w.clock.Advance(time.Hour)
	w.mustCall(w.transport(keep), "read")
	other := start(t)
	other.set(wellKnown+"/mcp", document(map[string]any{"resource": other.resource, "authorization_servers": []string{w.as.Issuer()}}))
	other.wire.roles[w.as.Issuer()] = "first AS"
	_, _ = other.call(other.transport(keep), "read") // its gate doesn't take these tokens
	other.wantCount("first AS POST /token 200", 1)
	if n := len(w.wire.find("AS POST /register")) + len(other.wire.find("first AS POST /register")); n != 1 {
		t.Errorf("%d registrations, want 1", n)
	}
}

// C7: a registration that is of no use any more is replaced.
func TestC7UselessRegistrations(t *testing.T) {
	for name, row := range map[string]struct {
		stored client.Registration
		answer http.Handler // of the token endpoint, at first
	}{
		"expired secret":       {stored: client.Registration{ClientID: "old", ClientSecret: "s", AuthMethod: "client_secret_basic", SecretExpiry: time.Unix(1, 0), RedirectURI: "http://127.0.0.1/callback"}},
		"another redirect URI": {stored: client.Registration{ClientID: "old", AuthMethod: "none", RedirectURI: "http://127.0.0.1/elsewhere"}},
		"no client id":         {stored: client.Registration{AuthMethod: "none", RedirectURI: "http://127.0.0.1/callback"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			storage := client.MemoryStorage()
			put(w, storage, row.stored)
			w.mustCall(w.transport(func(c *client.Config) {
				c.Storage = storage
				c.Receive = fixedPath
			}), "read")
			w.wantCount("AS POST /register 201", 1)
		})
	}
	t.Run("forgotten by the server", func(t *testing.T) {
		w := start(t)
		storage := client.MemoryStorage()
		transport := w.transport(func(c *client.Config) { c.Storage = storage })
		w.mustCall(transport, "read")
		w.clock.Advance(time.Hour)
		w.as.Answer("/token", answerOnce(w, refusal(401, "invalid_client", "who?")))
		w.mustCall(transport, "read")
		w.wantCount("AS POST /register 201", 2)
	})
}

// C7, C16: what the client says of itself.
func TestC7ClientMetadata(t *testing.T) {
	w := start(t)
	var redirect string
	w.mustCall(w.transport(func(c *client.Config) {
		c.Metadata = client.Metadata{
			Name: "Weather watcher", URI: "https://app.example", LogoURI: "https://app.example/logo.png", SoftwareID: "watcher", SoftwareVersion: "2",
			Extra: map[string]any{"contacts": []string{"ops@app.example"}, "redirect_uris": []string{"https://evil.example"}},
		}
		c.Receive = recorded(&redirect)
	}), "read")
	var got map[string]any
	if err := json.Unmarshal([]byte(w.wire.find("AS POST /register")[0].body), &got); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(got)
	want, _ := json.Marshal(map[string]any{
		"client_name": "Weather watcher", "client_uri": "https://app.example", "logo_uri": "https://app.example/logo.png",
		"software_id": "watcher", "software_version": "2", "contacts": []string{"ops@app.example"},
		"redirect_uris": []string{redirect}, "grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
		"token_endpoint_auth_method": "none", "application_type": "native",
	})
	if string(text) != string(want) {
		t.Errorf("registered\n%s\nwant\n%s", text, want)
	}
}

// C7: answers to a registration that no client can live with.
func TestC7HostileRegistrationAnswers(t *testing.T) {
	for name, answer := range map[string]http.Handler{
		"no client id":        document(map[string]any{"client_secret": "x"}),
		"client id of spaces": document(map[string]any{"client_id": "a b"}),
		"no JSON":             http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }),
		"two client ids": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"client_id":"a","client_id":"b"}`))
		}),
		"a long method":       document(map[string]any{"client_id": "a", "token_endpoint_auth_method": strings.Repeat("x", 900_000)}),
		"basic, no secret":    document(map[string]any{"client_id": "a", "token_endpoint_auth_method": "client_secret_basic"}),
		"a method of its own": document(map[string]any{"client_id": "a", "token_endpoint_auth_method": "tls_client_auth"}),
		"other redirect URIs": document(map[string]any{"client_id": "a", "redirect_uris": []string{"https://evil.example"}}),
		"refused":             refusal(400, "invalid_redirect_uri", "no loopback here"),
		"in trouble":          status(503),
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.as.Answer("/register", answer)
			if e := w.mustFail(w.transport(), "client registration"); len(e.Error()) > 2000 {
				t.Errorf("the error has %d bytes", len(e.Error()))
			}
			if len(w.asked()) > 0 {
				t.Error("the user was asked")
			}
		})
	}
}

// C7, C18: who is refused a registration is told what else there is.
func TestC7RefusedRegistrationNamesTheCure(t *testing.T) {
	for name, answer := range map[string]http.Handler{"without words": status(401), "with OAuth's": refusal(403, "access_denied", "no")} {
		w := start(t)
		w.as.Answer("/register", answer)
		if e := w.mustFail(w.transport(), "client registration"); !strings.Contains(e.Error(), "set Credentials") || errors.Is(e, client.ErrUnavailable) {
			t.Errorf("%s: the error is %v", name, e)
		}
	}
}

// C7, C16: a server may leave the loopback port out of what it registers; then the
// client has any.
func TestC7RegisteredWithoutPort(t *testing.T) {
	w := start(t)
	w.as.Answer("/register", document(map[string]any{
		"client_id": authtest.ClientID, "client_secret": authtest.ClientSecret, "token_endpoint_auth_method": "client_secret_basic",
		"redirect_uris": []string{"http://127.0.0.1/callback"},
	}))
	storage := client.MemoryStorage()
	w.mustCall(w.transport(func(c *client.Config) { c.Storage = storage }), "read")
	state, err := storage.Load(w.ctx, client.Key{Issuer: w.as.Issuer()})
	if err != nil || state.Registration == nil || state.Registration.RedirectURI != "http://127.0.0.1/callback" {
		t.Errorf("stored is %+v, error %v", state.Registration, err)
	}
}

// C17: at another authorization server, nothing of the old one is used.
func TestC17AuthorizationServerChanges(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	keep := func(c *client.Config) { c.Storage = storage }
	transport := w.transport(keep)
	w.mustCall(transport, "read")
	old := w.stored(storage)
	next := w.moveTo()
	w.wire.forget()
	if got, err := w.call(transport, "read"); err != nil || got.status != http.StatusOK {
		t.Fatalf("status %d, error %v\n%s", got.status, err, w.wire)
	}
	if n := len(w.wire.find("AS ")); n != 0 {
		t.Errorf("%d requests to the old server:\n%s", n, w.wire)
	}
	w.wantCount("next POST /register 201", 1)
	for _, e := range w.wire.find("next ") {
		for _, secret := range []string{old.RefreshToken, old.AccessToken, old.Client.ClientID} {
			if strings.Contains(e.body+e.url.String()+e.authorization, secret) {
				t.Errorf("%s has something of the old server's", e.line)
			}
		}
	}
	state, err := storage.Load(w.ctx, client.Key{Issuer: w.as.Issuer(), Resource: w.resource})
	if err != nil || state.Token != nil {
		t.Errorf("the old token is stored still (error %v)", err)
	}
	// A new process finds the new one.
	w.wire.forget()
	if got, err := w.call(w.transport(keep), "read"); err != nil || got.status != http.StatusOK {
		t.Errorf("status %d, error %v", got.status, err)
	}
	w.wantLog("R POST /mcp 200")
	_ = next
}

// moveTo gives the resource another authorization server, whose tokens alone it
// takes.
func (w *world) moveTo() *authtest.Server {
	w.Helper()
	next := authtest.NewServer(w.T, func(c *devissuer.Config) { c.Now = w.clock.Now })
	w.wire.roles[next.Issuer()] = "next"
	w.set(wellKnown+"/mcp", document(map[string]any{
		"resource": w.resource, "authorization_servers": []string{next.Issuer()}, "scopes_supported": []string{"mcp:read"},
	}))
	old := make(map[string]bool)
	for _, e := range w.wire.find("R POST /mcp 200") {
		old[e.authorization] = true
	}
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); a == "" || old[a] {
			rw.WriteHeader(http.StatusUnauthorized)
		}
	}))
	return next
}

// C17, C10: the old server is gone, and the resource has another by now.
func TestC17OldServerIsGone(t *testing.T) {
	w := start(t)
	transport := w.transport()
	w.mustCall(transport, "read")
	w.as.Down()
	w.clock.Advance(time.Hour)
	if _, err := w.call(transport, "read"); err == nil {
		t.Error("without an authorization server there is no new token")
	}
	w.moveTo()
	if got, err := w.call(transport, "read"); err != nil || got.status != http.StatusOK {
		t.Errorf("status %d, error %v\n%s", got.status, err, w.wire)
	}
}

// C17: a pre-registered client belongs to the server that it was used with, or
// that it was said to be for.
func TestC17CredentialsStayAtTheirServer(t *testing.T) {
	w := start(t)
	transport := w.transport(preRegistered)
	w.mustCall(transport, "read")
	next := w.moveTo()
	w.wantFailure(transport, "client registration")
	if n := len(w.wire.find("next POST")); n != 0 {
		t.Errorf("%d requests with credentials", n)
	}
	w.wantFailure(w.transport(func(c *client.Config) {
		preRegistered(c)
		c.Credentials.Issuer = w.as.Issuer()
	}), "protected resource metadata")
	_, _ = w.call(w.transport(func(c *client.Config) {
		preRegistered(c)
		c.Credentials.Issuer = next.Issuer()
	}), "read")
	w.wantCount("next POST /token 200", 1)
}

// C17: once Credentials are said to be for another server, the token of the old
// one is not refreshed with their secret.
func TestC17NewIssuersSecretStaysFromTheOldOne(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	credentialsFor := func(issuer, secret string) *client.Transport {
		return w.transport(func(c *client.Config) {
			preRegistered(c)
			c.Storage = storage
			c.Credentials.Issuer, c.Credentials.Secret = issuer, secret
		})
	}
	w.mustCall(credentialsFor(w.as.Issuer(), authtest.ClientSecret), "read")
	w.clock.Advance(time.Hour)
	w.wire.forget()
	w.wantFailure(credentialsFor("https://next.example", "the secret of next.example"), "protected resource metadata")
	w.wantLog("R POST /mcp 401", "R GET "+wellKnown+"/mcp 200")
}

// C17: where Credentials don't say which server they are for, it is the first
// one that they were used with, also if that came to nothing.
func TestC17FirstUseBindsCredentials(t *testing.T) {
	for name, before := range map[string]func(*world, client.Storage){
		"at first": func(*world, client.Storage) {},
		"after another client": func(w *world, storage client.Storage) {
			w.mustCall(w.transport(func(c *client.Config) { c.Storage = storage }), "read")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			storage := client.MemoryStorage()
			before(w, storage)
			transport := w.transport(preRegistered, func(c *client.Config) { c.Storage = storage })
			w.as.Answer("/token", status(500))
			w.wantFailure(transport, "token request")
			w.moveTo()
			w.wire.forget()
			if e := w.mustFail(transport, "client registration"); !errors.Is(e, client.ErrUntrusted) {
				t.Errorf("the error is %v", e)
			}
			if sent := w.wire.find("next POST"); len(sent) > 0 || len(w.wire.find("browser")) > 0 {
				t.Errorf("on the wire:\n%s", w.wire)
			}
		})
	}
}

func put(w *world, storage client.Storage, r client.Registration) {
	w.Helper()
	err := storage.Update(w.ctx, client.Key{Issuer: w.as.Issuer()}, func(s client.State) (client.State, error) {
		s.Registration = &r
		return s, nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// C7: the published document is enough, also for a refresh, and for a port that
// nobody has registered.
func TestC7MetadataDocument(t *testing.T) {
	w := start(t)
	var id string
	site := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		document(map[string]any{
			"client_id": id, "client_name": "Published", "redirect_uris": []string{"http://127.0.0.1/callback"}, "token_endpoint_auth_method": "none",
		}).ServeHTTP(rw, r)
	}))
	t.Cleanup(site.Close)
	id = site.URL + "/client.json"
	transport := w.transport(func(c *client.Config) {
		c.MetadataURL, c.RedirectURI = id, "http://127.0.0.1/callback"
	})
	w.mustCall(transport, "read")
	w.clock.Advance(time.Hour)
	w.mustCall(transport, "read")
	if got := w.wire.find("AS POST /token 200")[1].form.Get("client_id"); got != id {
		t.Errorf("the client is %q", got)
	}
	w.wantCount("AS POST /register 201", 0)
	w.wantCount("browser GET /authorize 303", 1)
}
