package issuers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

const resource = "https://mcp.example/mcp"

// internet stands for the providers' hosts: what is at each URL, and nothing
// anywhere else. A preset that asks at another place than the sources say finds
// nothing.
type internet map[string]string

// RoundTrip implements http.RoundTripper.
func (n internet) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, n[r.URL.String()]
	if body == "" {
		status = http.StatusNotFound
	}
	return &http.Response{
		StatusCode: status, Header: make(http.Header), Request: r, Body: io.NopCloser(bytes.NewReader([]byte(body))),
	}, nil
}

// keysOf returns the key set of a server whose keys sign in a provider's place.
func keysOf(t *testing.T, as *authtest.Server) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, as.Endpoints().KeySet, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// verdict is what became of a token.
type verdict struct {
	core.Event
	principal core.Principal
}

// judge lets a resource server with the issuers decide about the token.
func judge(t *testing.T, n internet, trusted []core.Issuer, scope, token string) verdict {
	t.Helper()
	var got verdict
	rs, err := core.New(t.Context(), core.Config{
		Resource: resource, Issuers: trusted, Scopes: []string{scope},
		Observe:    func(_ context.Context, e core.Event) { got.Event = e },
		HTTPClient: &http.Client{Transport: n},
		Logger:     slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := rs.Ready(ctx); err != nil {
		t.Fatalf("%v", err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mcp",
		strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	rs.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got.principal, _ = core.PrincipalFrom(r.Context())
	})).ServeHTTP(httptest.NewRecorder(), r)
	return got
}

// claimsOf reads a fixture and replaces members of it. The times are those of
// now, since a fixture's are long over.
func claimsOf(t *testing.T, fixture string, replace map[string]any) string {
	t.Helper()
	claims := make(map[string]any)
	if err := json.Unmarshal([]byte(fixture), &claims); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	claims["iat"], claims["exp"] = now.Unix(), now.Add(time.Hour).Unix()
	if _, has := claims["nbf"]; has {
		claims["nbf"] = now.Unix()
	}
	for name, value := range replace {
		if claims[name] = value; value == authtest.Absent {
			delete(claims, name)
		}
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
