package e2e

import (
	"net/http"
	"strings"
)

// What browsers may read of an answer, and send with a request.
const (
	exposed       = "WWW-Authenticate, Mcp-Session-Id"
	sentByClients = "authorization, content-type, mcp-protocol-version"
)

// originRows are the rows about pages that call the endpoint (S51).
func (w *world) originRows() []row {
	own, _, _ := strings.Cut(strings.TrimPrefix(w.resource, "https://"), "/")
	allowed := append([]string{"https://" + own}, w.origins...)
	if w.setup.resource == w.address+"/mcp" {
		allowed[0] = w.address
	}
	var rows []row
	for _, origin := range allowed {
		rows = append(rows, w.welcome(origin)...)
	}
	// The resource's own origin under another scheme or port is another origin.
	for _, origin := range []string{"https://evil.example", "null", allowed[0] + ":1", "http://localhost:9999", "https://127.0.0.1"} {
		rows = append(rows, w.refused(origin)...)
	}
	if len(w.origins) == 0 {
		// The Inspector is welcome in the demo only.
		rows = append(rows, w.refused("http://localhost:6274")...)
	}
	return rows
}

func preflight(origin string) http.Header {
	return http.Header{
		"Origin":                         {origin},
		"Access-Control-Request-Method":  {http.MethodPost},
		"Access-Control-Request-Headers": {sentByClients},
	}
}

// welcome are the rows of an origin that may call: every answer can be read.
func (w *world) welcome(origin string) []row {
	readable := map[string]string{
		"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": exposed, "Vary": "Origin",
	}
	return []row{
		{
			name: "S51: preflight of " + origin, method: http.MethodOptions, path: w.endpoint, header: preflight(origin),
			status: http.StatusNoContent, headers: map[string]string{
				"Access-Control-Allow-Origin":  origin,
				"Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
				"Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, Last-Event-ID, " +
					"Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, *",
			},
		},
		{
			name: "S51: 401 to " + origin, method: http.MethodPost, path: w.endpoint, header: post("Origin", origin), body: listCall,
			status: http.StatusUnauthorized, challenge: w.bareChallenge(), code: "unauthorized", headers: readable,
		},
		{
			name: "S51: 403 to " + origin, method: http.MethodPost, path: w.endpoint, token: w.narrow,
			header: post("Origin", origin), body: listCall,
			status: http.StatusForbidden, challenge: w.scopeChallenge(w.scopes), code: "insufficient_scope", id: `"seven"`, headers: readable,
		},
		{
			name: "S51: 200 to " + origin, method: http.MethodPost, path: w.endpoint, token: w.good,
			header: post("Origin", origin), body: initializeCall,
			status: http.StatusOK, headers: readable,
		},
	}
}

// refused are the rows of an origin that may not, token or none.
func (w *world) refused(origin string) []row {
	unreadable := map[string]string{"Access-Control-Allow-Origin": ""}
	return []row{
		{
			name: "S51: preflight of " + origin, method: http.MethodOptions, path: w.endpoint, header: preflight(origin),
			status: http.StatusForbidden, headers: unreadable, code: "invalid_request",
		},
		{
			name: "S51: a page of " + origin, method: http.MethodPost, path: w.endpoint, token: w.good,
			header: post("Origin", origin), body: listCall,
			status: http.StatusForbidden, headers: unreadable, code: "invalid_request",
		},
		{
			name: "S51: a page of " + origin + " without a token", method: http.MethodPost, path: w.endpoint,
			header: post("Origin", origin), body: listCall,
			status: http.StatusForbidden, headers: unreadable, code: "invalid_request",
		},
	}
}
