package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// scopesVerifier takes "scopes:a,b" for a token of alice with those scopes.
type scopesVerifier struct{}

func (scopesVerifier) Verify(_ context.Context, token string) (core.Principal, error) {
	list, ok := strings.CutPrefix(token, "scopes:")
	if !ok {
		return core.Principal{}, core.ErrInvalid
	}
	return core.Principal{
		Issuer: "test", Subject: "alice", Audience: []string{"https://mcp.example/mcp"},
		Scopes: strings.Split(list, ","), NoExpiry: true,
	}, nil
}

// gate is a resource server in front of a handler that records what reaches it.
type gate struct {
	handler http.Handler
	ran     []string // bodies
}

func newGate(t *testing.T, change func(*core.Config)) *gate {
	t.Helper()
	c := quiet()
	c.AuthorizationServers, c.Verifiers = nil, []core.Verifier{scopesVerifier{}}
	c.Scopes = []string{"base"}
	change(&c)
	rs, err := core.New(stopped(t), c)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	g.handler = rs.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || int64(len(body)) != r.ContentLength && r.ContentLength >= 0 {
			t.Errorf("the handler reads %d of %d bytes (%v)", len(body), r.ContentLength, err)
		}
		g.ran = append(g.ran, string(body))
		w.WriteHeader(http.StatusAccepted)
	}))
	return g
}

// post sends a message with a token of these scopes, or with none.
func (g *gate) post(scopes, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "https://mcp.example/mcp", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if scopes != "" {
		r.Header.Set("Authorization", "Bearer scopes:"+scopes)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	return w
}

func call(name, arguments string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + name + `","arguments":` + arguments + `}}`
}

func request(method, params string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"` + method + `","params":` + params + `}`
}

// notes is the policy of most rows.
func notes(c *core.Config) {
	c.Implies = map[string][]string{"admin": {"base", "notes:write"}}
	c.Policy = core.Policy{
		Tools: map[string]core.Requirement{
			"get_weather": core.Scopes(),
			"purge":       core.Scopes("notes:write"),
			"export":      core.AnyOf(core.Scopes("x", "y", "z"), core.Scopes("big"), core.Scopes("u", "v")),
			"gone":        core.Never(),
			"open":        core.Anonymous(),
			"zero":        {},
			"read": core.Decide(func(_ context.Context, op core.Operation, _ core.Principal) (core.Requirement, error) {
				path, _, err := op.Argument("path")
				if path == "/public" {
					return core.Scopes(), err
				}
				return core.Scopes("secret"), err
			}),
			"fails": core.Decide(func(context.Context, core.Operation, core.Principal) (core.Requirement, error) {
				return core.Scopes(), errors.New("database down")
			}),
			"panics": core.Decide(func(context.Context, core.Operation, core.Principal) (core.Requirement, error) { panic("boom") }),
			"nested": core.Decide(func(context.Context, core.Operation, core.Principal) (core.Requirement, error) {
				return core.Anonymous(), nil
			}),
		},
		Prompts: map[string]core.Requirement{"hello": core.Scopes(), "danger_prompt": core.Scopes("notes:write")},
		Resources: map[string]core.Requirement{
			"notes://public": core.Scopes(), "notes://secret": core.Scopes("notes:write"),
			"files://{name}": core.Scopes("files"), "files://{+path}": core.Scopes("deep"),
		},
		Methods: map[string]core.Requirement{
			"tools/list": core.Anonymous(), "logging/setLevel": core.Scopes("ops"), "sampling/forbidden": core.Never(),
		},
	}
}

func TestPolicy(t *testing.T) {
	const all = "base,notes:write,files,deep,secret,ops,x,y,z,big,u,v"
	for name, c := range map[string]struct {
		scopes, body string
		status       int
		challenged   string // the scopes of the challenge, or "none" for no challenge
	}{
		"S40 purge without its scope":        {"base", call("purge", "{}"), 403, "base notes:write"},
		"S40 purge with its scope":           {"base,notes:write", call("purge", "{}"), 202, ""},
		"S40 its scope alone isn't enough":   {"notes:write", call("purge", "{}"), 403, "base notes:write"},
		"S8 neither":                         {"other", call("purge", "{}"), 403, "base notes:write"},
		"S9 the hierarchy counts":            {"admin", call("purge", "{}"), 202, ""},
		"S40 a tool with no more needs":      {"base", call("get_weather", `{"city":"x"}`), 202, ""},
		"S10 the smallest alternative":       {"base", call("export", "{}"), 403, "base big"},
		"S10 any alternative":                {"base,u,v", call("export", "{}"), 202, ""},
		"S10 half of two alternatives":       {"base,u,x,y", call("export", "{}"), 403, "base big"},
		"S11 never":                          {all, call("gone", "{}"), 403, "none"},
		"S11 the zero requirement":           {all, call("zero", "{}"), 403, "none"},
		"S46 a tool without a rule":          {all, call("unheard_of", "{}"), 403, "none"},
		"S46 a name that differs in case":    {all, call("Get_Weather", "{}"), 403, "none"},
		"S41 prompt":                         {"base", request("prompts/get", `{"name":"danger_prompt"}`), 403, "base notes:write"},
		"S41 prompt with":                    {all, request("prompts/get", `{"name":"danger_prompt"}`), 202, ""},
		"S41 prompt without a rule":          {all, request("prompts/get", `{"name":"unheard_of"}`), 403, "none"},
		"S41 resource":                       {"base", request("resources/read", `{"uri":"notes://secret"}`), 403, "base notes:write"},
		"S41 resource with":                  {all, request("resources/read", `{"uri":"notes://secret"}`), 202, ""},
		"S41 subscribe":                      {"base", request("resources/subscribe", `{"uri":"notes://secret"}`), 403, "base notes:write"},
		"S41 unsubscribe":                    {"base", request("resources/unsubscribe", `{"uri":"notes://secret"}`), 403, "base notes:write"},
		"G9 raw bytes, no normalisation":     {all, request("resources/read", `{"uri":"notes://%73ecret"}`), 403, "none"},
		"S41 two templates: both needs":      {"base", request("resources/read", `{"uri":"files://a"}`), 403, "base deep files"},
		"S41 two templates: one isn't both":  {"base,files", request("resources/read", `{"uri":"files://a"}`), 403, "base deep files"},
		"S41 one template":                   {"base,deep", request("resources/read", `{"uri":"files://a/b"}`), 202, ""},
		"S41 no template":                    {all, request("resources/read", `{"uri":"other://a"}`), 403, "none"},
		"G9 completion of a prompt":          {"base", request("completion/complete", `{"ref":{"type":"ref/prompt","name":"danger_prompt"},"argument":{"name":"a","value":"b"}}`), 403, "base notes:write"},
		"G9 completion of a prompt with":     {all, request("completion/complete", `{"ref":{"type":"ref/prompt","name":"danger_prompt"},"argument":{"name":"a","value":"b"}}`), 202, ""},
		"G9 completion of a resource":        {"base", request("completion/complete", `{"ref":{"type":"ref/resource","uri":"notes://secret"},"argument":{"name":"a","value":"b"}}`), 403, "base notes:write"},
		"G9 completion of a template":        {"base", request("completion/complete", `{"ref":{"type":"ref/resource","uri":"files://{name}"},"argument":{"name":"a","value":"b"}}`), 403, "base files"},
		"G9 completion of something else":    {all, request("completion/complete", `{"ref":{"type":"ref/tool","name":"purge"},"argument":{"name":"a","value":"b"}}`), 400, "none"},
		"S41 method":                         {"base", request("logging/setLevel", `{"level":"debug"}`), 403, "base ops"},
		"S41 method that never":              {all, request("sampling/forbidden", `{}`), 403, "none"},
		"G9 an unknown method":               {"base", request("made/up", `{}`), 202, ""},
		"G9 an unknown method, no scope":     {"other", request("made/up", `{}`), 403, "base"},
		"S41 needs by arguments, low":        {"base", call("read", `{"path":"/public"}`), 202, ""},
		"S41 needs by arguments, high":       {"base", call("read", `{"path":"/secret"}`), 403, "base secret"},
		"S41 needs by arguments, high, with": {"base,secret", call("read", `{"path":"/secret"}`), 202, ""},
		"S41 needs by arguments, none":       {"base", call("read", `{}`), 403, "base secret"},
		"G7 a case variant alone":            {all, call("read", `{"PATH":"/secret"}`), 403, "none"},
		"G7 two case variants":               {all, call("read", `{"path":"/public","PATH":"/secret"}`), 400, "none"},
		"G7 a duplicate":                     {all, call("read", `{"path":"/public","path":"/secret"}`), 400, "none"},
		"S41 a callback that fails":          {all, call("fails", "{}"), 403, "none"},
		"S41 a callback that panics":         {all, call("panics", "{}"), 403, "none"},
		"S41 a callback that says anonymous": {all, call("nested", "{}"), 403, "none"},
		"S47 an anonymous tool":              {"", call("open", "{}"), 202, ""},
		"S47 an anonymous tool, any token":   {"other", call("open", "{}"), 202, ""},
		"S47 an anonymous method":            {"", request("tools/list", "{}"), 202, ""},
		"S47 anything else":                  {"", call("get_weather", "{}"), 401, "base"},
		"S47 an argument-dependent tool":     {"", call("read", `{"path":"/public"}`), 401, "base"},
		"G9 tasks, with a table of tools":    {all, request("tasks/result", `{"taskId":"1"}`), 403, "none"},
		"S44 a batch":                        {all, "[" + call("get_weather", "{}") + "]", 400, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, notes)
			w := g.post(c.scopes, c.body)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if ran := len(g.ran) == 1; ran != (c.status == http.StatusAccepted) {
				t.Errorf("the handler ran: %v", ran)
			}
			if c.status == http.StatusAccepted {
				if g.ran[0] != c.body {
					t.Errorf("the handler got other bytes: %s", g.ran[0])
				}
				return
			}
			challenge := w.Header().Get("WWW-Authenticate")
			if none := challenge == ""; none != (c.challenged == "none") {
				t.Errorf("challenge %q, want %s", challenge, c.challenged)
			} else if !none && !strings.Contains(challenge, `scope="`+c.challenged+`"`) {
				t.Errorf("challenge %q, want scopes %s", challenge, c.challenged)
			}
			if c.status == http.StatusForbidden {
				checkRPCError(t, w.Body.Bytes(), c.challenged)
			}
		})
	}
}

// checkRPCError checks S13: an answer to the very request.
func checkRPCError(t *testing.T, body []byte, challenged string) {
	t.Helper()
	var answer struct {
		Version string `json:"jsonrpc"`
		ID      int    `json:"id"`
		Error   struct {
			Code int
			Data struct{ Error, Scope string }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Version != "2.0" || answer.ID != 7 || answer.Error.Code != -32003 {
		t.Errorf("S13: the body is no JSON-RPC error for request 7: %s", body)
	}
	if challenged == "none" {
		challenged = ""
	}
	if answer.Error.Data.Scope != challenged {
		t.Errorf("S13: scope %q in the body, want %q", answer.Error.Data.Scope, challenged)
	}
}

func TestS47BadTokensAreRefusedUnread(t *testing.T) {
	g := newGate(t, notes)
	r := httptest.NewRequest(http.MethodPost, "https://mcp.example/mcp", unreadable{t})
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer bad")
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized || len(g.ran) != 0 {
		t.Errorf("G1: status %d, ran %d times", w.Code, len(g.ran))
	}
}

type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("G1: the body was read before the token was good")
	return 0, io.EOF
}

func TestMessagesThatAreRefused(t *testing.T) {
	ok := call("get_weather", "{}")
	for name, c := range map[string]struct {
		body    string
		headers []string
		status  int
		code    string
	}{
		"S42 agreeing":                   {ok, []string{"Mcp-Method", "tools/call", "Mcp-Name", "get_weather"}, 202, ""},
		"S42 agreeing in base64":         {ok, []string{"Mcp-Method", "tools/call", "Mcp-Name", "=?base64?Z2V0X3dlYXRoZXI=?="}, 202, ""},
		"S42 another name":               {ok, []string{"Mcp-Name", "purge"}, 400, "-32020"},
		"S42 another name in base64":     {ok, []string{"Mcp-Name", "=?base64?cHVyZ2U=?="}, 400, "-32020"},
		"S42 bad base64":                 {ok, []string{"Mcp-Name", "=?base64?!?="}, 400, "-32020"},
		"S42 another method":             {ok, []string{"Mcp-Method", "ping"}, 400, "-32020"},
		"S42 a method in another case":   {ok, []string{"Mcp-Method", "Tools/Call"}, 400, "-32020"},
		"S42 a name for nothing":         {request("ping", "{}"), []string{"Mcp-Name", "x"}, 400, "-32020"},
		"S42 the name beside the URI":    {request("resources/read", `{"uri":"notes://public","name":"x"}`), []string{"Mcp-Name", "x"}, 400, "-32020"},
		"S42 the URI":                    {request("resources/read", `{"uri":"notes://public"}`), []string{"Mcp-Name", "notes://public"}, 202, ""},
		"G3 two Mcp-Name":                {ok, []string{"Mcp-Name", "get_weather", "Mcp-Name", "purge"}, 400, "-32600"},
		"G3 two Mcp-Method":              {ok, []string{"Mcp-Method", "tools/call", "Mcp-Method", "tools/call"}, 400, "-32600"},
		"G3 two versions":                {ok, []string{"Mcp-Protocol-Version", "2025-03-26", "Mcp-Protocol-Version", "2026-07-28"}, 400, "-32600"},
		"G3 two content types":           {ok, []string{"Content-Type", "text/plain"}, 400, "-32600"},
		"S43 gzip":                       {ok, []string{"Content-Encoding", "gzip"}, 415, "-32600"},
		"S43 identity":                   {ok, []string{"Content-Encoding", "identity"}, 202, ""},
		"S43 duplicate method":           {`{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/call","params":{"name":"get_weather"}}`, nil, 400, "-32700"},
		"S43 case variant":               {`{"jsonrpc":"2.0","id":7,"method":"ping","METHOD":"tools/call"}`, nil, 400, "-32700"},
		"S43 duplicate name":             {request("tools/call", `{"name":"get_weather","name":"purge"}`), nil, 400, "-32700"},
		"S43 case variant of name":       {request("tools/call", `{"name":"get_weather","NAME":"purge"}`), nil, 400, "-32700"},
		"S43 trailing document":          {ok + ok, nil, 400, "-32700"},
		"S43 byte order mark":            {"\ufeff" + ok, nil, 400, "-32700"},
		"S43 invalid UTF-8":              {call("get_weather\xff", "{}"), nil, 400, "-32700"},
		"S43 empty":                      {"", nil, 400, "-32700"},
		"S43 an escape is no ambiguity":  {`{"jsonrpc":"2.0","id":7,"\u006dethod":"tools/call","params":{"n\u0061me":"get_\u0077eather","arguments":{}}}`, nil, 202, ""},
		"S43 white space is none either": {" \r\n\t" + ok + "\n ", nil, 202, ""},
		"S43 too large":                  {call("get_weather", `{"x":"`+strings.Repeat("a", 5000)+`"}`), nil, 413, "-32600"},
		"G8 no name":                     {request("tools/call", `{}`), nil, 400, "-32600"},
		"G8 no params":                   {`{"jsonrpc":"2.0","id":7,"method":"tools/call"}`, nil, 400, "-32600"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, func(c *core.Config) {
				notes(c)
				c.Limits.BodyBytes = 4096
			})
			w := g.post("base", c.body, c.headers...)
			if w.Code != c.status || (len(g.ran) == 1) != (c.status == http.StatusAccepted) {
				t.Fatalf("status %d, ran %d times, want %d: %s", w.Code, len(g.ran), c.status, w.Body)
			}
			if c.code != "" && !strings.Contains(w.Body.String(), `"code":`+c.code) {
				t.Errorf("the body lacks code %s: %s", c.code, w.Body)
			}
			if strings.Contains(w.Body.String(), "purge") {
				t.Errorf("the body repeats what was sent: %s", w.Body)
			}
		})
	}
}

func TestContentTypes(t *testing.T) {
	for contentType, want := range map[string]int{
		"application/json":                   202,
		"Application/JSON":                   202,
		"application/json; charset=utf-8":    202,
		`application/json; charset="UTF-8"`:  202,
		"application/json; charset=utf-16":   415,
		"application/json; boundary=x":       415,
		"application/json-rpc":               415,
		"text/plain":                         415,
		"":                                   415,
		"application/json, application/json": 415,
	} {
		g := newGate(t, notes)
		r := httptest.NewRequest(http.MethodPost, "https://mcp.example/mcp", strings.NewReader(call("get_weather", "{}")))
		r.Header.Set("Authorization", "Bearer scopes:base")
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		g.handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("G3: %q: status %d, want %d", contentType, w.Code, want)
		}
	}
}

func TestDenyWithToolResult(t *testing.T) {
	g := newGate(t, func(c *core.Config) {
		notes(c)
		c.Policy.DenyWithToolResult = true
	})
	w := g.post("base", call("purge", "{}"))
	var answer struct {
		ID     int
		Result struct {
			Content []struct{ Type, Text string }
			IsError bool
			Meta    map[string][]string `json:"_meta"`
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || !answer.Result.IsError || answer.ID != 7 ||
		len(answer.Result.Content) != 1 || answer.Result.Content[0].Type != "text" || answer.Result.Content[0].Text == "" {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if got := answer.Result.Meta["mcp/www_authenticate"]; len(got) != 1 || !strings.Contains(got[0], `scope="base notes:write"`) {
		t.Errorf("the challenge is %q", got)
	}
	for name, body := range map[string]string{"a prompt": request("prompts/get", `{"name":"danger_prompt"}`), "never": call("gone", "{}")} {
		if w := g.post("base", body); w.Code != http.StatusForbidden {
			t.Errorf("%s: status %d, want 403", name, w.Code)
		}
	}
}

// It holds for the endpoint's own scopes, too, where no table says more.
func TestDenyWithToolResultAlone(t *testing.T) {
	g := newGate(t, func(c *core.Config) { c.Policy.DenyWithToolResult = true })
	if w := g.post("other", call("x", "{}")); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"isError":true`) {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

// A subscription to nothing is the MCP handler's to refuse where no table decides:
// it may have no such method (G8).
func TestSubscriptionToNothing(t *testing.T) {
	for name, c := range map[string]struct {
		policy core.Policy
		status int
	}{
		"a table of another kind": {core.Policy{Tools: map[string]core.Requirement{"open": core.Scopes()}}, http.StatusAccepted},
		"methods alone":           {core.Policy{Methods: map[string]core.Requirement{"resources/subscribe": core.Scopes()}}, http.StatusAccepted},
		"a method that needs more": {
			core.Policy{Methods: map[string]core.Requirement{"resources/subscribe": core.Scopes("more")}}, http.StatusForbidden,
		},
		"a table of its kind": {core.Policy{Resources: map[string]core.Requirement{}, Unlisted: core.Scopes()}, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, func(config *core.Config) { config.Policy = c.policy })
			w := g.post("base", request("resources/subscribe", "{}"))
			if w.Code != c.status || (len(g.ran) == 1) != (c.status == http.StatusAccepted) {
				t.Errorf("status %d, ran %d times, want %d: %s", w.Code, len(g.ran), c.status, w.Body)
			}
			if c.status != http.StatusAccepted && !strings.Contains(w.Body.String(), `"id":7`) {
				t.Errorf("the answer has not the request's id: %s", w.Body)
			}
		})
	}
}
