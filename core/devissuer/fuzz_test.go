package devissuer

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// A redirect URI that is allowed for another one differs from it in the port of
// a loopback address at most (RFC 8252 §7.3).
func FuzzMatchesRedirect(f *testing.F) {
	for _, uri := range []string{
		"http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://[::1]:2/cb", "http://127.0.0.1:1@evil.example/cb",
		"https://app.example/cb", "com.example:/cb", "http://127.0.0.1:1/cb#x", "http://127.0.0.1:/cb",
	} {
		f.Add("http://127.0.0.1/cb", uri)
		f.Add(uri, "http://[::1]/cb?x=1")
	}
	f.Fuzz(func(t *testing.T, registered, asked string) {
		if checkRedirectURI(registered) != nil || !matchesRedirect([]string{registered}, asked) || registered == asked {
			return
		}
		a, errA := url.Parse(registered)
		b, errB := url.Parse(asked)
		if errA != nil || errB != nil {
			t.Fatalf("%q fits %q, yet one can't be parsed", asked, registered)
		}
		if b.Scheme != "http" || !isLoopbackIP(b.Hostname()) || a.Hostname() != b.Hostname() || b.User != nil ||
			a.EscapedPath() != b.EscapedPath() || a.RawQuery != b.RawQuery || b.Fragment != "" {
			t.Errorf("%q fits %q", asked, registered)
		}
		if checkRedirectURI(asked) != nil {
			t.Errorf("%q fits %q, but could not be registered", asked, registered)
		}
	})
}

// An allowed redirect URI leads where it says, whatever is appended.
func FuzzCheckRedirectURI(f *testing.F) {
	for _, uri := range []string{
		"https://app.example/cb", "http://localhost:1/?a=b", "com.example:/cb", "javascript:alert(1)", "JAVASCRIPT://x",
		"http:/127.0.0.1", "https://[::1", "data:/x", "https://app.example?",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if checkRedirectURI(uri) != nil {
			return
		}
		before, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		after, err := url.Parse(withParameters(uri, url.Values{"iss": {"x&y#z"}}))
		if err != nil {
			t.Fatalf("%q can't be extended: %v", uri, err)
		}
		if before.Scheme != after.Scheme || before.Host != after.Host || before.Path != after.Path || after.Fragment != "" {
			t.Errorf("%q became %q", uri, after)
		}
		if !strings.HasSuffix(after.RawQuery, "iss=x%26y%23z") {
			t.Errorf("%q lost the answer", uri)
		}
		switch strings.ToLower(before.Scheme) {
		case "javascript", "data", "vbscript", "file", "blob":
			t.Errorf("%q is allowed", uri)
		}
	})
}

// parseScopes accepts what RFC 6749 §3.3 writes, and loses nothing of it.
func FuzzParseScopes(f *testing.F) {
	for _, value := range []string{"", "a", "a b", "a  b", " a", "a\tb", "a\u00a0b", `a"b`, "a b a", "é"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		scopes, err := parseScopes(value)
		if err != nil {
			return
		}
		for _, c := range []byte(value) {
			if c < ' ' || c > '~' || c == '"' || c == '\\' {
				t.Fatalf("%q is accepted", value)
			}
		}
		if !containsAll(scopes, strings.Fields(value)) || len(scopes) > len(strings.Fields(value)) {
			t.Errorf("%q became %q", value, scopes)
		}
		again, err := parseScopes(strings.Join(scopes, " "))
		if err != nil || len(again) != len(scopes) {
			t.Errorf("%q does not survive a second reading", value)
		}
	})
}

// Whatever the query says, the user is sent to the registered place or nowhere.
func FuzzAuthorize(f *testing.F) {
	const registered = "https://app.example/cb"
	s, err := New(Config{
		Issuer:  "http://127.0.0.1:1",
		Keys:    &rsaKey{},
		Clients: []Client{{ID: "c", RedirectURIs: []string{registered}}},
		Approve: ApproveAll("alice"),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("client_id=c&redirect_uri=" + registered)
	f.Add("client_id=c&redirect_uri=" + registered + "&response_type=code&code_challenge_method=S256&resource=https://r&code_challenge=" + strings.Repeat("a", 43))
	f.Add("client_id=c&redirect_uri=https://evil.example")
	f.Add("client_id=c&state=%0d%0aLocation:x")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/authorize", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		target := w.Header().Get("Location")
		switch w.Code {
		case http.StatusSeeOther:
			if !strings.HasPrefix(target, registered+"?") || !strings.Contains(target, "iss=") || strings.ContainsAny(target, "\r\n") {
				t.Errorf("redirected to %q", target)
			}
		case http.StatusBadRequest, http.StatusRequestURITooLong:
			if target != "" {
				t.Errorf("refused with a Location %q", target)
			}
		default:
			t.Errorf("status %d", w.Code)
		}
	})
}
