package discovery

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

func TestCandidates(t *testing.T) {
	for _, test := range []struct {
		name, issuer string
		want         []string
	}{
		{"no path", "https://as.example", []string{
			"https://as.example/.well-known/oauth-authorization-server",
			"https://as.example/.well-known/openid-configuration",
		}},
		{"slash alone", "https://as.example/", []string{
			"https://as.example/.well-known/oauth-authorization-server",
			"https://as.example/.well-known/openid-configuration",
		}},
		{"path", "https://as.example/tenant", []string{
			"https://as.example/.well-known/oauth-authorization-server/tenant",
			"https://as.example/.well-known/openid-configuration/tenant",
			"https://as.example/tenant/.well-known/openid-configuration",
		}},
		{"terminating slash", "https://as.example/application/o/app/", []string{
			"https://as.example/.well-known/oauth-authorization-server/application/o/app",
			"https://as.example/.well-known/openid-configuration/application/o/app",
			"https://as.example/application/o/app/.well-known/openid-configuration",
		}},
		{"port", "http://127.0.0.1:8080/realms/r", []string{
			"http://127.0.0.1:8080/.well-known/oauth-authorization-server/realms/r",
			"http://127.0.0.1:8080/.well-known/openid-configuration/realms/r",
			"http://127.0.0.1:8080/realms/r/.well-known/openid-configuration",
		}},
		{"only the last slash is not of the path", "https://as.example/a//", []string{
			"https://as.example/.well-known/oauth-authorization-server/a/",
			"https://as.example/.well-known/openid-configuration/a/",
			"https://as.example/a//.well-known/openid-configuration",
		}},
		{"spelling kept", "HTTPS://AS.example:443/%7Ea/%2F", []string{
			"HTTPS://AS.example:443/.well-known/oauth-authorization-server/%7Ea/%2F",
			"HTTPS://AS.example:443/.well-known/openid-configuration/%7Ea/%2F",
			"HTTPS://AS.example:443/%7Ea/%2F/.well-known/openid-configuration",
		}},
		{"address", "https://[::1]/a", []string{
			"https://[::1]/.well-known/oauth-authorization-server/a",
			"https://[::1]/.well-known/openid-configuration/a",
			"https://[::1]/a/.well-known/openid-configuration",
		}},
		{"a path that looks like a host", "https://as.example//evil.example", []string{
			"https://as.example/.well-known/oauth-authorization-server//evil.example",
			"https://as.example/.well-known/openid-configuration//evil.example",
			"https://as.example//evil.example/.well-known/openid-configuration",
		}},
	} {
		t.Run("S32 "+test.name, func(t *testing.T) {
			got, err := Candidates(test.issuer)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestCandidatesRefuses(t *testing.T) {
	for _, issuer := range []string{
		"", "as.example", "as.example/tenant", "/tenant", "//as.example", "https:", "https://", "https:///tenant",
		"https:as.example", "https://:443", "ftp://as.example", "urn:example:as", "javascript://as.example/",
		"https://as.example?a=b", "https://as.example/?", "https://as.example/tenant?a", "https://as.example#",
		"https://as.example/#a", "https://as.example/tenant#", "https://name@as.example", "https://name:word@as.example/",
		"https://@as.example", "https://as.example\\@evil.example/", "https://as.example:x", " https://as.example",
		"https://as.example/\n", "https://as example", "https://as.example/%zz",
		"https://as.example/word\u009b31m", "https://as.example/\u202e", "https://as.example/" + strings.Repeat("word", 1024),
	} {
		got, err := Candidates(issuer)
		if err == nil || got != nil {
			t.Errorf("S32: Candidates(%q) = %q, %v; want an error", issuer, got, err)
		} else if strings.Contains(err.Error(), "word") {
			t.Errorf("S32: the error for %q repeats the user information", issuer)
		}
	}
}

func FuzzCandidates(f *testing.F) {
	for _, seed := range []string{
		"https://as.example", "https://as.example/", "https://as.example/tenant/", "http://[::1%25eth0]:80//a//",
		"HTTPS://as.example/%2F?", "https://a@b/c#d", "https://as.example/..//\\evil", "https://%41s.example/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, issuer string) {
		urls, err := Candidates(issuer)
		if err != nil {
			if urls != nil {
				t.Fatalf("%q: candidates beside the error", issuer)
			}
			return
		}
		asked, err := url.Parse(issuer)
		if err != nil {
			t.Fatalf("%q is not a URL: %v", issuer, err)
		}
		if n := len(urls); n != 2 && n != 3 {
			t.Fatalf("%q: %d candidates", issuer, n)
		}
		for _, candidate := range urls {
			u, err := url.Parse(candidate)
			if err != nil {
				t.Fatalf("%q: candidate %q is not a URL: %v", issuer, candidate, err)
			}
			if !fetch.SameOrigin(asked, u) {
				t.Fatalf("%q: candidate %q is of another origin", issuer, candidate)
			}
			if u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.Contains(u.Path, "/.well-known/") {
				t.Fatalf("%q: candidate %q", issuer, candidate)
			}
		}
	})
}
