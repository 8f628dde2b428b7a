package devissuer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

const (
	resource = "https://mcp.example/mcp"
	other    = "https://other.example/"
	callback = "http://127.0.0.1:1234/callback"
	verifier = "an-honest-code-verifier-of-at-least-43-characters"
)

// server is a devissuer behind real HTTP, and a browser that follows nothing.
type server struct {
	*testing.T
	issuer *devissuer.Server
	http   *http.Client

	mu  sync.Mutex
	now time.Time
}

func start(t *testing.T, change ...func(*devissuer.Config)) *server {
	t.Helper()
	s := &server{T: t, now: time.Now()}
	web := httptest.NewUnstartedServer(nil)
	config := devissuer.Config{
		Issuer: "http://" + web.Listener.Addr().String(),
		Scopes: []string{"mcp:read", "notes:write"},
		Now:    s.clock,
		Clients: []devissuer.Client{
			{ID: "rs:1", Secret: "s&cret %"},
			{ID: "public", RedirectURIs: []string{callback}},
		},
	}
	for _, f := range change {
		f(&config)
	}
	issuer, err := devissuer.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s.issuer = issuer
	web.Config.Handler = issuer
	web.Start()
	t.Cleanup(web.Close)
	s.http = web.Client()
	s.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s
}

func (s *server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *server) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// answer is a response whose body was read.
type answer struct {
	status int
	header http.Header
	body   string
}

// json returns the members of a JSON object, as decoded into any.
func (a answer) json() map[string]any {
	members := make(map[string]any)
	if json.Unmarshal([]byte(a.body), &members) != nil {
		return nil
	}
	return members
}

func (a answer) get(member string) string {
	s, _ := a.json()[member].(string)
	return s
}

// location returns where a redirect goes, without its query, and the query.
func (a answer) location() (string, url.Values) {
	base, query, _ := strings.Cut(a.header.Get("Location"), "?")
	values, _ := url.ParseQuery(query)
	return base, values
}

func (s *server) do(method, target, body string, header ...string) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, target, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := s.http.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(read)}
}

// post sends a form to the endpoint; header are names and values.
func (s *server) post(endpoint string, form url.Values, header ...string) answer {
	s.Helper()
	return s.do(http.MethodPost, endpoint, form.Encode(),
		append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
}

func (s *server) token(form url.Values, header ...string) answer {
	s.Helper()
	return s.post(s.issuer.Endpoints().Token, form, header...)
}

func (s *server) register(metadata string) answer {
	s.Helper()
	return s.do(http.MethodPost, s.issuer.Endpoints().Registration, metadata, "Content-Type", "application/json")
}

// request is a good authorization request of the public client. Each change
// sets a parameter to a value, or removes it if there is none.
func request(changes ...[]string) url.Values {
	hash := sha256.Sum256([]byte(verifier))
	return alter(url.Values{
		"response_type":         {"code"},
		"client_id":             {"public"},
		"redirect_uri":          {callback},
		"scope":                 {"mcp:read notes:write"},
		"state":                 {"a state & more"},
		"resource":              {resource},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(hash[:])},
		"code_challenge_method": {"S256"},
	}, changes...)
}

func alter(params url.Values, changes ...[]string) url.Values {
	for _, c := range changes {
		delete(params, c[0])
		if len(c) > 1 {
			params[c[0]] = c[1:]
		}
	}
	return params
}

func (s *server) authorize(params url.Values) answer {
	s.Helper()
	return s.do(http.MethodGet, s.issuer.Endpoints().Authorization+"?"+params.Encode(), "")
}

var ticketField = regexp.MustCompile(`name="ticket" value="([A-Z2-7]+)"`)

// consent opens the consent page and returns its ticket.
func (s *server) consent(params url.Values) string {
	s.Helper()
	page := s.authorize(params)
	found := ticketField.FindStringSubmatch(page.body)
	if page.status != http.StatusOK || found == nil {
		s.Fatalf("no consent page: status %d", page.status)
	}
	return found[1]
}

func (s *server) decide(form url.Values, header ...string) answer {
	s.Helper()
	return s.post(s.issuer.Endpoints().Authorization, form, header...)
}

// code goes through the consent page as alice, who approves everything.
func (s *server) code(params url.Values) string {
	s.Helper()
	form := url.Values{"ticket": {s.consent(params)}, "decision": {"approve"}, "subject": {"alice"}}
	form["scope"] = strings.Fields(params.Get("scope"))
	_, query := s.decide(form).location()
	if query.Get("code") == "" {
		s.Fatalf("no code: %s", query.Get("error"))
	}
	return query.Get("code")
}

// exchange is a good token request for code, changed as request is.
func exchange(code string, changes ...[]string) url.Values {
	return alter(url.Values{
		"grant_type":    {"authorization_code"},
		"client_id":     {"public"},
		"redirect_uri":  {callback},
		"code":          {code},
		"code_verifier": {verifier},
	}, changes...)
}

func refresh(token string, changes ...[]string) url.Values {
	return alter(url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {"public"},
		"refresh_token": {token},
	}, changes...)
}

// introspect asks as the confidential client.
func (s *server) introspect(token string) map[string]any {
	s.Helper()
	a := s.post(s.issuer.Endpoints().Introspection, url.Values{"token": {token}}, "Authorization", basic("rs:1", "s&cret %"))
	if a.status != http.StatusOK {
		s.Fatalf("introspection: status %d", a.status)
	}
	return a.json()
}

// basic writes client credentials as RFC 6749 §2.3.1 says: form-encoded first.
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// wantError checks an error answer in the words of OAuth (RFC 6749 §5.2).
func (a answer) wantError(t *testing.T, status int, code string) {
	t.Helper()
	if a.status != status || a.get("error") != code {
		t.Errorf("got %d %s (%s), want %d %s", a.status, a.get("error"), a.get("error_description"), status, code)
	}
	if a.get("error_description") == "" {
		t.Error("the error has no description")
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
}
