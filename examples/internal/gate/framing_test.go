package gate

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// TestFramingHidesNoMessage: however a request is framed and its fields are written,
// nothing of it runs that the policy doesn't let run, and what is let run is the
// message that was read.
func TestFramingHidesNoMessage(t *testing.T) {
	safe, danger := call("get_weather"), call("purge")
	onEverySite(t, option{}, func(t *testing.T, s *site) {
		low := s.token("alice", baseScope)
		s.session = s.begin(t, low)
		for name, r := range map[string]request{
			"a second length":              {body: safe + danger, headers: []string{"Content-Length: " + strconv.Itoa(len(safe))}},
			"a length beside chunks":       {body: danger, chunked: true, headers: []string{"Content-Length: 0"}},
			"two codings":                  {body: danger, chunked: true, headers: []string{"Transfer-Encoding: gzip"}},
			"a coding that is none":        {body: danger, headers: []string{"Transfer-Encoding: identity"}},
			"a folded field":               {body: danger, headers: []string{"Mcp-Name: get_weather\r\n purge"}},
			"a space before the colon":     {body: danger, headers: []string{"Mcp-Name : get_weather"}},
			"a NUL in a field":             {body: danger, headers: []string{"Mcp-Name: get_weather\x00purge"}},
			"underscores in a field":       {body: danger, headers: []string{"Mcp_Name: get_weather", "Mcp_Method: tools/call"}},
			"a field that a proxy trusts":  {body: danger, headers: []string{"X-Original-URL: /healthz", "X-Rewrite-URL: /healthz", "X-Forwarded-Uri: /healthz"}},
			"a field that is a hop's own":  {body: danger, headers: []string{"Connection: Authorization, Mcp-Session-Id"}},
			"another protocol":             {body: danger, headers: []string{"Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"}},
			"another message behind it":    {body: danger + "\r\nPOST /mcp HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + low + "\r\n\r\n"},
			"another Host":                 {body: danger, headers: []string{"Host: evil.example"}},
			"a token of two fields folded": {body: danger, headers: []string{"X-Own: 1\r\n\tAuthorization: Bearer other"}},
			"a part of the body":           {body: danger, headers: []string{"Content-Range: bytes 0-9/200"}},
			"a wish to go on":              {body: danger, headers: []string{"Expect: 100-continue"}},
		} {
			r.token, r.session = low, s.session
			a := s.ask(t, &r)
			if ran := s.log.news(); ran != "" || a.status < 400 && a.status != http.StatusContinue {
				t.Errorf("%s: status %d, ran %q: %.200s", name, a.status, ran, strings.TrimSpace(a.body))
			}
		}
		s.checkRuns(t, low, safe, http.StatusOK, "tool get_weather")
		s.checkRuns(t, s.token("alice", baseScope, writeScope), danger, http.StatusOK, "tool purge")
	})
}
