package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const wellKnown = "/.well-known/oauth-protected-resource"

// authority issues access tokens: it is what ISSUER names.
type authority struct {
	issuer string
	// token returns an access token that lives for a while.
	token func(t *testing.T, subject, resource string, scopes ...string) string
}

// setup is one way of running an example, as the contract's variables say it.
type setup struct {
	name string
	// resource is RESOURCE; where it is empty, the default is expected.
	resource string
	// scopes and supported are what is expected of SCOPES and SCOPES_SUPPORTED.
	scopes, supported []string
	// origins are ORIGINS.
	origins  []string
	stateful bool
	// filtered says that lists show only what the caller may use.
	filtered bool
	// upstream says that another process has the tools, which nobody tells who calls.
	upstream bool
	// env are the variables that bring all this about.
	env []string
}

// world is a running example and all that a test needs to know of it.
type world struct {
	setup
	authority
	*process
	endpoint string // the path of the resource
	// good has all the scopes, strong notes:write beside them, alien is for
	// another resource, narrow has none of the scopes.
	good, strong, alien, narrow string
}

func newWorld(t *testing.T, p *process, s setup, a authority) *world {
	t.Helper()
	w := &world{setup: s, authority: a, process: p}
	if w.resource == "" {
		w.resource = p.address + "/mcp"
	}
	resource, err := url.Parse(w.resource)
	if err != nil {
		t.Fatal(err)
	}
	w.endpoint = resource.Path
	if w.path != w.endpoint {
		t.Errorf("the readiness line says %s, want %s", w.path, w.endpoint)
	}
	if w.supported == nil {
		w.supported = w.withWrite()
	}
	if a.token != nil {
		w.good = a.token(t, "alice", w.resource, w.scopes...)
		w.strong = a.token(t, "alice", w.resource, w.withWrite()...)
		w.narrow = a.token(t, "alice", w.resource, "unrelated")
		w.alien = a.token(t, "alice", "https://other.example/mcp", w.scopes...)
	}
	return w
}

// seen is whom the tools take the caller for.
func (w *world) seen(subject string) string {
	if w.upstream {
		return ""
	}
	return subject
}

// withWrite are the scopes of the protected half of what is on offer.
func (w *world) withWrite() []string { return append(slices.Clone(w.scopes), "notes:write") }

// metadataURL is where a challenge says the metadata is.
func (w *world) metadataURL() string {
	return strings.TrimSuffix(w.resource, w.endpoint) + wellKnown + w.endpoint
}

// metadata is what the document must be.
func (w *world) metadata() map[string]any {
	document := map[string]any{
		"resource":                 w.resource,
		"authorization_servers":    []any{w.issuer},
		"scopes_supported":         list(w.supported),
		"bearer_methods_supported": []any{"header"},
		"resource_name":            "Weather",
	}
	if w.upstream {
		delete(document, "resource_name")
	}
	return document
}

// challenge is the whole challenge of a denial, with an OAuth error or without.
func (w *world) challenge(code, description string, scopes []string) string {
	c := "Bearer "
	if code != "" {
		c += fmt.Sprintf("error=%q, error_description=%q, ", code, description)
	}
	return c + fmt.Sprintf("resource_metadata=%q, scope=%q", w.metadataURL(), strings.Join(scopes, " "))
}

func (w *world) bareChallenge() string { return w.challenge("", "", w.scopes) }

func (w *world) invalidChallenge() string {
	return w.challenge("invalid_token", "the access token is not valid for this resource", w.scopes)
}

func (w *world) scopeChallenge(scopes []string) string {
	return w.challenge("insufficient_scope", "the access token lacks a scope that this request needs", scopes)
}

func list(of []string) []any {
	out := make([]any, len(of))
	for i, s := range of {
		out[i] = s
	}
	return out
}

// row is one request and what must come back. The zero value of an expectation
// on text means that it isn't looked at, but for the challenge: an answer has
// exactly the one that is named, or none.
type row struct {
	name                string
	method, path, token string
	header              http.Header
	body                string

	status    int
	challenge string
	// headers are exact values; "" means that the field is absent.
	headers map[string]string
	text    string // the whole body
	json    any    // the whole body, decoded
	// code is the OAuth error code; id, where set, is the id of the JSON-RPC
	// request that carries it.
	code, id string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (w *world) ask(t *testing.T, r row) answer {
	t.Helper()
	if r.method == "" {
		r.method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(timeout(t), r.method, w.address+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, r.header)
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
	}
	if r.token != "" {
		request.Header.Add("Authorization", "Bearer "+r.token)
	}
	response, err := http.DefaultTransport.RoundTrip(request) // redirects are answers too
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}
}

// check sends one row's request and compares everything that the row names.
func (w *world) check(t *testing.T, r row) {
	t.Helper()
	got := w.ask(t, r)
	fail := func(what string, got, want any) {
		t.Helper()
		t.Errorf("%s: %s %s: %s is %#v, want %#v", r.name, r.method, r.path, what, got, want)
	}
	if got.status != r.status {
		fail("status", got.status, r.status)
	}
	var challenges []string
	if r.challenge != "" {
		challenges = []string{r.challenge}
	}
	if came := got.header.Values("WWW-Authenticate"); !slices.Equal(came, challenges) {
		fail("WWW-Authenticate", came, challenges)
	}
	for name, want := range r.headers {
		if came := strings.Join(got.header.Values(name), ", "); came != want {
			fail(name, came, want)
		}
	}
	if r.text != "" && string(got.body) != r.text {
		fail("body", string(got.body), r.text)
	}
	var decoded any
	if r.json != nil || r.code != "" {
		if err := json.Unmarshal(got.body, &decoded); err != nil {
			t.Errorf("%s: the body is no JSON: %v", r.name, err)
			return
		}
	}
	if r.json != nil && !reflect.DeepEqual(decoded, r.json) {
		fail("body", decoded, r.json)
	}
	if r.code != "" {
		checkDenial(t, r, got)
	}
}

// checkDenial checks the body of a denial: an OAuth error, or a JSON-RPC error
// where the request has an id, and no echo of the token in either.
func checkDenial(t *testing.T, r row, got answer) {
	t.Helper()
	if r.token != "" && bytes.Contains(got.body, []byte(r.token)) {
		t.Errorf("%s: the body repeats the token", r.name)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("%s: Content-Type is %q", r.name, kind)
	}
	if cache := got.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("%s: Cache-Control is %q", r.name, cache)
	}
	var oauth struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
		ID          json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(got.body, &oauth); err != nil {
		t.Errorf("%s: the body: %v", r.name, err)
		return
	}
	if r.id == "" {
		if string(oauth.Error) != `"`+r.code+`"` || oauth.Description == "" {
			t.Errorf("%s: the body is %s, want error %s", r.name, got.body, r.code)
		}
		return
	}
	var rpc struct {
		Data struct {
			Error string `json:"error"`
		} `json:"data"`
	}
	if err := json.Unmarshal(oauth.Error, &rpc); err != nil || rpc.Data.Error != r.code || string(oauth.ID) != r.id {
		t.Errorf("%s: the body is %s, want a JSON-RPC error for id %s with error %s", r.name, got.body, r.id, r.code)
	}
}
