package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// wayIn is how a client that knows nothing but the URL gets in (MCP
// authorization, authorization flow steps): each line one exchange.
func wayIn() []string {
	return []string{
		"client POST /mcp 401",
		"client GET /.well-known/oauth-protected-resource/mcp 200",
		"client GET /.well-known/oauth-authorization-server 200",
		"client POST /register 201",
		"browser GET /authorize 200",
		"browser POST /authorize 303",
		"browser GET /callback 200",
		"client POST /token 200",
		"client POST /mcp 200",
	}
}

// A foreign client gets into each example, started with no settings, by itself.
func TestClientGetsInByItself(t *testing.T) {
	for _, mode := range []struct {
		name, user, version string
		env                 []string
		sessions            bool
	}{
		{name: "stateless", user: "alice", version: newest},
		{name: "stateful", user: "bob", version: sessions, env: []string{"STATEFUL=1"}, sessions: true},
	} {
		t.Run(mode.name, func(t *testing.T) {
			eachProgram(t, func(t *testing.T, program string) {
				example := start(t, program, mode.env...)
				if example.path != "/mcp" || !strings.Contains(example.output.String(), example.address+"/mcp") {
					t.Fatalf("the endpoint is at %s, want /mcp", example.path)
				}
				wire := &wire{}
				me := &person{name: mode.user, wire: wire}
				session, err := me.connect(t, example.address+"/mcp", mode.version)
				if err != nil {
					t.Fatalf("connecting: %v\n%s", err, strings.Join(wire.log(), "\n"))
				}
				checkOffer(t, session, mode.user, everything())
				if got := session.InitializeResult().ProtocolVersion; got != mode.version {
					t.Errorf("the protocol version is %s, want %s", got, mode.version)
				}
				if got := len(wire.sessionIDs()) > 0; got != mode.sessions {
					t.Errorf("session ids were given: %v, want %v", got, mode.sessions)
				}
				checkWayIn(t, wire.log())
				if line := "tool=get_weather sub=" + mode.user; !strings.Contains(example.output.String(), line) {
					t.Errorf("without AUDIT_LOG, the log has no %q", line)
				}
				wire.checkSecrets(t, example.output.String())
			})
		})
	}
}

// checkWayIn checks that the client came in on the shortest way, and never had
// to ask again.
func checkWayIn(t *testing.T, log []string) {
	t.Helper()
	want := wayIn()
	if len(log) < len(want) || !slices.Equal(log[:len(want)], want) {
		t.Errorf("the way in was\n%s\nwant\n%s", strings.Join(log, "\n"), strings.Join(want, "\n"))
		return
	}
	for _, line := range log[len(want):] {
		if !strings.HasPrefix(line, "client ") || !strings.Contains(line, " /mcp ") || strings.HasSuffix(line, " 401") {
			t.Errorf("after the way in: %s", line)
		}
	}
}

// A person who refuses is believed, and the client says so.
func TestClientIsRefusedByThePerson(t *testing.T) {
	example := start(t, "nethttp")
	wire := &wire{}
	me := &person{name: "alice", deny: true, wire: wire}
	if _, err := me.connect(t, example.address+"/mcp", newest); err == nil || !strings.Contains(err.Error(), "access_denied") {
		t.Errorf("connecting: %v, want access_denied", err)
	}
	// The SDK's client may ask once more in an older manner; it never gets a code.
	want := wayIn()[:7]
	log := wire.log()
	if len(log) < len(want) || !slices.Equal(log[:len(want)], want) || slices.ContainsFunc(log, func(line string) bool {
		return strings.Contains(line, " /token ")
	}) {
		t.Errorf("the way was\n%s\nwant\n%s\nand no token", strings.Join(log, "\n"), strings.Join(want, "\n"))
	}
}

// Without settings an example says how to connect and whom to be, and its
// embedded issuer answers beside the app.
func TestDemoSaysHowToConnect(t *testing.T) {
	eachProgram(t, func(t *testing.T, program string) {
		example := start(t, program)
		for _, part := range []string{example.address + "/mcp", "alice, bob"} {
			if !strings.Contains(example.output.String(), part) {
				t.Errorf("%q isn't printed", part)
			}
		}
		w := newWorld(t, example, setup{scopes: []string{"mcp:read"}}, authority{issuer: example.address})
		w.check(t, row{
			name: "the Inspector may call", method: http.MethodOptions, path: "/mcp",
			header: http.Header{"Origin": {"http://localhost:6274"}}, status: http.StatusNoContent,
			headers: map[string]string{"Access-Control-Allow-Origin": "http://localhost:6274"},
		})
		w.check(t, row{name: "metadata", path: wellKnown + "/mcp", status: http.StatusOK, json: w.metadata()})
		answer := w.ask(t, row{path: "/.well-known/oauth-authorization-server"})
		var as struct{ Issuer string }
		if err := json.Unmarshal(answer.body, &as); err != nil || as.Issuer != example.address {
			t.Errorf("the embedded issuer is %q, error %v, want %s", as.Issuer, err, example.address)
		}
		w.checkReady(t)
	})
}
