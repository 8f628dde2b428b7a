package core_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
)

const cancelled = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`

// minting is a handler that opens a session in every answer, and records.
func minting(t *testing.T) *gate {
	t.Helper()
	c := quiet()
	c.AuthorizationServers, c.Verifiers, c.Scopes = nil, []core.Verifier{scopesVerifier{}}, []string{"base"}
	rs, err := core.New(stopped(t), c)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	g.handler = rs.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.ran = append(g.ran, r.Method)
		w.Header().Set("Mcp-Session-Id", "opened")
	}))
	return g
}

// TestG2NothingReachesAcrossCallers: where there is no session, what names
// another message by its id alone may mean anybody's, and isn't handed on.
func TestG2NothingReachesAcrossCallers(t *testing.T) {
	const session, version = "Mcp-Session-Id", "Mcp-Protocol-Version"
	for name, c := range map[string]struct {
		body    string
		headers []string
		reaches bool
	}{
		"a cancellation":                             {cancelled, nil, false},
		"a cancellation at 2025-11-25":               {cancelled, []string{version, "2025-11-25"}, false},
		"a cancellation at 2026-07-28":               {cancelled, []string{version, "2026-07-28", session, "opened"}, false},
		"a cancellation that says so itself":         {strings.Replace(cancelled, `"requestId"`, `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"},"requestId"`, 1), []string{session, "opened"}, false},
		"a cancellation, spelled otherwise":          {strings.Replace(cancelled, "cancelled", `c\u0061ncelled`, 1), nil, false},
		"a cancellation in the caller's own session": {cancelled, []string{session, "opened"}, true},
		"a response":                              {`{"jsonrpc":"2.0","id":7,"result":{}}`, nil, false},
		"an error":                                {`{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}}`, nil, false},
		"a response in the caller's own session":  {`{"jsonrpc":"2.0","id":7,"result":{}}`, []string{session, "opened"}, true},
		"a cancellation that says something else": {strings.Replace(cancelled, `"requestId"`, `"_meta":{"traceparent":"00-1-2-01"},"requestId"`, 1), []string{session, "opened"}, true},
		"a cancellation that may say so":          {strings.Replace(cancelled, `"requestId"`, `"_meta":{"io.modelcontextprotocol/PROTOCOLVERSION":"2026-07-28"},"requestId"`, 1), []string{session, "opened"}, false},
		"another notification":                    {`{"jsonrpc":"2.0","method":"notifications/initialized"}`, nil, true},
		"a call":                                  {call("get_weather", "{}"), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := minting(t)
			g.post("base", request("ping", "{}")) // opens the session
			g.ran = nil
			w := g.post("base", c.body, c.headers...)
			want := http.StatusOK
			if !c.reaches {
				want = http.StatusAccepted
			}
			if w.Code != want || len(g.ran) > 0 != c.reaches || !c.reaches && w.Body.Len() > 0 {
				t.Errorf("status %d, %d runs: %s", w.Code, len(g.ran), w.Body)
			}
		})
	}
}

// TestG2StreamsNeedASession: without one, a stream would be everybody's.
func TestG2StreamsNeedASession(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		g := minting(t)
		g.post("base", request("ping", "{}"))
		for session, status := range map[string]int{"": http.StatusMethodNotAllowed, "another": http.StatusNotFound, "opened": http.StatusOK} {
			g.ran = nil
			r := httptest.NewRequest(method, "https://mcp.example/mcp", http.NoBody)
			r.Header.Set("Authorization", "Bearer scopes:base")
			if session != "" {
				r.Header.Set("Mcp-Session-Id", session)
			}
			w := httptest.NewRecorder()
			g.handler.ServeHTTP(w, r)
			if w.Code != status || len(g.ran) > 0 != (status == http.StatusOK) {
				t.Errorf("%s in session %q: status %d, ran %v", method, session, w.Code, g.ran)
			}
			if allow := w.Header().Get("Allow"); status == http.StatusMethodNotAllowed && allow != "POST, OPTIONS" {
				t.Errorf("%s: Allow %q", method, allow)
			}
		}
	}
}

// TestS41EachResourceOfASubscriptionIsDecidedAbout, by a callback too.
func TestS41EachResourceOfASubscriptionIsDecidedAbout(t *testing.T) {
	var asked []string
	g := newGate(t, func(c *core.Config) {
		c.Policy.Resources = map[string]core.Requirement{
			"files://{+path}": core.Decide(func(_ context.Context, op core.Operation, _ core.Principal) (core.Requirement, error) {
				asked = append(asked, op.Name)
				if op.Name == "files://public" {
					return core.Scopes(), nil
				}
				return core.Scopes("deep"), nil
			}),
		}
	})
	const both = `{"notifications":{"resourceSubscriptions":["files://public","files://secret"]}}`
	if w := g.post("base", request("subscriptions/listen", both)); w.Code != http.StatusForbidden || len(g.ran) > 0 {
		t.Errorf("status %d for a caller who may hear of the first alone", w.Code)
	}
	if want := []string{"files://public", "files://secret"}; !slices.Equal(asked, want) {
		t.Errorf("asked about %q, want %q", asked, want)
	}
	if w := g.post("base,deep", request("subscriptions/listen", both)); w.Code != http.StatusAccepted || len(g.ran) != 1 {
		t.Errorf("status %d for a caller who may hear of both", w.Code)
	}
}

// TestG12ManyAlternativesAreNotMultiplied: as products, those of this
// subscription would be two to the power of a thousand.
func TestG12ManyAlternativesAreNotMultiplied(t *testing.T) {
	g := newGate(t, func(c *core.Config) {
		c.Policy.Resources = map[string]core.Requirement{"notes://{id}": core.AnyOf(core.Scopes("x", "y"), core.Scopes("a"), core.Scopes("b"))}
	})
	uris := make([]string, 1000)
	for i := range uris {
		uris[i] = fmt.Sprintf(`"notes://%d"`, i)
	}
	listen := request("subscriptions/listen", `{"notifications":{"resourceSubscriptions":[`+strings.Join(uris, ",")+`]}}`)
	w := g.post("base", listen)
	if challenge := w.Header().Get("WWW-Authenticate"); w.Code != http.StatusForbidden || !strings.Contains(challenge, `scope="base a"`) {
		t.Errorf("status %d, challenge %s", w.Code, challenge)
	}
	for _, scopes := range []string{"base,b", "base,x,y"} {
		if w := g.post(scopes, listen); w.Code != http.StatusAccepted {
			t.Errorf("%s: status %d", scopes, w.Code)
		}
	}
}

// TestG12LongURIsMatchNoTemplate, and are denied for that, whatever else holds.
func TestG12LongURIsMatchNoTemplate(t *testing.T) {
	g := newGate(t, func(c *core.Config) {
		c.Policy.Resources = map[string]core.Requirement{"files://{+path}": core.Scopes("deep")}
		c.Policy.Unlisted = core.Scopes()
	})
	for length, status := range map[int]int{60 << 10: http.StatusAccepted, 70 << 10: http.StatusForbidden} {
		uri := "files://" + strings.Repeat("a", length)
		if w := g.post("base,deep", request("resources/read", `{"uri":"`+uri+`"}`)); w.Code != status {
			t.Errorf("a URI of %d bytes: status %d, want %d", length, w.Code, status)
		}
		half := `"files://` + strings.Repeat("a", length/2) + `"`
		listen := request("subscriptions/listen", `{"notifications":{"resourceSubscriptions":[`+half+`,`+half+`]}}`)
		if w := g.post("base,deep", listen); w.Code != status {
			t.Errorf("two URIs of %d bytes together: status %d, want %d", length, w.Code, status)
		}
	}
}

// TestNothingRunsWhenTheTimeIsOver, and the header of whoever gave up is left
// alone: it may be read at that very moment.
func TestNothingRunsWhenTheTimeIsOver(t *testing.T) {
	g := minting(t)
	over := errors.New("too slow")
	for _, late := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		limited, stop := context.WithTimeout(ctx, time.Hour)
		if late {
			cancel(over)
		}
		r := httptest.NewRequestWithContext(limited, http.MethodPost, "https://mcp.example/mcp", strings.NewReader(call("get_weather", "{}")))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer scopes:base")
		w := httptest.NewRecorder()
		g.ran = nil
		g.handler.ServeHTTP(w, r)
		want := http.StatusOK
		if late {
			want = http.StatusServiceUnavailable
		}
		if w.Code != want || len(g.ran) > 0 == late {
			t.Errorf("over %v: status %d, ran %v", late, w.Code, g.ran)
		}
		if r.Header.Get("Authorization") == "" {
			t.Errorf("over %v: the header of a request with a deadline was changed", late)
		}
		stop()
		cancel(nil)
	}
}

// TestG10ConnectionTakesNothingAway: a proxy behind the gate drops what the field
// names, so that it must not name what was judged.
func TestG10ConnectionTakesNothingAway(t *testing.T) {
	for connection, status := range map[string]int{
		"mcp-session-id": http.StatusBadRequest, "close, MCP-Session-ID ": http.StatusBadRequest, "mcp-method": http.StatusBadRequest,
		"content-type": http.StatusBadRequest, "mcp-protocol-version,close": http.StatusBadRequest, "close": http.StatusOK, "keep-alive, x": http.StatusOK,
	} {
		g := minting(t)
		g.post("base", request("ping", "{}"))
		g.ran = nil
		w := g.post("base", request("ping", "{}"), "Mcp-Session-Id", "opened", "Connection", connection)
		if w.Code != status || len(g.ran) > 0 != (status == http.StatusOK) {
			t.Errorf("Connection: %s: status %d, ran %v", connection, w.Code, g.ran)
		}
	}
}

// TestG7ArgumentsAreThoseThatTheHandlerReads: beside a URI or a reference they
// are read by nobody, and would be a decoy.
func TestG7ArgumentsAreThoseThatTheHandlerReads(t *testing.T) {
	byPath := core.Decide(func(_ context.Context, op core.Operation, _ core.Principal) (core.Requirement, error) {
		if path, _, err := op.Argument("path"); path == "public" {
			return core.Scopes(), err
		}
		return core.Scopes("deep"), nil
	})
	g := newGate(t, func(c *core.Config) {
		c.Policy.Tools = map[string]core.Requirement{"read": byPath}
		c.Policy.Prompts = map[string]core.Requirement{"read": byPath}
		c.Policy.Resources = map[string]core.Requirement{"files://x": byPath}
	})
	const decoy = `"arguments":{"path":"public"}`
	for body, status := range map[string]int{
		request("tools/call", `{"name":"read",`+decoy+`}`):                                                     http.StatusAccepted,
		request("prompts/get", `{"name":"read",`+decoy+`}`):                                                    http.StatusAccepted,
		request("resources/read", `{"uri":"files://x",`+decoy+`}`):                                             http.StatusForbidden,
		request("completion/complete", `{"ref":{"type":"ref/prompt","name":"read"},`+decoy+`}`):                http.StatusForbidden,
		request("completion/complete", `{"ref":{"type":"ref/resource","uri":"files://x"},`+decoy+`}`):          http.StatusForbidden,
		request("subscriptions/listen", `{"notifications":{"resourceSubscriptions":["files://x"]},`+decoy+`}`): http.StatusForbidden,
	} {
		if w := g.post("base", body); w.Code != status {
			t.Errorf("%s: status %d, want %d", body, w.Code, status)
		}
	}
}

// TestUnlistedNeedsATable that could leave something unlisted: alone it would hold
// for nothing, and look as if it did.
func TestUnlistedNeedsATable(t *testing.T) {
	for about, c := range map[string]struct {
		policy core.Policy
		good   bool
	}{
		"alone":                       {core.Policy{Unlisted: core.Scopes("admin")}, false},
		"beside methods":              {core.Policy{Unlisted: core.Scopes(), Methods: map[string]core.Requirement{"ping": core.Scopes()}}, false},
		"beside an empty table":       {core.Policy{Unlisted: core.Scopes("admin"), Tools: map[string]core.Requirement{}}, true},
		"never, which is the default": {core.Policy{Unlisted: core.Never()}, true},
	} {
		config := quiet()
		config.Policy = c.policy
		_, err := core.New(stopped(t), config)
		var mistake *core.ConfigError
		if errors.As(err, &mistake) == c.good || !c.good && mistake.Field != "Policy.Unlisted" {
			t.Errorf("%s: %v", about, err)
		}
	}
}

// TestG9SubscriptionsToTasksNeedWhatTasksNeed: each notification of a task says all
// that tasks/get would, results included (SEP-2663, task status notifications).
func TestG9SubscriptionsToTasksNeedWhatTasksNeed(t *testing.T) {
	const tasks = `{"notifications":{"taskIds":["t1"]}}`
	const both = `{"notifications":{"resourceSubscriptions":["notes://open"],"taskIds":["t1"]}}`
	for about, c := range map[string]struct {
		change         func(*core.Policy)
		scopes, params string
		status         int
	}{
		"unlisted is never":            {func(*core.Policy) {}, "base", tasks, http.StatusForbidden},
		"beside a resource":            {func(*core.Policy) {}, "base", both, http.StatusForbidden},
		"no task":                      {func(*core.Policy) {}, "base", `{"notifications":{"toolsListChanged":true}}`, http.StatusAccepted},
		"unlisted needs a scope":       {func(p *core.Policy) { p.Unlisted = core.Scopes("t") }, "base", tasks, http.StatusForbidden},
		"unlisted needs one, it is":    {func(p *core.Policy) { p.Unlisted = core.Scopes("t") }, "base,t", tasks, http.StatusAccepted},
		"tasks/get is listed":          {func(p *core.Policy) { p.Methods = map[string]core.Requirement{"tasks/get": core.Scopes("t")} }, "base,t", tasks, http.StatusAccepted},
		"tasks/get is listed, no more": {func(p *core.Policy) { p.Methods = map[string]core.Requirement{"tasks/get": core.Scopes("t")} }, "base", tasks, http.StatusForbidden},
		"no table of tools":            {func(p *core.Policy) { p.Tools = nil }, "base", tasks, http.StatusAccepted},
		"nobody's, of anybody":         {func(p *core.Policy) { p.Tools = nil }, "", both, http.StatusUnauthorized},
		"in another case":              {func(p *core.Policy) { p.Tools = nil }, "base", `{"notifications":{"taskIDs":["t1"]}}`, http.StatusBadRequest},
	} {
		g := newGate(t, func(config *core.Config) {
			config.Policy.Tools = map[string]core.Requirement{"get_weather": core.Scopes()}
			config.Policy.Resources = map[string]core.Requirement{"notes://open": core.Anonymous()}
			c.change(&config.Policy)
		})
		if w := g.post(c.scopes, request("subscriptions/listen", c.params)); w.Code != c.status || len(g.ran) > 0 != (c.status == http.StatusAccepted) {
			t.Errorf("%s: status %d, want %d, ran %d", about, w.Code, c.status, len(g.ran))
		}
	}
}
