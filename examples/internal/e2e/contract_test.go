package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// Every example keeps the contract, with the settings' defaults and with each
// of them set.
func TestContract(t *testing.T) {
	as := authtest.NewServer(t)
	a := authority{issuer: as.Issuer(), token: func(_ *testing.T, subject, resource string, scopes ...string) string {
		return as.Mint(authtest.Token{Subject: subject, Audience: resource, Scopes: scopes})
	}}
	for _, s := range setups() {
		t.Run(s.name, func(t *testing.T) {
			eachProgram(t, func(t *testing.T, program string) { contract(t, program, s, a) })
		})
	}
}

func setups() []setup {
	return []setup{
		{name: "defaults", scopes: []string{"mcp:read"}},
		{
			name: "everything set", resource: "https://mcp.example/team/mcp",
			scopes: []string{"mcp:read", "mcp:list"}, supported: []string{"mcp:list", "mcp:read", "mcp:more"},
			origins: []string{"https://app.example", "http://localhost:6274"}, stateful: true, filtered: true,
			env: []string{
				"RESOURCE=https://mcp.example/team/mcp", "SCOPES=mcp:read mcp:list",
				"SCOPES_SUPPORTED=mcp:list mcp:read mcp:more",
				"ORIGINS=https://app.example http://localhost:6274", "STATEFUL=1", "FILTER_LISTS=1",
			},
		},
	}
}

// contract runs the whole script against one example.
func contract(t *testing.T, program string, s setup, a authority) {
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	env := append([]string{"ISSUER=" + a.issuer, "AUDIT_LOG=" + audit}, s.env...)
	w := newWorld(t, start(t, program, env...), s, a)
	w.checkReady(t)
	for _, rows := range [][]row{
		w.credentials(), w.metadataRoutes(), w.appRoutes(), w.routersOwn(), w.originRows(), w.transport(),
	} {
		for _, r := range rows {
			w.check(t, r)
		}
	}
	w.checkVersions(t)
	w.checkSessions(t)
	w.checkOperations(t, audit)
	w.checkAudit(t, audit)
	w.checkIdentity(t)
	w.checkNoToken(t)
}

// checkReady waits until tokens can be verified. Each request waits by itself.
func (w *world) checkReady(t *testing.T) {
	t.Helper()
	for ctx := timeout(t); w.ask(t, row{path: "/readyz"}).status != http.StatusOK; {
		if ctx.Err() != nil {
			t.Fatal("it doesn't get ready")
		}
	}
}

// listCall asks for the tools, with an id that a denial must repeat.
const listCall = `{"jsonrpc":"2.0","id":"seven","method":"tools/list"}`

// post are the header fields that a client sends with a message.
func post(fields ...string) http.Header {
	h := http.Header{
		"Content-Type": {"application/json"},
		"Accept":       {"application/json, text/event-stream"},
	}
	for i := 0; i < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	return h
}

// credentials are the rows about tokens at the endpoint (S1 to S8, S16).
func (w *world) credentials() []row {
	bare := func(name, method string, header http.Header) row {
		return row{
			name: name, method: method, path: w.endpoint, header: header, body: listCall,
			status: http.StatusUnauthorized, challenge: w.bareChallenge(), code: "unauthorized",
		}
	}
	invalid := func(name, token string) row {
		return row{
			name: name, method: http.MethodPost, path: w.endpoint, token: token, header: post(), body: listCall,
			status: http.StatusUnauthorized, challenge: w.invalidChallenge(), code: "invalid_token",
		}
	}
	inQuery := bare("S6: a token in the query", http.MethodPost, post())
	inQuery.path += "?access_token=in-the-query"
	malformed := invalid("S5: two Authorization fields", "one")
	malformed.header.Set("Authorization", "Bearer two")
	malformed.status, malformed.code = http.StatusBadRequest, "invalid_request"
	malformed.challenge = `Bearer error="invalid_request", ` +
		`error_description="the bearer credentials of the request are malformed", resource_metadata="` + w.metadataURL() + `"`
	narrow := row{
		name: "S8: a token without the scopes", method: http.MethodPost, path: w.endpoint, token: w.narrow,
		header: post(), body: listCall,
		status: http.StatusForbidden, challenge: w.scopeChallenge(w.scopes), code: "insufficient_scope", id: `"seven"`,
	}
	narrowGet := narrow
	narrowGet.method, narrowGet.body, narrowGet.id = http.MethodGet, "", ""
	return []row{
		bare("S1: POST without a token", http.MethodPost, post()),
		bare("S1: GET without a token", http.MethodGet, nil),
		bare("S1: DELETE without a token", http.MethodDelete, nil),
		bare("S2: another scheme", http.MethodPost, post("Authorization", "Basic eDp5")),
		bare("S5: Bearer alone", http.MethodPost, post("Authorization", "Bearer")),
		inQuery,
		invalid("S3: garbage", "garbage"),
		invalid("S3: a tampered token", tampered(w.good)),
		invalid("S16: a token for another resource", w.alien),
		malformed, narrow, narrowGet,
	}
}

// tampered changes the first character of a token's signature, or of an opaque
// token.
func tampered(token string) string {
	text := []byte(token)
	text[strings.LastIndexByte(token, '.')+1] ^= 1 // stays within the alphabet, or becomes garbage: refused both ways
	return string(text)
}

// metadataRoutes are the rows about the protected resource metadata (S35 to S38).
func (w *world) metadataRoutes() []row {
	public := map[string]string{
		"Content-Type": "application/json", "Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*",
	}
	var rows []row
	for _, path := range []string{wellKnown + w.endpoint, wellKnown} {
		rows = append(rows,
			row{name: "S35: metadata", path: path, status: http.StatusOK, headers: public, json: w.metadata()},
			row{name: "S35: metadata is public", path: path, token: "garbage", status: http.StatusOK, json: w.metadata()},
			row{name: "S35: HEAD", method: http.MethodHead, path: path, status: http.StatusOK, headers: public},
			row{
				name: "S35: POST", method: http.MethodPost, path: path, status: http.StatusMethodNotAllowed,
				headers: map[string]string{"Allow": "GET, HEAD, OPTIONS"},
			},
			row{
				name: "S35: preflight", method: http.MethodOptions, path: path, status: http.StatusNoContent,
				header: http.Header{
					"Origin": {"https://anywhere.example"}, "Access-Control-Request-Method": {"GET"},
					"Access-Control-Request-Headers": {"mcp-protocol-version"},
				},
				headers: map[string]string{"Access-Control-Allow-Origin": "*"},
			})
	}
	return rows
}

// appRoutes are the rows about the app's routes beside the endpoint (S54).
func (w *world) appRoutes() []row {
	me := row{
		name: "S54: /api/me", path: "/api/me", token: w.good, status: http.StatusOK,
		json: map[string]any{"sub": "alice", "scopes": list(w.scopes)},
	}
	fromPage := me
	fromPage.name = "S54: the endpoint's Origin check isn't this route's"
	fromPage.header = http.Header{"Origin": {"https://anywhere.example"}}
	bare := row{
		name: "S54: /api/me without a token", path: "/api/me",
		status: http.StatusUnauthorized, challenge: w.bareChallenge(), code: "unauthorized",
	}
	invalid, alien, narrow := bare, bare, bare
	invalid.token, invalid.challenge, invalid.code = "garbage", w.invalidChallenge(), "invalid_token"
	alien.token, alien.challenge, alien.code = w.alien, w.invalidChallenge(), "invalid_token"
	narrow.token, narrow.status, narrow.challenge, narrow.code = w.narrow, http.StatusForbidden, w.scopeChallenge(w.scopes), "insufficient_scope"
	return []row{
		{name: "healthz", path: "/healthz", status: http.StatusOK},
		{name: "healthz is public", path: "/healthz", token: "garbage", status: http.StatusOK},
		{name: "readyz", path: "/readyz", status: http.StatusOK},
		me, fromPage, bare, invalid, alien, narrow,
	}
}

// routersOwn are the rows about what nobody has claimed: the router answers
// them, each in its own way, as if the kit weren't there.
func (w *world) routersOwn() []row {
	const plain = "404 page not found"
	notFound, wrongMethod, slash := plain+"\n", http.StatusMethodNotAllowed, http.StatusNotFound
	switch w.program {
	case "gin":
		notFound, wrongMethod, slash = plain, http.StatusNotFound, http.StatusMovedPermanently
	case "echo":
		notFound = "{\"message\":\"Not Found\"}\n"
	}
	rows := []row{
		{name: "wrong method", method: http.MethodPost, path: "/api/me", token: w.good, status: wrongMethod},
		{name: "wrong method", method: http.MethodPost, path: "/healthz", status: wrongMethod},
		{name: "S17: another path", path: w.endpoint + "/", status: slash},
	}
	for _, path := range []string{
		"/", "/nothing", "/nothing?access_token=x", w.endpoint + "/more", wellKnown + "/more",
		"/.well-known/oauth-authorization-server", "/authorize", "/token", // the issuer is elsewhere
	} {
		rows = append(rows,
			row{name: "not found", path: path, status: http.StatusNotFound, text: notFound},
			row{name: "not found, with a token", path: path, token: w.good, status: http.StatusNotFound, text: notFound})
	}
	return rows
}

// transport are the rows about methods and hosts.
func (w *world) transport() []row {
	return []row{
		{
			name: "a method that MCP doesn't have", method: http.MethodPut, path: w.endpoint, token: w.good,
			status: http.StatusMethodNotAllowed, headers: map[string]string{"Allow": "GET, POST, DELETE, OPTIONS"},
		},
		{
			name: "the same without a token", method: http.MethodPut, path: w.endpoint,
			status: http.StatusUnauthorized, challenge: w.bareChallenge(), code: "unauthorized",
		},
		{
			name: "a foreign Host on loopback (DNS rebinding)", method: http.MethodPost, path: w.endpoint, token: w.good,
			header: post("Host", "rebound.example"), body: listCall, status: http.StatusForbidden,
		},
	}
}
