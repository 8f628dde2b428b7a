package authtest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/cases"
	"github.com/mcpbearer/mcpbearer/internal/discreet"
)

// serving describes a server that trusts nobody, or everybody.
func serving(h http.Handler) authtest.Target {
	return authtest.Target{
		Start: func(testing.TB, string) authtest.Endpoint {
			return authtest.Endpoint{Resource: "https://notes.example/mcp", Handler: h}
		},
		Scopes:    []string{"notes:read", "notes:list"},
		Tools:     map[string][]string{"count": nil, "purge": {"notes:write"}},
		Prompts:   map[string][]string{"hello": nil, "danger": {"notes:write"}},
		Resources: map[string][]string{"notes://open": nil, "notes://secret": {"notes:write"}},
	}
}

const anyResult = `{"jsonrpc":"2.0","id":7,"result":{}}`

// open lets everything in.
func open() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Mcp-Session-Id", "one-for-all")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, anyResult)
	})
}

// closed refuses everything.
func closed() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
}

// narrow lets in handshakes alone, and publishes metadata that is wrong in every
// way.
func narrow() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/mcp", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="https://notes.example/metadata"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if bytes.Contains(body, []byte(`"initialize"`)) {
			_, _ = io.WriteString(w, anyResult)
			return
		}
		w.WriteHeader(http.StatusForbidden)
	})
	wrong := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"resource":"https://other.example","bearer_methods_supported":["query"],"scopes_supported":["offline_access"]}`)
		}
	}
	mux.HandleFunc("/metadata", wrong(http.StatusTeapot))
	mux.HandleFunc("/.well-known/oauth-protected-resource", wrong(http.StatusOK))
	return mux
}

// anything is a server that takes what is no HTTP, too, and lets it in. It
// returns its URL.
func anything(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				lines := bufio.NewScanner(conn)
				lines.Buffer(nil, 1<<20)
				for lines.Scan() && lines.Text() != "" {
					continue
				}
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(anyResult), anyResult)
				_, _ = io.Copy(io.Discard, conn) // so that the answer isn't lost
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// Every requirement fails on one of four servers that do it wrong, unless it
// never applies to anybody.
func TestEveryRequirementCanFail(t *testing.T) {
	t.Parallel()
	failed, seen := make(map[string]bool), make(map[string]string)
	deaf := serving(nil)
	deaf.Start = func(tb testing.TB, _ string) authtest.Endpoint {
		return authtest.Endpoint{Resource: "https://notes.example/mcp", URL: anything(tb) + "/mcp"}
	}
	for _, target := range []authtest.Target{serving(open()), serving(closed()), serving(narrow()), deaf} {
		for _, r := range authtest.ExamineWithin(t, target, time.Second) {
			if seen[r.ID] == "" || r.NotApplicable == "" {
				seen[r.ID] = r.NotApplicable
			}
			failed[r.ID] = failed[r.ID] || r.Failure != ""
			for _, part := range []string{"sent: ", "expected: ", "came: "} {
				if r.Failure != "" && !strings.Contains(r.Failure, part) {
					t.Errorf("the failure of %s doesn't tell what was %s%s", r.ID, part, r.Failure)
				}
			}
		}
	}
	never := regexp.MustCompile("only the server's own tests|on the wire a line feed")
	for id, why := range seen {
		if !failed[id] && !never.MatchString(why) {
			t.Errorf("%s passes on every one of them (%s)", id, why)
		}
	}
}

// The table itself: ids that are unique, in order, of one form, each with a
// clause and a sentence; and all behaviours of a server are in it.
func TestResults(t *testing.T) {
	results := authtest.ExamineWithin(t, serving(closed()), time.Millisecond)
	form := regexp.MustCompile(`^(([SG])(\d+)|I)/[A-Za-z0-9+-]+$`)
	seen, rules := make(map[string]bool), make(map[string]bool)
	for _, r := range results {
		match := form.FindStringSubmatch(r.ID)
		if match == nil || seen[r.ID] {
			t.Errorf("the id %q is there twice, or not of the form S1/some-words", r.ID)
			continue
		}
		seen[r.ID], rules[match[1]] = true, true
		if r.Clause == "" || !strings.HasSuffix(r.About, ".") {
			t.Errorf("%s has no clause, or no sentence: %q", r.ID, r.About)
		}
	}
	if !slices.IsSortedFunc(results, func(a, b authtest.Result) int { return cases.CompareIDs(a.ID, b.ID) }) {
		t.Error("the results are not in the order of their ids")
	}
	// S43 is G5 to G8; S52, S53 and S55 are about routers and handlers.
	for n := 1; n <= 56; n++ {
		if rule := fmt.Sprint("S", n); !rules[rule] && !slices.Contains([]int{43, 52, 53, 55}, n) {
			t.Errorf("nothing is said about %s", rule)
		}
	}
	for n := 1; n <= 12; n++ {
		if rule := fmt.Sprint("G", n); !rules[rule] {
			t.Errorf("nothing is said about %s", rule)
		}
	}
}

// What a server answers may hold the token; what a failure says must not.
func TestFailuresHoldNoToken(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var tokens []string
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, value := range r.Header.Values("Authorization") {
			_, token, _ := strings.Cut(value, " ")
			mu.Lock()
			if strings.Count(token, ".") == 2 && !strings.ContainsAny(token, " \t") {
				tokens = append(tokens, token)
			}
			mu.Unlock()
			w.Header().Add("WWW-Authenticate", "Bearer realm="+token)
		}
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":7,"result":{"you sent":%q}}`, r.Header.Get("Authorization"))
	})
	var texts strings.Builder
	for _, r := range authtest.ExamineWithin(t, serving(echo), time.Second) {
		texts.WriteString(r.Failure)
	}
	if len(tokens) < 100 || !strings.Contains(texts.String(), "you sent") {
		t.Fatalf("%d tokens were seen; the failures must say what came", len(tokens))
	}
	for _, token := range tokens {
		for _, part := range discreet.Telling(token) {
			if strings.Contains(texts.String(), part) {
				t.Fatalf("a failure holds a part of %d bytes of a token", len(part))
			}
		}
	}
}

// No two messages of a session have one id (MCP 2025-11-25, requests), or an SDK
// would refuse the second for the sake of the first.
func TestIDsAreUnique(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := make(map[string]int)
	id := regexp.MustCompile(`^\{"jsonrpc":"2.0","id":(\d+),"method":"[a-z/]+","params":\{`)
	inner := open()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if match := id.FindSubmatch(body); match != nil {
			mu.Lock()
			seen[string(match[1])]++
			mu.Unlock()
		}
		inner.ServeHTTP(w, r)
	})
	authtest.ExamineWithin(t, serving(h), time.Second)
	if len(seen) < 100 {
		t.Errorf("%d ids were seen", len(seen))
	}
	for id, times := range seen {
		if times > 1 {
			t.Errorf("the id %s was used %d times", id, times)
		}
	}
}

// A server that knows MCP 2026-07-28 alone has no handshake.
func TestConformWithoutHandshake(t *testing.T) {
	t.Parallel()
	target := notes()
	start := target.Start
	target.Start = func(tb testing.TB, issuer string) authtest.Endpoint {
		endpoint := start(tb, issuer)
		inner := endpoint.Handler
		endpoint.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
				if err != nil || bytes.Contains(body, []byte(`"initialize"`)) {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
			}
			inner.ServeHTTP(w, r)
		})
		return endpoint
	}
	var failed []string
	for _, r := range authtest.Examine(t, target) {
		if r.Failure != "" {
			failed = append(failed, r.ID)
			t.Log(r.ID, r.Failure)
		}
	}
	if len(failed) > 0 {
		t.Errorf("%v fail", failed)
	}
}

// A target that is described wrongly fails the test that asks.
func TestMisdescribedTargets(t *testing.T) {
	with := func(change func(*authtest.Target)) func(testing.TB) {
		return func(tb testing.TB) {
			target := serving(closed())
			change(&target)
			authtest.ExamineWithin(tb, target, time.Millisecond)
		}
	}
	endpoint := func(e authtest.Endpoint) func(testing.TB) {
		return with(func(g *authtest.Target) {
			g.Start = func(testing.TB, string) authtest.Endpoint { return e }
		})
	}
	for name, f := range map[string]func(testing.TB){
		"no Start":     with(func(g *authtest.Target) { g.Start = nil }),
		"no resource":  endpoint(authtest.Endpoint{Handler: closed()}),
		"a broken URL": endpoint(authtest.Endpoint{Resource: "https://notes.example/mcp", URL: "http://[::1"}),
		"a failing Start": with(func(g *authtest.Target) {
			g.Start = func(tb testing.TB, _ string) authtest.Endpoint {
				tb.Fatal("it doesn't start")
				return authtest.Endpoint{}
			}
		}),
		"a panicking Start": with(func(g *authtest.Target) {
			g.Start = func(testing.TB, string) authtest.Endpoint { panic("it doesn't start") }
		}),
		"arguments that are no object": with(func(g *authtest.Target) { g.Arguments = map[string]any{"purge": 1} }),
	} {
		if !fails(t, f) {
			t.Errorf("%s: the test went on", name)
		}
	}
}
