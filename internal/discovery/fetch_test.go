package discovery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

// authServer is a loopback authorization server that answers each path as the
// test says, and all others with 404.
type authServer struct {
	*httptest.Server

	mu      sync.Mutex
	answers map[string]answer
	asked   []string
}

type answer struct {
	status   int
	body     string
	location string
}

func newAuthServer(t *testing.T) *authServer {
	t.Helper()
	s := &authServer{answers: make(map[string]answer)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *authServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.Path)
	a, ok := s.answers[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	w.WriteHeader(a.status)
	fmt.Fprint(w, a.body)
}

// answer sets the answer at path; "{issuer}" in the body stands for the URL of
// the server and issuerPath.
func (s *authServer) answer(path string, status int, body, issuerPath string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = answer{status: status, body: strings.ReplaceAll(body, "{issuer}", s.URL+issuerPath)}
}

func (s *authServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

const (
	document      = `{"issuer":"{issuer}","jwks_uri":"{issuer}/keys"}`
	oauthRoot     = "/.well-known/oauth-authorization-server"
	openIDRoot    = "/.well-known/openid-configuration"
	oauthTenant   = "/.well-known/oauth-authorization-server/tenant"
	openIDTenant  = "/.well-known/openid-configuration/tenant"
	openIDAppends = "/tenant/.well-known/openid-configuration"
)

func TestFetchOrder(t *testing.T) {
	for _, test := range []struct {
		issuerPath string
		all        []string
	}{
		{"", []string{oauthRoot, openIDRoot}},
		{"/", []string{oauthRoot, openIDRoot}},
		{"/tenant", []string{oauthTenant, openIDTenant, openIDAppends}},
		{"/tenant/", []string{oauthTenant, openIDTenant, openIDAppends}},
	} {
		for i, at := range test.all {
			t.Run("S32 "+test.issuerPath+" at "+at, func(t *testing.T) {
				s := newAuthServer(t)
				// Documents further down the list must not be asked for.
				for _, path := range test.all[i:] {
					s.answer(path, http.StatusOK, document, test.issuerPath)
				}
				meta, url, err := Fetch(context.Background(), fetch.Getter{}, s.URL+test.issuerPath)
				if err != nil {
					t.Fatal(err)
				}
				if url != s.URL+at || meta.Issuer != s.URL+test.issuerPath || meta.JWKSURI != s.URL+test.issuerPath+"/keys" {
					t.Errorf("got issuer %q and keys %q from %s", meta.Issuer, meta.JWKSURI, url)
				}
				if asked := s.requests(); !slices.Equal(asked, test.all[:i+1]) {
					t.Errorf("asked %q, want %q", asked, test.all[:i+1])
				}
			})
		}
	}
}

// TestFetchFirstAnswer gives the first URL an answer and the second a good
// document: is the second asked?
func TestFetchFirstAnswer(t *testing.T) {
	for _, test := range []struct {
		row, name string
		status    int
		body      string
		next      bool
	}{
		{"C3", "400", 400, "", true},
		{"C3", "401", 401, "", true},
		{"C3", "403", 403, "", true},
		{"C3", "405", 405, "", true},
		{"C3", "410", 410, "", true},
		{"C3", "429", 429, "", true},
		{"C3", "499", 499, "", true},
		{"C3", "404 with a good document", 404, document, true},
		{"C3", "500", 500, "", false},
		{"C3", "502", 502, "", false},
		{"C3", "503 with a good document", 503, document, false},
		{"C3", "204", 204, "", false},
		{"C3", "304", 304, "", false},
		{"S32", "HTML", 200, "<!doctype html><p>{issuer}", true},
		{"S32", "nothing", 200, "", true},
		{"S32", "array", 200, "[" + document + "]", true},
		{"S32", "string", 200, `"{issuer}"`, true},
		{"S32", "null", 200, "null", true},
		{"S32", "cut off", 200, document[:len(document)-1], true},
		{"S32", "text after it", 200, document + document, true},
		{"S32", "byte order mark", 200, "\ufeff" + document, true},
		{"S32", "not UTF-8", 200, `{"issuer":"{issuer}","x":"` + "\xff" + `"}`, true},
		{"S31", "no issuer", 200, `{}`, false},
		{"S31", "issuer is null", 200, `{"issuer":null}`, false},
		{"S31", "issuer in another case", 200, `{"Issuer":"{issuer}"}`, false},
		{"S31", "issuer is a number", 200, `{"issuer":1}`, false},
		{"S31", "two issuers", 200, `{"issuer":"https://evil.example","issuer":"{issuer}"}`, false},
		{"S31", "two issuers by escape", 200, `{"issuer":"{issuer}","i\u0073suer":"https://evil.example"}`, false},
		{"S31", "two issuers by case", 200, `{"issuer":"{issuer}","ISSUER":"https://evil.example"}`, false},
		{"S31", "keys are a list", 200, `{"issuer":"{issuer}","jwks_uri":["{issuer}/keys"]}`, false},
		{"S31", "methods are a string", 200, `{"issuer":"{issuer}","code_challenge_methods_supported":"S256"}`, false},
		{"S31", "flag is a string", 200, `{"issuer":"{issuer}","authorization_response_iss_parameter_supported":"true"}`, false},
		{"S31", "over the limit", 200, document + strings.Repeat(" ", 4096), false},
	} {
		t.Run(test.row+" "+test.name, func(t *testing.T) {
			s := newAuthServer(t)
			s.answer(oauthRoot, test.status, test.body, "")
			s.answer(openIDRoot, http.StatusOK, document, "")
			meta, url, err := Fetch(context.Background(), fetch.Getter{Limit: 4096}, s.URL)
			if test.next {
				if err != nil || url != s.URL+openIDRoot || meta.Issuer != s.URL {
					t.Errorf("got issuer %q from %q, error %v", meta.Issuer, url, err)
				}
				return
			}
			if err == nil || url != "" || meta.Issuer != "" {
				t.Errorf("got issuer %q from %q without an error", meta.Issuer, url)
			} else if !strings.Contains(err.Error(), s.URL+oauthRoot) {
				t.Errorf("the error doesn't name the URL: %v", err)
			}
			if asked := s.requests(); len(asked) != 1 {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

func TestFetchMismatch(t *testing.T) {
	for _, test := range []struct{ name, asked, published string }{
		{"another host", "", "https://evil.example"},
		{"trailing slash more", "", "{server}/"},
		{"trailing slash less", "/", "{server}"},
		{"path case", "/tenant", "{server}/Tenant"},
		{"another tenant", "/tenant", "{server}/other"},
		{"the host without its path", "/tenant", "{server}"},
		{"space", "", "{server} "},
	} {
		t.Run("S31 "+test.name, func(t *testing.T) {
			s := newAuthServer(t)
			published := strings.ReplaceAll(test.published, "{server}", s.URL)
			for _, path := range []string{oauthRoot, oauthTenant} {
				s.answer(path, http.StatusOK, fmt.Sprintf(`{"issuer":%q}`, published), "")
			}
			_, _, err := Fetch(context.Background(), fetch.Getter{}, s.URL+test.asked)
			var mismatch *MismatchError
			if !errors.As(err, &mismatch) {
				t.Fatalf("error %v, want a *MismatchError", err)
			}
			if mismatch.Want != s.URL+test.asked || mismatch.Got != published || mismatch.URL != s.URL+s.requests()[0] {
				t.Errorf("%+v", mismatch)
			}
			for _, part := range []string{mismatch.Want, mismatch.Got, mismatch.URL} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %q", part, err)
				}
			}
		})
	}
}

func TestFetchEndpoints(t *testing.T) {
	members := []string{
		"authorization_endpoint", "token_endpoint", "registration_endpoint",
		"jwks_uri", "introspection_endpoint", "revocation_endpoint",
	}
	for _, test := range []struct {
		url         string
		plain, open bool // accepted without and with AllowHTTP
	}{
		{"https://other.example/x?y=z", true, true},
		{"http://localhost:8080/x", true, true},
		{"http://127.0.0.1/x", true, true},
		{"http://other.example/x", false, true},
		{"/x", false, false},
		{"other.example/x", false, false},
		{"//other.example/x", false, false},
		{"javascript:alert(1)", false, false},
		{"data:text/html,x", false, false},
		{"file:///etc/passwd", false, false},
		{"https://name:word@other.example/x", false, false},
		{"https://other.example/x#", false, false},
		{"https://other.example/x#y", false, false},
		{" ", false, false},
	} {
		for _, member := range members {
			s := newAuthServer(t)
			s.answer(oauthRoot, http.StatusOK, fmt.Sprintf(`{"issuer":"{issuer}",%q:%q}`, member, test.url), "")
			for allow, accepted := range map[bool]bool{false: test.plain, true: test.open} {
				_, _, err := Fetch(context.Background(), fetch.Getter{AllowHTTP: allow}, s.URL)
				if (err == nil) != accepted {
					t.Errorf("S31: %s %q, AllowHTTP %v: error %v, accepted should be %v", member, test.url, allow, err, accepted)
				}
				if err != nil && (!strings.Contains(err.Error(), member) || strings.Contains(err.Error(), "word")) {
					t.Errorf("S31: %s %q: %v", member, test.url, err)
				}
			}
		}
	}
}

func TestFetchRedirectElsewhere(t *testing.T) {
	s, elsewhere := newAuthServer(t), newAuthServer(t)
	// A document that would do, were it not for where it is.
	elsewhere.answer(oauthRoot, http.StatusOK, fmt.Sprintf(`{"issuer":%q}`, s.URL), "")
	s.answers[oauthRoot] = answer{status: http.StatusFound, location: elsewhere.URL + oauthRoot}
	s.answer(openIDRoot, http.StatusOK, document, "")
	_, _, err := Fetch(context.Background(), fetch.Getter{}, s.URL)
	var redirect *fetch.RedirectError
	if !errors.As(err, &redirect) || redirect.To != elsewhere.URL {
		t.Errorf("S31: error %v, want a *fetch.RedirectError", err)
	}
	if asked := elsewhere.requests(); len(asked) != 0 {
		t.Errorf("S31: the other origin was asked %q", asked)
	}
}

func TestFetchRedirectWithin(t *testing.T) {
	s := newAuthServer(t)
	s.answers[oauthRoot] = answer{status: http.StatusFound, location: "/moved"}
	s.answer("/moved", http.StatusOK, document, "")
	_, url, err := Fetch(context.Background(), fetch.Getter{}, s.URL)
	if err != nil || url != s.URL+oauthRoot {
		t.Errorf("S31: got %q, error %v", url, err)
	}
}

func TestFetchNotFound(t *testing.T) {
	s := newAuthServer(t)
	s.answer(openIDTenant, http.StatusGone, "", "")
	s.answer(openIDAppends, http.StatusOK, "<html>", "")
	_, _, err := Fetch(context.Background(), fetch.Getter{}, s.URL+"/tenant")
	if !errors.Is(err, ErrNotFound) {
		t.Fatalf("S32: error %v, want ErrNotFound", err)
	}
	for _, part := range []string{
		s.URL + oauthTenant + ": status 404", s.URL + openIDTenant + ": status 410",
		s.URL + openIDAppends + ": not authorization server metadata",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("S32: %q is not in %q", part, err)
		}
	}
	var status *fetch.StatusError
	if !errors.As(err, &status) || status.Status != http.StatusNotFound {
		t.Errorf("S32: the first status is not to be had from %v", err)
	}
}

func TestFetchStopTellsWhatWasTried(t *testing.T) {
	s := newAuthServer(t)
	s.answer(openIDTenant, http.StatusServiceUnavailable, "", "")
	s.answer(openIDAppends, http.StatusOK, document, "/tenant")
	_, _, err := Fetch(context.Background(), fetch.Getter{}, s.URL+"/tenant")
	if err == nil || errors.Is(err, ErrNotFound) {
		t.Fatalf("C3: error %v, want one that is not ErrNotFound", err)
	}
	for _, part := range []string{s.URL + oauthTenant + ": status 404", s.URL + openIDTenant + ": status 503"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("C3: %q is not in %q", part, err)
		}
	}
}

func TestFetchUnreachable(t *testing.T) {
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	s := newAuthServer(t)
	s.answer("/good", http.StatusOK, document, "")
	_, _, err := Fetch(context.Background(), fetch.Getter{}, s.URL, s.URL+"/none", down.URL+"/x", s.URL+"/good")
	if err == nil || !strings.Contains(err.Error(), down.URL) || !strings.Contains(err.Error(), "/none") {
		t.Errorf("C3: error %v, want one that names both URLs", err)
	}
	if asked := s.requests(); !slices.Equal(asked, []string{"/none"}) {
		t.Errorf("C3: asked %q after a network error", asked)
	}
}

func TestFetchCanceled(t *testing.T) {
	s := newAuthServer(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := Fetch(ctx, fetch.Getter{}, s.URL)
	if !errors.Is(err, context.Canceled) || len(s.requests()) != 0 {
		t.Errorf("error %v, want the context's", err)
	}
}

func TestFetchGivenURLs(t *testing.T) {
	s := newAuthServer(t)
	s.answer("/elsewhere", http.StatusOK, document, "")
	s.answer(oauthRoot, http.StatusOK, document, "")
	_, url, err := Fetch(context.Background(), fetch.Getter{}, s.URL, s.URL+"/none", s.URL+"/elsewhere")
	if err != nil || url != s.URL+"/elsewhere" {
		t.Errorf("got %q, error %v", url, err)
	}
	if asked := s.requests(); !slices.Equal(asked, []string{"/none", "/elsewhere"}) {
		t.Errorf("asked %q", asked)
	}
}

func TestFetchRefusesIssuers(t *testing.T) {
	s := newAuthServer(t)
	s.answer("/m", http.StatusOK, `{}`, "")
	// A document without an issuer must not match no issuer.
	if _, _, err := Fetch(context.Background(), fetch.Getter{}, "", s.URL+"/m"); err == nil {
		t.Error("S31: the empty issuer was taken")
	}
	for _, issuer := range []string{"", "as.example", "http://as.example", "https://as.example?a", "https://as.example#a"} {
		_, _, err := Fetch(context.Background(), fetch.Getter{}, issuer)
		if err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("S31: %q: error %v", issuer, err)
		}
	}
	if asked := s.requests(); len(asked) != 0 {
		t.Errorf("S31: asked %q", asked)
	}
}
