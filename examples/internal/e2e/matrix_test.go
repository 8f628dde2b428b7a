//go:build interop

package e2e

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// What a client gets done, in the order in which a cell of the matrix names it.
const (
	logsIn     = "login"
	callsTools = "calls"
	stepsUp    = "step-up"
	refreshes  = "refresh"
)

// foreignClient is an MCP client that no one here wrote.
type foreignClient struct {
	name string
	// does is all that it can, and what every cell must show.
	does []string
	// documented says that it can be known by a Client ID Metadata Document.
	documented bool
	// modern says that it speaks 2026-07-28 to whoever offers it beside sessions.
	modern bool
	// slow says that it takes seconds, and isn't tried with every pass.
	slow bool
	// env are further settings of the example.
	env []string
	// run has it log in and call get_weather, purge and get_weather, and returns
	// what they answered.
	run func(t *testing.T, s *stage) ([]string, error)
}

func foreignClients() []foreignClient {
	return []foreignClient{
		{name: "go-sdk", does: []string{logsIn, callsTools, stepsUp}, documented: true, run: runGoSDK},
		{name: "TypeScript v2", does: []string{logsIn, callsTools, stepsUp, refreshes}, documented: true, modern: true, run: runTypeScript("v2.mjs", "refresh")},
		{name: "TypeScript v1", does: []string{logsIn, callsTools, stepsUp}, documented: true, run: runTypeScript("v1.mjs")},
		// With OAuth settings of its own, such as a document, it races with itself after
		// a login, and then says that its transport is started already.
		{name: "Inspector CLI", does: []string{logsIn, callsTools}, slow: true, run: runInspector},
		{name: "mcp-go", does: []string{logsIn, callsTools}, run: runMCPGo("mcp:read", "notes:write")},
	}
}

// pass is one way of getting tokens, for all clients and examples.
type pass struct {
	name string
	mode setup
	// quick leaves the slow clients out.
	quick bool
	// opaque says that the tokens are no JWTs, so that the example has to ask.
	opaque bool
	// issuer starts the authorization server; nil means the example's own.
	issuer func(t *testing.T, documents string) string
}

func passes() []pass {
	provider := func(alg string) func(*testing.T, string) string {
		return func(t *testing.T, documents string) string {
			return startForeign(t, "ALG="+alg, "DOCUMENTS="+documents).issuer
		}
	}
	single, stateful := modes()[0], modes()[1]
	return []pass{
		{"devissuer, stateless", single, false, false, nil},
		{"devissuer, stateful", stateful, true, false, nil},
		{"oidc-provider RS256, registered clients, stateless", single, false, false, func(t *testing.T, _ string) string { return provider("RS256")(t, "") }},
		{"oidc-provider ES256, Client ID Metadata Documents, stateful", stateful, false, false, provider("ES256")},
		{"oidc-provider opaque, introspection, stateless", single, true, true, func(t *testing.T, _ string) string {
			return startForeign(t, "FORMAT=opaque", "SECRET="+foreignSecret).issuer
		}},
	}
}

// clientDocument is the client_id of those who are known by a document.
const clientDocument = "https://client.example/interop.json"

// serveDocument serves what the web has at client.example.
func serveDocument(t *testing.T) (base string) {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/interop.json" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// A native client has no port of its own (RFC 8252 §7.3).
		fmt.Fprintf(w, `{"client_id": %q, "client_name": "interop client", "application_type": "native",
			"redirect_uris": ["http://127.0.0.1/callback", "http://127.0.0.1/oauth/callback"],
			"grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
			"token_endpoint_auth_method": "none"}`, clientDocument)
	}))
	t.Cleanup(site.Close)
	return site.URL
}

// Every foreign client does in front of every example all that it can.
func TestInteropMatrix(t *testing.T) {
	for _, p := range passes() {
		t.Run(p.name, func(t *testing.T) {
			var issuer string
			if p.issuer != nil {
				issuer = p.issuer(t, serveDocument(t))
			}
			documents := strings.Contains(p.name, "Documents")
			table := map[string]map[string][]string{}
			for _, client := range foreignClients() {
				if p.quick && client.slow {
					continue
				}
				table[client.name] = map[string][]string{}
				t.Run(client.name, func(t *testing.T) {
					eachProgram(t, func(t *testing.T, program string) {
						settings := client.env
						if p.opaque {
							settings = slices.Concat(settings, askingForeign(&foreign{issuer: issuer}))
						}
						s := newStage(t, program, issuer, p.mode, client.modern, settings)
						s.document = documents && client.documented
						answers, err := client.run(t, s)
						if err != nil {
							t.Error(err)
						}
						did := s.judge(t, answers)
						table[client.name][program] = did
						if !slices.Equal(did, client.does) {
							t.Errorf("it did %q, want %q\n%s", did, client.does, strings.Join(s.wire.log(), "\n"))
						}
						s.wire.checkSecrets(t, s.example.output.String())
					})
				})
			}
			printMatrix(os.Stdout, p.name, table)
		})
	}
}

// printMatrix prints what each client really did in front of each example.
func printMatrix(w io.Writer, name string, table map[string]map[string][]string) {
	fmt.Fprintf(w, "\n%s\n", name)
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(columns, "client\t%s\t\n", strings.Join(programs(), "\t"))
	for _, client := range foreignClients() {
		if table[client.name] == nil {
			continue
		}
		fmt.Fprint(columns, client.name)
		for _, program := range programs() {
			fmt.Fprintf(columns, "\t%s", strings.Join(table[client.name][program], " "))
		}
		fmt.Fprint(columns, "\t\n")
	}
	_ = columns.Flush() // to a terminal
}

// stage is an example with an authorization server and one client's wire.
type stage struct {
	program  string
	mode     setup
	single   bool // the client has no session, though others may have
	document bool
	example  *process
	endpoint string // where the client finds the example
	wire     *wire
	audit    string
}

// newStage starts an example behind a tap.
func newStage(t *testing.T, program, issuer string, mode setup, modern bool, settings []string) *stage {
	t.Helper()
	s := &stage{program: program, mode: mode, wire: &wire{}, audit: filepath.Join(t.TempDir(), "audit.jsonl")}
	s.single = !mode.stateful || program == "mcpgo" && modern
	front := httptest.NewUnstartedServer(nil)
	t.Cleanup(front.Close)
	s.endpoint = "http://" + front.Listener.Addr().String() + "/mcp"
	env := slices.Concat([]string{"RESOURCE=" + s.endpoint, "AUDIT_LOG=" + s.audit, "ISSUER=" + issuer}, mode.env, settings)
	s.example = start(t, program, env...)
	target, err := url.Parse(s.example.address)
	if err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = &httputil.ReverseProxy{
		ErrorLog:      log.New(io.Discard, "", 0), // clients break off streams
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     s.wire.by("client"),
		FlushInterval: -1, // event streams
	}
	front.Start()
	return s
}

// version is what a client asks for that doesn't find out by itself.
func (s *stage) version() string {
	if s.mode.stateful {
		return sessions
	}
	return newest
}

// judge tells from the wire, the audit log and the tools' answers what the
// client really did.
func (s *stage) judge(t *testing.T, answers []string) []string {
	t.Helper()
	counts := map[string]int{}
	for _, line := range s.wire.log() {
		counts[line]++
	}
	denied, strangers := counts["client POST /mcp 403"], counts["client POST /mcp 401"]
	asked := s.askedScopes()
	var ran []string
	for _, line := range auditLines(t, s.audit) {
		ran = append(ran, line.Tool+" by "+line.Sub)
	}
	var did []string
	if len(asked) > 0 && slices.Contains(answers, "sunny in Oslo, sub=alice") {
		did = append(did, logsIn)
	}
	called := []string{"get_weather by alice", "purge by alice", "get_weather by alice"}
	if len(ran) >= 3 && slices.Equal(ran[:3], called) && len(answers) >= 3 &&
		slices.Equal(answers[:3], []string{"sunny in Oslo, sub=alice", "purged", "sunny in Rome, sub=alice"}) {
		did = append(did, callsTools)
	}
	// One denial, and one more authorization, for what it had and what it lacked.
	if denied == 1 && slices.Equal(asked, []string{"mcp:read", "mcp:read notes:write"}) {
		did = append(did, stepsUp)
	}
	// Without a good token once more, and no one was asked.
	if strangers == 2 && len(asked) == 2 && len(answers) == 4 && answers[3] == "sunny in Bergen, sub=alice" {
		did = append(did, refreshes)
	}
	if len(ran) != len(answers) {
		t.Errorf("%d tools ran, %d answers came", len(ran), len(answers))
	}
	if had := len(s.wire.sessionIDs()) > 0; had == s.single {
		t.Errorf("there were sessions: %v, want %v", had, !s.single)
	}
	return did
}

// askedScopes is what each authorization asked for, sorted, but for the refresh
// token.
func (s *stage) askedScopes() []string {
	var asked []string
	for _, scope := range s.wire.asked() {
		fields := slices.DeleteFunc(strings.Fields(scope), func(s string) bool { return s == "offline_access" })
		slices.Sort(fields)
		asked = append(asked, strings.Join(fields, " "))
	}
	return asked
}
