package e2e

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// authorityOf has the test kit's server issue what a script needs.
func authorityOf(as *authtest.Server) authority {
	return authority{issuer: as.Issuer(), token: func(_ *testing.T, subject, resource string, scopes ...string) string {
		return as.Mint(authtest.Token{Subject: subject, Audience: resource, Scopes: scopes})
	}}
}

// The proxy keeps the contract, whatever is behind it, with the settings'
// defaults and with each of them set.
func TestProxyContract(t *testing.T) {
	as := authtest.NewServer(t)
	for _, u := range upstreams() {
		for _, s := range setups() {
			t.Run(u.name()+", "+s.name, func(t *testing.T) {
				s.stateful, s.upstream = u.stateful, true
				audit := filepath.Join(t.TempDir(), "audit.jsonl")
				env := slices.Concat([]string{"ISSUER=" + as.Issuer(), "AUDIT_LOG=" + audit}, s.env, u.settings(t))
				w := newWorld(t, start(t, "proxy", env...), s, authorityOf(as))
				w.program = u.sdk // whose sessions are looked at
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
				if w.stateful {
					w.checkBoundSession(t)
				}
				w.checkNoToken(t)
			})
		}
	}
}

// checkBoundSession checks that alice's session is nobody else's (S48), though
// the upstream binds it to nobody.
func (w *world) checkBoundSession(t *testing.T) {
	t.Helper()
	header := post("Mcp-Session-Id", w.openSession(t), "Mcp-Protocol-Version", sessions)
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		r := row{
			name: "S48: bob on alice's session", method: method, path: w.endpoint, header: header,
			token: w.token(t, "bob", w.resource, w.scopes...), status: http.StatusNotFound,
		}
		if method == http.MethodPost {
			r.body = listCall
		}
		w.check(t, r)
	}
	w.check(t, row{
		name: "S48: alice on her own", method: http.MethodPost, path: w.endpoint, header: header, token: w.good, body: listCall,
		status: http.StatusOK,
	})
}

// A client steps up through the proxy, whose own authorization server offers
// what the policy names (S40).
func TestClientStepsUpThroughTheProxy(t *testing.T) {
	for _, u := range upstreams() {
		t.Run(u.name(), func(t *testing.T) {
			audit := filepath.Join(t.TempDir(), "audit.jsonl")
			policy := strings.ReplaceAll(weatherPolicy, `["notes:write"]`, `["notes:write", "team:admin"]`)
			example := start(t, "proxy", append(u.settings(t), "POLICY="+writePolicy(t, policy), "AUDIT_LOG="+audit)...)
			clientStepsUp(t, example, u.stateful, "", audit, "team:admin")
		})
	}
}

// Without POLICY, SCOPES suffice for everything that the upstream has; the gate
// reads each message all the same (S43, S46).
func TestProxyWithoutPolicy(t *testing.T) {
	as := authtest.NewServer(t)
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	for name, env := range map[string][]string{"none": nil, "one without a table": {"POLICY=" + writePolicy(t, `{"methods": {"logging/setLevel": "never"}}`)}} {
		t.Run(name, func(t *testing.T) {
			s := setup{scopes: []string{"mcp:read"}, supported: []string{"mcp:read"}, upstream: true}
			env = append(env, "ISSUER="+as.Issuer(), "AUDIT_LOG="+audit, "UPSTREAM="+serveUpstream(t, upstreams()[0].serve()))
			w := newWorld(t, start(t, "proxy", env...), s, authorityOf(as))
			session := connectWith(t, w.address+"/mcp", w.good, newest)
			checkOffer(t, session, "", everything())
			checkProtected(t, session)
			for _, r := range w.metadataRoutes() {
				w.check(t, r)
			}
			w.check(t, row{
				name: "S43: two names", method: http.MethodPost, path: "/mcp", token: w.good, header: post(),
				body:   `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","name":"purge"}}`,
				status: http.StatusBadRequest, text: "",
			})
		})
	}
	var ran []string
	for _, line := range auditLines(t, audit) {
		ran = append(ran, line.Tool)
	}
	if want := []string{"get_weather", "purge", "get_weather", "purge"}; !slices.Equal(ran, want) {
		t.Errorf("the audit log has %q, want %q", ran, want)
	}
}

// What POLICY lets anybody do needs no token, and what it forbids no token helps
// with (S47, S11).
func TestProxyAnonymousAndNever(t *testing.T) {
	as := authtest.NewServer(t)
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	policy := writePolicy(t, `{"tools": {"get_weather": "anonymous", "purge": "never"}, "methods": {"server/discover": "anonymous"}}`)
	s := setup{scopes: []string{"mcp:read"}, upstream: true}
	w := newWorld(t, start(t, "proxy", "ISSUER="+as.Issuer(), "AUDIT_LOG="+audit, "POLICY="+policy,
		"UPSTREAM="+serveUpstream(t, upstreams()[0].serve())), s, authorityOf(as))
	call := row{
		name: "S47: anonymous", method: http.MethodPost, path: "/mcp", header: post("Mcp-Protocol-Version", sessions),
		body: strings.Replace(protected()["tools/call"], "purge", "get_weather", 1), status: http.StatusOK,
	}
	call.body = strings.Replace(call.body, `{}`, `{"city":"Oslo"}`, 1)
	w.check(t, call)
	call.name, call.token, call.status, call.challenge = "S47: a bad token", "garbage", http.StatusUnauthorized, w.invalidChallenge()
	w.check(t, call)
	w.check(t, row{
		name: "S11: never", method: http.MethodPost, path: "/mcp", token: w.strong, header: post(), body: protected()["tools/call"],
		status: http.StatusForbidden, code: "access_denied", id: `"seven"`,
	})
	lines := auditLines(t, audit)
	if len(lines) != 1 || lines[0].Tool != "get_weather" || lines[0].Sub != "" {
		t.Errorf("the audit log has %+v, want one run by nobody", lines)
	}
}

// FILTER_LISTS=1 works on the lists of the upstream too, JSON and events, also
// for a client that takes compressed answers (S45).
func TestProxyFiltersLists(t *testing.T) {
	as := authtest.NewServer(t)
	for _, u := range upstreams() {
		t.Run(u.name(), func(t *testing.T) {
			s := setup{scopes: []string{"mcp:read"}, filtered: true, stateful: u.stateful, upstream: true}
			w := newWorld(t, start(t, "proxy", append(u.settings(t), "ISSUER="+as.Issuer(), "FILTER_LISTS=1")...), s, authorityOf(as))
			for _, version := range []string{newest, sessions} {
				checkOffer(t, connectWith(t, w.address+w.endpoint, w.good, version), "", unprotected())
				checkOffer(t, connectWith(t, w.address+w.endpoint, w.strong, version), "", everything())
			}
			w.checkPrivate(t)
		})
	}
}

// The proxy holds POLICY against what the upstream has, and says what doesn't
// fit (S46).
func TestProxyLintsItsPolicy(t *testing.T) {
	as := authtest.NewServer(t)
	for _, u := range upstreams() {
		t.Run(u.name(), func(t *testing.T) {
			policy := writePolicy(t, `{"tools": {"get_wether": []}, "resources": {"notes://{id}": []}}`)
			env := append(u.settings(t), "ISSUER="+as.Issuer(), "POLICY="+policy)
			w := newWorld(t, start(t, "proxy", env...), setup{scopes: []string{"mcp:read"}}, authority{issuer: as.Issuer()})
			for _, finding := range []string{`Policy.Tools[\"get_wether\"]`, `tool \"get_weather\" has no rule`, `tool \"purge\" has no rule`} {
				for ctx := timeout(t); !strings.Contains(w.output.String(), finding); {
					if ctx.Err() != nil {
						t.Fatalf("%s isn't logged", finding)
					}
					w.check(t, row{name: "it serves", path: "/healthz", status: http.StatusOK}) // each request waits by itself
				}
			}
		})
	}
}

// With settings that it can't honour the proxy doesn't start, and says what to do.
func TestProxyRefusesToStart(t *testing.T) {
	policy := func(text string) string { return "POLICY=" + writePolicy(t, text) }
	for _, test := range []struct {
		name, upstream, env string
		says                []string
	}{
		{"no upstream", "", "", []string{"UPSTREAM is not set", "UPSTREAM=http://127.0.0.1:9000/mcp"}},
		{"no URL", "127.0.0.1:9000", "", []string{"UPSTREAM", "not the URL of an MCP endpoint"}},
		{"another scheme", "ws://127.0.0.1:9000/mcp", "", []string{"UPSTREAM", "not the URL"}},
		{"credentials", "http://user:hidden-value@127.0.0.1:9000/mcp", "", []string{"UPSTREAM has a user in it"}},
		{"no file", "http://127.0.0.1:9000/mcp", "POLICY=" + filepath.Join(t.TempDir(), "none.json"), []string{"POLICY", "none.json", "can be read"}},
		{"no JSON", "http://127.0.0.1:9000/mcp", policy("tools:"), []string{"POLICY", "not one JSON object"}},
		{"a member twice", "http://127.0.0.1:9000/mcp", policy(`{"tools": {}, "Tools": {}}`), []string{"two members fold"}},
		{"unknown members", "http://127.0.0.1:9000/mcp", policy(`{"tool": {}, "Unlisted": []}`), []string{`unknown member "tool"`, `unknown member "Unlisted"`}},
		{"unlisted alone", "http://127.0.0.1:9000/mcp", policy(`{"unlisted": "never"}`), []string{"POLICY", `"unlisted" stands alone`}},
		{"an unknown word", "http://127.0.0.1:9000/mcp", policy(`{"tools": {"purge": "admin"}}`), []string{`tools["purge"]`, `"anonymous" or "never"`}},
		{"a scope that is none", "http://127.0.0.1:9000/mcp", policy(`{"tools": {"purge": ["a b"]}}`), []string{"Policy.Tools", "RFC 6749"}},
		{"a template that is none", "http://127.0.0.1:9000/mcp", policy(`{"resources": {"notes://{": []}}`), []string{"Policy.Resources", "URI template"}},
	} {
		t.Run(test.name, func(t *testing.T) { refusesToStart(t, "proxy", test.says, "UPSTREAM="+test.upstream, test.env) })
	}
}
