package authtest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

const resource = "https://mcp.example/mcp"

// fetch gets url on a connection of its own, and returns status and body.
func fetch(t *testing.T, url string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func mustFetch(t *testing.T, url string) (int, string) {
	t.Helper()
	status, body, err := fetch(t, url)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// keyIDs returns the kids of the key set.
func keyIDs(t *testing.T, as *authtest.Server) []string {
	t.Helper()
	_, body := mustFetch(t, as.Endpoints().KeySet)
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal([]byte(body), &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range set.Keys {
		ids = append(ids, k.Kid)
	}
	return ids
}

func TestServerSpeaksOAuth(t *testing.T) {
	as := authtest.NewServer(t)
	status, body := mustFetch(t, as.Issuer()+"/.well-known/oauth-authorization-server")
	var metadata struct{ Issuer string }
	if err := json.Unmarshal([]byte(body), &metadata); err != nil || status != http.StatusOK {
		t.Fatalf("status %d: %v", status, err)
	}
	if metadata.Issuer != as.Issuer() {
		t.Errorf("issuer is %q", metadata.Issuer)
	}
	// Without a consent page: the test is the user.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(as.Endpoints().Authorization + "?" + url.Values{
		"client_id": {authtest.ClientID}, "redirect_uri": {"http://127.0.0.1:9/callback"}, "response_type": {"code"},
		"resource": {resource}, "code_challenge_method": {"S256"}, "code_challenge": {strings.Repeat("a", 43)},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if target, err := resp.Location(); err != nil || target.Query().Get("code") == "" {
		t.Errorf("status %d, no code: %v", resp.StatusCode, err)
	}
}

func TestServerWithAnotherConfiguration(t *testing.T) {
	as := authtest.NewServer(t, func(c *devissuer.Config) { c.Issuer += "/realms/a" }, func(c *devissuer.Config) { c.Approve = nil })
	if !strings.HasSuffix(as.Issuer(), "/realms/a") {
		t.Errorf("issuer is %q", as.Issuer())
	}
	if status, _ := mustFetch(t, as.Endpoints().Metadata[0]); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	keyIDs(t, as)
	if as.KeyFetches() != 1 || as.Requests("/realms/a/jwks.json") != 1 {
		t.Errorf("%d key fetches", as.KeyFetches())
	}
}

func TestRequestsAreCounted(t *testing.T) {
	as := authtest.NewServer(t)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { _, _, _ = fetch(t, as.Endpoints().KeySet) })
	}
	group.Wait()
	mustFetch(t, as.Issuer()+"/nowhere")
	if as.KeyFetches() != 20 || as.Requests("/nowhere") != 1 || as.Requests("/token") != 0 {
		t.Errorf("counted %d, %d, %d", as.KeyFetches(), as.Requests("/nowhere"), as.Requests("/token"))
	}
}

func TestRotate(t *testing.T) {
	as := authtest.NewServer(t)
	as.PublishJWK(map[string]any{"kty": "oct", "k": "c2VjcmV0", "kid": "extra"})
	first := as.KeyID("RS256")
	if got := keyIDs(t, as); len(got) != 6 || !slices.Contains(got, first) || !slices.Contains(got, "extra") {
		t.Errorf("the key set has %v", got)
	}
	as.RotateKeeping()
	second := as.KeyID("RS256")
	if got := keyIDs(t, as); first == second || len(got) != 11 || !slices.Contains(got, first) || !slices.Contains(got, second) {
		t.Errorf("after RotateKeeping the key set has %v", got)
	}
	as.Rotate()
	third := as.KeyID("RS256")
	if got := keyIDs(t, as); len(got) != 6 || slices.Contains(got, first) || slices.Contains(got, second) ||
		!slices.Contains(got, third) || !slices.Contains(got, "extra") {
		t.Errorf("after Rotate the key set has %v", got)
	}
}

func TestKeySetIsPublic(t *testing.T) {
	as := authtest.NewServer(t)
	_, body := mustFetch(t, as.Endpoints().KeySet)
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(body), &set); err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		if key["use"] != "sig" {
			t.Errorf("use is %v", key["use"])
		}
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if _, ok := key[private]; ok {
				t.Errorf("a %v key has the private member %s", key["kty"], private)
			}
		}
	}
}

// While a server is down nobody reaches it, over old connections or new ones;
// then it is back where it was.
func TestDownAndUp(t *testing.T) {
	as := authtest.NewServer(t)
	client := &http.Client{Transport: &http.Transport{}}
	get := func() error {
		resp, err := client.Get(as.Endpoints().Metadata[0])
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	as.Down()
	for range 2 {
		if get() == nil {
			t.Error("a kept connection outlived Down")
		}
		if _, _, err := fetch(t, as.Endpoints().KeySet); err == nil {
			t.Error("a new connection was served while down")
		}
	}
	if as.KeyFetches() != 0 {
		t.Error("a request arrived while down")
	}
	as.Up()
	if err := get(); err != nil {
		t.Errorf("after Up: %v", err)
	}
}

// Down cuts requests under way too.
func TestDownCutsRequestsUnderWay(t *testing.T) {
	as := authtest.NewServer(t)
	reached := make(chan struct{})
	as.Answer("/slow", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(reached)
		<-r.Context().Done()
	}))
	failed := make(chan error)
	go func() {
		_, _, err := fetch(t, as.Issuer()+"/slow")
		failed <- err
	}()
	<-reached
	as.Down()
	if <-failed == nil {
		t.Error("the request was answered")
	}
}

func TestAnswer(t *testing.T) {
	as := authtest.NewServer(t)
	as.Answer("/jwks.json", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	if status, _ := mustFetch(t, as.Endpoints().KeySet); status != http.StatusBadGateway {
		t.Errorf("status %d", status)
	}
	as.Answer("/jwks.json", nil)
	if status, _ := mustFetch(t, as.Endpoints().KeySet); status != http.StatusOK {
		t.Errorf("undone, yet status %d", status)
	}
	if as.KeyFetches() != 2 {
		t.Errorf("%d key fetches", as.KeyFetches())
	}
}

func TestEditMetadata(t *testing.T) {
	as := authtest.NewServer(t, func(c *devissuer.Config) { c.Issuer += "/x" })
	as.EditMetadata(func(m map[string]any) {
		delete(m, "code_challenge_methods_supported")
		m["issuer"] = "https://evil.example"
	})
	for _, place := range as.Endpoints().Metadata {
		status, body := mustFetch(t, place)
		if status != http.StatusOK || strings.Contains(body, "code_challenge_methods_supported") ||
			!strings.Contains(body, `"issuer":"https://evil.example"`) {
			t.Errorf("%s: status %d, not edited", place, status)
		}
	}
	as.EditMetadata(nil)
	if _, body := mustFetch(t, as.Endpoints().Metadata[0]); strings.Contains(body, "evil") {
		t.Error("the edit was not undone")
	}
}

// A well-formed token is known to introspection, in either form.
func TestTokenCanBeIntrospected(t *testing.T) {
	for _, opaque := range []bool{false, true} {
		now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
		as := authtest.NewServer(t, func(c *devissuer.Config) {
			c.Opaque = opaque
			c.Now = func() time.Time { return now }
		})
		token := as.Token(resource, "a", "b")
		if got := strings.Count(token, "."); (got == 2) == opaque {
			t.Errorf("opaque %t: the token has %d dots", opaque, got)
		}
		form := url.Values{"token": {token}, "client_id": {authtest.ClientID}, "client_secret": {authtest.ClientSecret}}
		resp, err := http.PostForm(as.Endpoints().Introspection, form)
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]any)
		err = json.NewDecoder(resp.Body).Decode(&got)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"active": true, "sub": "alice", "username": "alice", "client_id": authtest.ClientID, "aud": resource, "scope": "a b",
			"iss": as.Issuer(), "token_type": "Bearer", "jti": got["jti"],
			"iat": float64(now.Unix()), "exp": float64(now.Add(10 * time.Minute).Unix()),
		}
		if !maps.Equal(got, want) {
			t.Errorf("opaque %t: introspection answers %v", opaque, got)
		}
	}
}
