package client_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// C5: PKCE by S256, with a verifier and a state of its own for each flow, and
// the resource in both requests.
func TestC5Requests(t *testing.T) {
	w := start(t)
	w.mustCall(w.transport(), "read")
	w.mustCall(w.transport(), "read")
	authorize, tokens := w.wire.find("browser GET /authorize"), w.wire.find("AS POST /token")
	if len(authorize) != 2 || len(tokens) != 2 {
		t.Fatalf("%d and %d requests\n%s", len(authorize), len(tokens), w.wire)
	}
	seen := make(map[string]bool)
	for i := range authorize {
		q, form := authorize[i].url.Query(), tokens[i].form
		hash := sha256.Sum256([]byte(form.Get("code_verifier")))
		for name, want := range map[string]string{
			"response_type": "code", "code_challenge_method": "S256", "resource": w.resource,
			"code_challenge": base64.RawURLEncoding.EncodeToString(hash[:]), "redirect_uri": form.Get("redirect_uri"),
			"client_id": form.Get("client_id"),
		} {
			if q.Get(name) != want || want == "" {
				t.Errorf("%s is %q, want %q", name, q.Get(name), want)
			}
		}
		if form.Get("grant_type") != "authorization_code" || form.Get("resource") != w.resource {
			t.Errorf("the token request is for %q by %q", form.Get("resource"), form.Get("grant_type"))
		}
		for _, fresh := range []string{q.Get("state"), form.Get("code_verifier")} {
			if len(fresh) < 26 || seen[fresh] {
				t.Errorf("%q was used before, or is short", fresh)
			}
			seen[fresh] = true
		}
	}
}

// C5, C16: what arrives at a Loopback with another state than the one that it
// waits for is refused there, and the user can still come back.
func TestC5JunkEndsNoAuthorization(t *testing.T) {
	w := start(t)
	transport := w.transport(func(c *client.Config) {
		c.Redirect = func(ctx context.Context, raw string) error {
			u, err := url.Parse(raw)
			if err != nil {
				return err
			}
			for _, junk := range []string{"state=junk&code=evil", "code=evil", "error=access_denied", "state=", "state=junk&state=" + u.Query().Get("state")} {
				if got := page(t, http.MethodGet, u.Query().Get("redirect_uri")+"?"+junk); got.status != http.StatusForbidden {
					t.Errorf("%s: status %d", junk, got.status)
				}
			}
			return w.browse(ctx, raw)
		}
	})
	w.mustCall(transport, "read")
	if code := w.wire.find("AS POST /token")[0].form.Get("code"); code == "evil" {
		t.Error("the code of another response was sent")
	}
}

// C5: responses of someone else, or from nowhere. The code of none is sent.
func TestC5HostileResponses(t *testing.T) {
	for name, row := range map[string]struct {
		change func(url.Values)
		code   string // the OAuth error that is believed
	}{
		"another state":           {change: func(q url.Values) { q.Set("state", "evil") }},
		"no state":                {change: func(q url.Values) { q.Del("state") }},
		"a longer state":          {change: func(q url.Values) { q.Set("state", q.Get("state")+"x") }},
		"two states":              {change: func(q url.Values) { q.Add("state", "evil") }},
		"two codes":               {change: func(q url.Values) { q.Add("code", "evil") }},
		"no code":                 {change: func(q url.Values) { q.Del("code") }},
		"mix-up":                  {change: func(q url.Values) { q.Set("iss", "https://evil.example") }},
		"iss with a slash":        {change: func(q url.Values) { q.Set("iss", q.Get("iss")+"/") }},
		"empty iss":               {change: func(q url.Values) { q.Set("iss", "") }},
		"two issuers":             {change: func(q url.Values) { q.Add("iss", "https://evil.example") }},
		"no iss":                  {change: func(q url.Values) { q.Del("iss") }},
		"error":                   {change: func(q url.Values) { q.Set("error", "access_denied") }, code: "access_denied"},
		"error, another state":    {change: func(q url.Values) { q.Set("error", "access_denied"); q.Set("state", "evil") }},
		"error, another issuer":   {change: func(q url.Values) { q.Set("error", "access_denied"); q.Set("iss", "https://evil.example") }},
		"error, no iss":           {change: func(q url.Values) { q.Set("error", "access_denied"); q.Del("iss") }},
		"error that is no error":  {change: func(q url.Values) { q.Set("error", "a\nb") }, code: "invalid_error_code"},
		"error that has no limit": {change: func(q url.Values) { q.Set("error", strings.Repeat("a", 1000)) }, code: "invalid_error_code"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			transport := w.transport(func(c *client.Config) {
				c.Receive = ownReception
				c.Redirect = func(ctx context.Context, page string) error { return w.browseBut(ctx, page, row.change) }
			})
			e := w.mustFail(transport, "authorization")
			if e.Code != row.code {
				t.Errorf("the OAuth error is %q, want %q", e.Code, row.code)
			}
			if untrusted := errors.Is(e, client.ErrUntrusted); untrusted != (row.code == "" && name != "no code") {
				t.Errorf("untrusted: %v, error %v", untrusted, e)
			}
			if len(w.wire.find("AS POST /token")) > 0 {
				t.Error("a code was sent")
			}
		})
	}
}

// C5: a server that doesn't announce iss may leave it out, but not send another.
func TestC5IssNotAnnounced(t *testing.T) {
	for name, row := range map[string]struct {
		change func(url.Values)
		good   bool
	}{
		"absent":  {func(q url.Values) { q.Del("iss") }, true},
		"right":   {func(url.Values) {}, true},
		"another": {func(q url.Values) { q.Set("iss", "https://evil.example") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.as.EditMetadata(func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") })
			transport := w.transport(func(c *client.Config) {
				c.Redirect = func(ctx context.Context, page string) error { return w.browseBut(ctx, page, row.change) }
			})
			if row.good {
				w.mustCall(transport, "read")
			} else {
				w.wantFailure(transport, "authorization")
			}
		})
	}
}
