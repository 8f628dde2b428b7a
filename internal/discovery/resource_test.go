package discovery_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

func TestResourceCandidates(t *testing.T) {
	const path = "/.well-known/oauth-protected-resource"
	for endpoint, want := range map[string][]string{
		"https://ex.com":             {"https://ex.com" + path},
		"https://ex.com/":            {"https://ex.com" + path},
		"https://ex.com/mcp":         {"https://ex.com" + path + "/mcp", "https://ex.com" + path},
		"https://ex.com:8443/a/b/":   {"https://ex.com:8443" + path + "/a/b/", "https://ex.com:8443" + path},
		"https://ex.com/a%2Fb?x=y&z": {"https://ex.com" + path + "/a%2Fb?x=y&z", "https://ex.com" + path},
		"https://ex.com?x=y":         {"https://ex.com" + path + "?x=y", "https://ex.com" + path},
	} {
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := discovery.ResourceCandidates(u); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", endpoint, got, want)
		}
	}
}

// C2: the order of places, and what ends the search.
func TestFetchResource(t *testing.T) {
	const good = `{"resource":"r","Resource2":"x","authorization_servers":["a"],"scopes_supported":["s"],"unknown":[{}]}`
	for name, row := range map[string]struct {
		first  string // a body, or a status
		found  bool
		absent bool
	}{
		"found":              {good, true, false},
		"404":                {"404", false, true},
		"410":                {"410", false, true},
		"not JSON":           {"<html>", false, true},
		"a list":             {"[]", false, true},
		"500":                {"500", false, false},
		"two resources":      {`{"resource":"r","resource":"s"}`, false, false},
		"two spellings":      {`{"resource":"r","RESOURCE":"s"}`, false, false},
		"a number":           {`{"resource":1}`, false, false},
		"over the limit":     {`{"resource":"` + strings.Repeat("x", 2000) + `"}`, false, false},
		"redirect elsewhere": {"302", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Path)
				switch {
				case r.URL.Path == "/second":
					_, _ = w.Write([]byte(good))
				case row.first == "302":
					http.Redirect(w, r, "http://localhost:1/evil", http.StatusFound)
				case len(row.first) == 3:
					w.WriteHeader(map[string]int{"404": 404, "410": 410, "500": 500}[row.first])
				default:
					_, _ = w.Write([]byte(row.first))
				}
			}))
			defer site.Close()
			got, at, err := discovery.FetchResource(t.Context(), fetch.Getter{Limit: 1000}, site.URL+"/first", site.URL+"/second")
			switch {
			case row.found && (err != nil || at != site.URL+"/first"), row.absent && (err != nil || at != site.URL+"/second"):
				t.Errorf("found at %q, error %v", at, err)
			case !row.found && !row.absent && (err == nil || len(asked) != 1):
				t.Errorf("asked at %q, error %v", asked, err)
			case err == nil && (got.Resource != "r" || got.AuthorizationServers[0] != "a" || got.ScopesSupported[0] != "s"):
				t.Errorf("got %+v", got)
			}
		})
	}
	site := httptest.NewServer(http.NotFoundHandler())
	defer site.Close()
	if _, _, err := discovery.FetchResource(t.Context(), fetch.Getter{}, site.URL+"/a", site.URL+"/b"); !errors.Is(err, discovery.ErrNotFound) {
		t.Errorf("nowhere: %v", err)
	}
}

// C2: an identifier covers what lies at or below it, in the same origin.
func TestCovers(t *testing.T) {
	for _, row := range []struct {
		resource, endpoint string
		want               bool
	}{
		{"https://ex.com/mcp", "https://ex.com/mcp", true},
		{"https://ex.com:443/mcp", "https://ex.com/mcp", true},
		{"HTTPS://EX.com/mcp", "https://ex.com/mcp", true},
		{"https://ex.com", "https://ex.com/mcp", true},
		{"https://ex.com/", "https://ex.com", true},
		{"https://ex.com/a", "https://ex.com/a/mcp", true},
		{"https://ex.com/a/", "https://ex.com/a/mcp", true},
		{"https://ex.com/mcp?x=y", "https://ex.com/mcp?x=y", true},
		{"https://ex.com/mcp", "https://ex.com/mcp?x=y", true},
		{"https://ex.com/mcp?x=z", "https://ex.com/mcp?x=y", false},
		{"https://ex.com/MCP", "https://ex.com/mcp", false},
		{"https://ex.com/mc", "https://ex.com/mcp", false},
		{"https://ex.com/mcp/", "https://ex.com/mcp", false},
		{"https://ex.com/a%2Fmcp", "https://ex.com/a/mcp", false},
		{"http://ex.com/mcp", "https://ex.com/mcp", false},
		{"https://ex.com.evil.example/mcp", "https://ex.com/mcp", false},
		{"https://ex.com@evil.example/mcp", "https://ex.com/mcp", false},
		{"https://u@ex.com/mcp", "https://ex.com/mcp", false},
		{"https://ex.com/mcp#x", "https://ex.com/mcp", false},
		{"https://ex.com/mcp#", "https://ex.com/mcp", false},
		{"https://ex.com/mcp%zz", "https://ex.com/mcp", false},
		{"//ex.com/mcp", "https://ex.com/mcp", false},
		{"/mcp", "https://ex.com/mcp", false},
		{"", "https://ex.com/mcp", false},
	} {
		u, err := url.Parse(row.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := discovery.Covers(row.resource, u); got != row.want {
			t.Errorf("%q covers %q: %v", row.resource, row.endpoint, got)
		}
	}
}

// FuzzCovers checks that nothing of another origin ever covers an endpoint, and
// that what covers it is a whole part of its path.
func FuzzCovers(f *testing.F) {
	f.Add("https://ex.com/mcp")
	f.Add("https://ex.com@evil.example/a/../mcp")
	f.Fuzz(func(t *testing.T, resource string) {
		endpoint := &url.URL{Scheme: "https", Host: "ex.com", Path: "/tenant/mcp"}
		if !discovery.Covers(resource, endpoint) {
			return
		}
		rest, ok := strings.CutPrefix(strings.ToLower(resource), "https://ex.com")
		rest = strings.TrimPrefix(rest, ":443")
		rest = strings.TrimPrefix(rest, ":")
		rest, _, _ = strings.Cut(rest, "?")
		if !ok || !slices.Contains([]string{"", "/", "/tenant", "/tenant/", "/tenant/mcp"}, rest) {
			t.Errorf("%q covers %s", resource, endpoint)
		}
	})
}
