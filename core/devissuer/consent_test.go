package devissuer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

func TestConsentPageShowsTheRequest(t *testing.T) {
	s := start(t, func(c *devissuer.Config) {
		c.Clients = append(c.Clients, devissuer.Client{
			ID: "named", Name: "A Name", RedirectURIs: []string{"https://app.example/cb", "com.example.app:/cb"},
		})
	})
	named := []string{"client_id", "named"}
	page := s.authorize(request(named, []string{"redirect_uri", "https://app.example/cb"}))
	for _, want := range []string{
		"A Name", "client_id named", "<strong>app.example</strong>", resource, s.issuer.Issuer(), "not for production",
		`value="alice" checked`, `value="bob"`, `value="mcp:read" checked`, `value="notes:write" checked`,
		`value="approve"`, `value="deny"`,
	} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page doesn't show %q", want)
		}
	}
	native := s.authorize(request(named, []string{"redirect_uri", "com.example.app:/cb"}))
	if !strings.Contains(native.body, "the app that opens com.example.app: links") {
		t.Error("the page doesn't say which app gets the answer")
	}
}

// What a client says about itself, and what it asks for, is text.
func TestConsentPageEscapes(t *testing.T) {
	const script = `<script>alert(1)</script>"'`
	s := start(t, func(c *devissuer.Config) {
		c.Scopes = nil
		c.Clients = append(c.Clients, devissuer.Client{
			ID: `"><script>alert(2)</script>`, Name: script, RedirectURIs: []string{`https://app.example/<script>alert(3)</script>`},
		})
	})
	registered := s.register(`{"client_name":"<script>alert(1)</script>\"'","redirect_uris":["` + callback + `"]}`)
	for name, params := range map[string]url.Values{
		"registered client": request([]string{"client_id", registered.get("client_id")}),
		"known client": request([]string{"client_id", `"><script>alert(2)</script>`},
			[]string{"redirect_uri"}, []string{"scope", "<script>alert(4)</script>"},
			[]string{"resource", "https://x/<script>alert(5)</script>"}),
	} {
		page := s.authorize(params)
		if page.status != http.StatusOK {
			t.Fatalf("%s: status %d", name, page.status)
		}
		if strings.Contains(strings.ToLower(page.body), "<script") {
			t.Errorf("%s: the page has a script", name)
		}
		if !strings.Contains(page.body, "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;") {
			t.Errorf("%s: the page doesn't show the name as text", name)
		}
	}
}

func TestPagesAreLockedDown(t *testing.T) {
	s := start(t)
	pages := map[string]answer{
		"consent": s.authorize(request()),
		"failure": s.authorize(request([]string{"client_id", "<b>nobody</b>"})),
	}
	referrer := map[string]string{"consent": "same-origin", "failure": "no-referrer"}
	for name, page := range pages {
		policy := page.header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %q", name, want)
			}
		}
		// Chromium would hold back the redirect to the client.
		if strings.Contains(policy, "form-action") {
			t.Errorf("%s: the policy has a form-action", name)
		}
		_, rest, _ := strings.Cut(page.body, "<style>")
		style, _, _ := strings.Cut(rest, "</style>")
		hash := sha256.Sum256([]byte(style))
		if !strings.Contains(policy, fmt.Sprintf("style-src 'sha256-%s'", base64.StdEncoding.EncodeToString(hash[:]))) {
			t.Errorf("%s: the policy forbids the page's own style", name)
		}
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": referrer[name], "X-Frame-Options": "DENY",
			"X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8",
			"Access-Control-Allow-Origin": "",
		} {
			if got := page.header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
	}
}

func TestDeny(t *testing.T) {
	s := start(t)
	for name, form := range map[string]url.Values{
		"deny":              {"decision": {"deny"}},
		"deny, with a user": {"decision": {"deny"}, "subject": {"alice"}, "scope": {"mcp:read"}},
		"approve nothing":   {"decision": {"approve"}, "subject": {"alice"}},
	} {
		form.Set("ticket", s.consent(request()))
		a := s.decide(form)
		target, query := a.location()
		if a.status != http.StatusSeeOther || target != callback || query.Get("error") != "access_denied" || query.Has("code") {
			t.Errorf("%s: status %d, error %q", name, a.status, query.Get("error"))
		}
		if query.Get("iss") != s.issuer.Issuer() || query.Get("state") != "a state & more" {
			t.Errorf("%s: iss %q, state %q", name, query.Get("iss"), query.Get("state"))
		}
	}
}

func TestDecisionsThatAreRefused(t *testing.T) {
	s := start(t)
	for name, c := range map[string]struct {
		change []string
		header []string
		status int
	}{
		"foreign origin":      {nil, []string{"Origin", "https://evil.example"}, 403},
		"null origin":         {nil, []string{"Origin", "null"}, 403},
		"another port":        {nil, []string{"Origin", "http://127.0.0.1:1"}, 403},
		"two origins":         {nil, []string{"Origin", s.issuer.Issuer(), "Origin", "https://evil.example"}, 403},
		"no ticket":           {[]string{"ticket"}, nil, 400},
		"another ticket":      {[]string{"ticket", "x"}, nil, 400},
		"two tickets":         {[]string{"ticket", "x", "y"}, nil, 400},
		"no decision":         {[]string{"decision"}, nil, 400},
		"two decisions":       {[]string{"decision", "deny", "approve"}, nil, 400},
		"no user":             {[]string{"subject"}, nil, 400},
		"another user":        {[]string{"subject", "root"}, nil, 400},
		"a scope not asked":   {[]string{"scope", "offline_access"}, nil, 400},
		"not a form":          {nil, []string{"Content-Type", "text/plain"}, 400},
		"too large":           {[]string{"x", strings.Repeat("a", 70000)}, nil, 413},
		"of the same origin":  {nil, []string{"Origin", s.issuer.Issuer()}, 303},
		"without any origin":  {nil, nil, 303},
		"unticking one scope": {[]string{"scope", "mcp:read"}, nil, 303},
	} {
		form := alter(url.Values{
			"ticket": {s.consent(request())}, "decision": {"approve"}, "subject": {"alice"}, "scope": {"mcp:read", "notes:write"},
		}, changes(c.change)...)
		a := s.do(http.MethodPost, s.issuer.Endpoints().Authorization, form.Encode(), withForm(c.header)...)
		if a.status != c.status || (c.status != 303 && a.header.Get("Location") != "") {
			t.Errorf("%s: status %d, want %d", name, a.status, c.status)
		}
	}
}

// withForm adds the content type of a form, unless header has one.
func withForm(header []string) []string {
	if len(header) > 0 && header[0] == "Content-Type" {
		return header
	}
	return append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)
}

func TestTicketsWorkOnceAndNotForEver(t *testing.T) {
	s := start(t)
	form := url.Values{"ticket": {s.consent(request())}, "decision": {"approve"}, "subject": {"alice"}, "scope": {"mcp:read"}}
	if a := s.decide(form); a.status != http.StatusSeeOther {
		t.Fatalf("status %d", a.status)
	}
	if a := s.decide(form); a.status != http.StatusBadRequest {
		t.Errorf("the second time: status %d", a.status)
	}
	form.Set("ticket", s.consent(request()))
	s.advance(10 * time.Minute)
	if a := s.decide(form); a.status != http.StatusBadRequest {
		t.Errorf("after ten minutes: status %d", a.status)
	}
}

// changes is one change, or none.
func changes(change []string) [][]string {
	if change == nil {
		return nil
	}
	return [][]string{change}
}
