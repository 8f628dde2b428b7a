package apptest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
)

// Challenge returns the whole challenge of a bare request to rs (S1).
func Challenge(rs *core.ResourceServer) string {
	return `Bearer resource_metadata="` + rs.MetadataURL() + `", scope="` + Scope + `"`
}

// CheckEndpoint checks that the endpoint of rs is at path: closed without a
// token, open with one for resource.
func (s *Site) CheckEndpoint(rs *core.ResourceServer, resource, path string) {
	s.Helper()
	s.CheckDenied(rs, Call(path, "", WhoAmI))
	if got, want := s.CallTool(Call(path, s.Token(resource), WhoAmI)), "sub=alice bearer=withheld"; got != want {
		s.Errorf("%s at %s: got %q, want %q", WhoAmI, path, got, want)
	}
}

// CheckDenied checks that a bare request is answered with the challenge of rs.
func (s *Site) CheckDenied(rs *core.ResourceServer, r Request) {
	s.Helper()
	a := s.Do(r)
	s.CheckStatus("a bare "+r.Method+" "+r.Path, a, http.StatusUnauthorized)
	s.CheckHeader(a, "WWW-Authenticate", Challenge(rs))
	s.CheckHeader(a, "Cache-Control", "no-store")
	s.CheckHeader(a, "Content-Type", "application/json")
	if want := `{"error":"unauthorized","error_description":"an access token is required"}` + "\n"; a.Body != want {
		s.Errorf("the body of a bare request to %s: got %q, want %q", r.Path, a.Body, want)
	}
}

// CheckMetadata checks that the metadata of resource is at path, for anybody.
func (s *Site) CheckMetadata(resource, path string) {
	s.Helper()
	a := s.Do(Request{Path: path})
	s.CheckStatus("GET "+path, a, http.StatusOK)
	s.CheckHeader(a, "Content-Type", "application/json")
	s.CheckHeader(a, "Cache-Control", "public, max-age=3600")
	s.CheckHeader(a, "Access-Control-Allow-Origin", "*")
	var document struct {
		Resource string `json:"resource"`
	}
	if err := json.Unmarshal([]byte(a.Body), &document); err != nil || document.Resource != resource {
		s.Errorf("the metadata at %s is of %q, want %q (%v)", path, document.Resource, resource, err)
	}
}

// CheckNamedMetadata checks that the URL that challenges of rs name answers
// with its metadata (S36).
func (s *Site) CheckNamedMetadata(rs *core.ResourceServer, resource string) {
	s.Helper()
	u, err := url.Parse(rs.MetadataURL())
	if err != nil {
		s.Fatal(err)
	}
	s.CheckMetadata(resource, u.RequestURI())
}

// CheckMounted checks endpoint and metadata of a resource at its usual place.
func (s *Site) CheckMounted(rs *core.ResourceServer, resource string) {
	s.Helper()
	s.CheckEndpoint(rs, resource, rs.Path())
	s.CheckNamedMetadata(rs, resource)
}

// CheckStatus checks the status of an answer.
func (s *Site) CheckStatus(what string, a Answer, want int) {
	s.Helper()
	if a.Status != want {
		s.Errorf("%s: got status %d, want %d; body %.200q", what, a.Status, want, a.Body)
	}
}

// CheckHeader checks all values of a header field; an empty want means none.
func (s *Site) CheckHeader(a Answer, name, want string) {
	s.Helper()
	if got := strings.Join(a.Header.Values(name), " | "); got != want {
		s.Errorf("%s of a %d: got %q, want %q", name, a.Status, got, want)
	}
}

// CheckApp checks that a route of the app itself answers.
func (s *Site) CheckApp(r Request, status int, body string) {
	s.Helper()
	a := s.Do(r)
	s.CheckStatus("the app's "+r.Path, a, status)
	if a.Body != body {
		s.Errorf("the app's %s: got body %q, want %q", r.Path, a.Body, body)
	}
}

// CheckClient checks that the SDK's own client gets in and is served.
func (s *Site) CheckClient(path, token string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	client := *s.client
	client.Transport = bearer{base: s.client.Transport, token: token}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "apptest", Version: "1"}, nil).Connect(ctx,
		&mcp.StreamableClientTransport{Endpoint: s.URL + path, HTTPClient: &client}, nil)
	if err != nil {
		s.Fatalf("the SDK's client can't connect: %v", err)
	}
	defer func() { _ = session.Close() }() // what it did is checked by now
	tools, err := session.ListTools(ctx, nil)
	if err != nil || len(tools.Tools) != 2 {
		s.Fatalf("tools/list of the SDK's client: %v, %v", tools, err)
	}
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: WhoAmI})
	if err != nil {
		s.Fatalf("tools/call of the SDK's client: %v", err)
	}
	if got := result.Content[0].(*mcp.TextContent).Text; got != "sub=alice bearer=withheld" {
		s.Errorf("%s by the SDK's client: got %q", WhoAmI, got)
	}
}

// bearer sends a token along.
type bearer struct {
	base  http.RoundTripper
	token string
}

// RoundTrip implements [http.RoundTripper].
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.base.RoundTrip(r)
}
