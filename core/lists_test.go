package core_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
)

const threeTools = `{"jsonrpc":"2.0","id":7,"result":{"tools":[{"name":"get_weather","x":1},{"name":"purge"},{"name":"gone"},{"name":"read"},{"name":"unheard_of"}],"nextCursor":"c","cacheScope":"public"}}`

// listGate answers every request that gets through with the given answer.
func listGate(t *testing.T, contentType string, parts ...string) *gate {
	t.Helper()
	return &gate{handler: listHandler(t, func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", contentType)
		for _, part := range parts {
			fmt.Fprint(w, part)
			_ = http.NewResponseController(w).Flush()
		}
	})}
}

func listHandler(t *testing.T, answer func(http.ResponseWriter)) http.Handler {
	t.Helper()
	return listsBefore(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Mcp-Session-Id", "only")
		answer(w)
	})
}

// listsBefore filters the lists of an MCP server.
func listsBefore(t *testing.T, mcp http.HandlerFunc) http.Handler {
	t.Helper()
	c := quiet()
	c.AuthorizationServers, c.Verifiers, c.Scopes = nil, []core.Verifier{scopesVerifier{}}, []string{"base"}
	notes(&c)
	c.Policy.FilterLists = true
	rs, err := core.New(stopped(t), c)
	if err != nil {
		t.Fatal(err)
	}
	return rs.Handler(mcp)
}

// listed returns the names that an answer lists, and its cacheScope.
func listed(t *testing.T, text, member, name string) (names []string, scope string) {
	t.Helper()
	var answer struct {
		ID     int
		Result map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.ID != 7 {
		t.Fatalf("no answer to request 7: %q", text)
	}
	var entries []map[string]any
	if err := json.Unmarshal(answer.Result[member], &entries); err != nil {
		t.Fatalf("no %s: %s", member, text)
	}
	for _, e := range entries {
		names = append(names, fmt.Sprint(e[name]))
	}
	_ = json.Unmarshal(answer.Result["cacheScope"], &scope)
	return names, scope
}

func TestS45ListsShowWhatTheCallerMayUse(t *testing.T) {
	for name, c := range map[string]struct{ scopes, method, answer, member, key, want string }{
		"without the scope": {"base", "tools/list", threeTools, "tools", "name", "get_weather read"},
		"with the scope":    {"base,notes:write", "tools/list", threeTools, "tools", "name", "get_weather purge read"},
		"anonymous":         {"", "tools/list", threeTools, "tools", "name", "get_weather purge read"},
		"prompts": {
			"base", "prompts/list", `{"id":7,"result":{"prompts":[{"name":"hello"},{"name":"danger_prompt"}]}}`, "prompts", "name", "hello",
		},
		"resources": {
			"base", "resources/list", `{"id":7,"result":{"resources":[{"uri":"notes://public"},{"uri":"notes://secret"},{"uri":"x://y"}]}}`, "resources", "uri", "notes://public",
		},
		"templates": {
			"base,files", "resources/templates/list", `{"id":7,"result":{"resourceTemplates":[{"uriTemplate":"files://{name}"},{"uriTemplate":"files://{+path}"}]}}`,
			"resourceTemplates", "uriTemplate", "files://{name}",
		},
		"an empty list": {"base", "prompts/list", `{"id":7,"result":{"prompts":null}}`, "prompts", "name", ""},
	} {
		t.Run(name, func(t *testing.T) {
			bodies := map[string]string{
				"JSON":   listGate(t, "application/json", c.answer).post(c.scopes, request(c.method, "{}")).Body.String(),
				"stream": listGate(t, "text/event-stream", "event: message\ndata: "+c.answer+"\n\n").post(c.scopes, request(c.method, "{}")).Body.String(),
			}
			for form, body := range bodies {
				if form == "stream" {
					if !strings.HasPrefix(body, "event: message\ndata: ") || !strings.HasSuffix(body, "\n\n") {
						t.Fatalf("no event: %q", body)
					}
					body = strings.TrimPrefix(body, "event: message\ndata: ")
				}
				names, scope := listed(t, body, c.member, c.key)
				if got := strings.Join(names, " "); got != c.want || scope != "private" {
					t.Errorf("%s lists %q with cacheScope %q, want %q, private", form, got, scope, c.want)
				}
			}
		})
	}
}

func TestListsKeepWhatIsNotTheList(t *testing.T) {
	body := listGate(t, "application/json", threeTools).post("base", request("tools/list", "{}")).Body.String()
	for _, want := range []string{`"nextCursor":"c"`, `"x":1`, `"jsonrpc":"2.0"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the answer lost %s: %s", want, body)
		}
	}
	stream := listGate(
		t, "text/event-stream", ": hello\n\n", "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\n",
		"\nid: 1\ndata: "+threeTools[:40], threeTools[40:]+"\n\n",
	).post("base", request("tools/list", "{}")).Body.String()
	if !strings.HasPrefix(stream, ": hello\n\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\n\nid: 1\n") {
		t.Errorf("the events before the list changed: %q", stream)
	}
	if strings.Contains(stream, "purge") || !strings.Contains(stream, "get_weather") {
		t.Errorf("an event in two pieces wasn't filtered: %q", stream)
	}
	if marked := listGate(t, "text/event-stream", "\ufeffdata: "+threeTools+"\n\n").post("base", request("tools/list", "{}")).Body.String(); strings.Contains(marked, "purge") {
		t.Errorf("behind a byte order mark the list wasn't filtered: %q", marked)
	}
	for name, end := range map[string]string{"CR LF": "\r\n", "CR": "\r"} {
		stream := listGate(t, "text/event-stream", "id: 1"+end+"data: "+threeTools+end, end+": bye"+end+end).post("base", request("tools/list", "{}")).Body.String()
		if strings.Contains(stream, "purge") || !strings.Contains(stream, "get_weather") || !strings.HasSuffix(stream, "\n\n: bye\n\n") {
			t.Errorf("lines that end with %s weren't filtered: %q", name, stream)
		}
	}
	if body := listGate(t, "application/json", threeTools).post("base", request("made/up", "{}")).Body.String(); body != threeTools {
		t.Errorf("another answer changed: %s", body)
	}
}

// TestS45ListsOfResumedStreams takes up a stream that began as the answer to an
// earlier request: what it lists is filtered, all else passes.
func TestS45ListsOfResumedStreams(t *testing.T) {
	const other = `{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"purge"}]}}`
	g := listGate(t, "text/event-stream", "data: "+other+"\n\n", "data: "+threeTools+"\n\n", "data: {\"id\":4,\"result\":{\"prompts\":[\"danger_prompt\"]}}\n\n")
	g.post("base", request("tools/list", "{}")) // opens the session
	r := httptest.NewRequest(http.MethodGet, "https://mcp.example/mcp", http.NoBody)
	r.Header.Set("Authorization", "Bearer scopes:base")
	r.Header.Set("Mcp-Session-Id", "only")
	r.Header.Set("Last-Event-ID", "1")
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	events := strings.Split(w.Body.String(), "\n\n")
	if w.Code != http.StatusOK || len(events) != 4 || events[0] != "data: "+other {
		t.Fatalf("status %d, and not what was sent: %q", w.Code, events)
	}
	if names, scope := listed(t, strings.TrimPrefix(events[1], "data: "), "tools", "name"); strings.Join(names, " ") != "get_weather read" || scope != "private" {
		t.Errorf("it lists %q with cacheScope %q", names, scope)
	}
	if strings.Contains(events[2], "danger") || !strings.Contains(events[2], `"error"`) {
		t.Errorf("a list that can't be filtered was shown: %s", events[2])
	}
}

// TestListsComeUncompressed sees to it that the handler gets no reason to
// compress what must be read.
func TestListsComeUncompressed(t *testing.T) {
	c := quiet()
	c.AuthorizationServers, c.Verifiers, c.Scopes = nil, []core.Verifier{scopesVerifier{}}, []string{"base"}
	c.Policy = core.Policy{FilterLists: true}
	rs, err := core.New(stopped(t), c)
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(map[string]string)
	handler := rs.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		accepted[r.Header.Get("Mcp-Method")] = r.Header.Get("Accept-Encoding")
	}))
	for _, method := range []string{"tools/list", "tools/call"} {
		r := httptest.NewRequest(http.MethodPost, "https://mcp.example/mcp", strings.NewReader(request(method, `{"name":"x"}`)))
		r.Header.Set("Authorization", "Bearer scopes:base")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Mcp-Method", method)
		r.Header.Set("Accept-Encoding", "gzip")
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	if len(accepted) != 2 || accepted["tools/list"] != "" || accepted["tools/call"] != "gzip" {
		t.Errorf("the handler was told to accept %q", accepted)
	}
}

func TestListsThatCannotBeFilteredAreNotShown(t *testing.T) {
	for name, answer := range map[string]string{
		"no JSON":              "secret purge",
		"cut off":              threeTools[:100],
		"result of other type": `{"id":7,"result":["purge"]}`,
		"list of other type":   `{"id":7,"result":{"tools":{"name":"purge"}}}`,
		"entry without a name": `{"id":7,"result":{"tools":[{"title":"purge"}]}}`,
		"entry that is text":   `{"id":7,"result":{"tools":["purge"]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := listGate(t, "application/json", answer).post("base", request("tools/list", "{}"))
			if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "purge") || !strings.Contains(w.Body.String(), `"id":7`) {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
			w = listGate(t, "text/event-stream", "data: "+answer+"\n\n").post("base", request("tools/list", "{}"))
			if strings.Contains(w.Body.String(), "purge") || !strings.Contains(w.Body.String(), `"id":7`) {
				t.Errorf("in a stream: %s", w.Body)
			}
		})
	}
}

func TestListsOfAFailingServerPass(t *testing.T) {
	failed := `{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"busy"}}`
	for body, want := range map[string]string{failed: failed, threeTools: "get_weather read"} {
		g := &gate{handler: listHandler(t, func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, body)
		})}
		w := g.post("base", request("tools/list", "{}"))
		got := w.Body.String()
		if body == threeTools {
			names, _ := listed(t, got, "tools", "name")
			got = strings.Join(names, " ")
		}
		if w.Code != http.StatusBadGateway || got != want {
			t.Errorf("status %d: %s, want %s", w.Code, got, want)
		}
	}
	c := quiet()
	c.AuthorizationServers, c.Verifiers, c.Scopes = nil, []core.Verifier{scopesVerifier{}}, []string{"base"}
	c.Policy = core.Policy{FilterLists: true}
	rs, err := core.New(stopped(t), c)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{handler: rs.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "bad request", http.StatusBadRequest)
	}))}
	if w := g.post("base", request("tools/list", "{}")); w.Code != http.StatusBadRequest || w.Body.String() != "bad request\n" {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	var silent *httptest.ResponseRecorder
	g.handler = rs.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	if silent = g.post("base", request("tools/list", "{}")); silent.Body.Len() != 0 {
		t.Errorf("an answer out of nothing: %s", silent.Body)
	}
}

// TestListsAfterInformationalAnswers: S45, behind a proxy that passes a 103 on. It
// says nothing yet of the answer.
func TestListsAfterInformationalAnswers(t *testing.T) {
	for contentType, answer := range map[string]string{"application/json": threeTools, "text/event-stream": "data: " + threeTools + "\n\n"} {
		s := httptest.NewServer(listHandler(t, func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, answer)
		}))
		t.Cleanup(s.Close)
		status, header, body := exchange(t, s.URL, request("tools/list", "{}"))
		names, _ := listed(t, strings.TrimPrefix(body, "data: "), "tools", "name")
		if status != http.StatusBadGateway || header.Get("Content-Type") != contentType || strings.Join(names, " ") != "get_weather read" {
			t.Errorf("status %d, %s: %s", status, header.Get("Content-Type"), body)
		}
	}
}

// TestListStreamsOpenAtOnce: S45 and S52, the header of a stream goes out when the
// handler flushes it, which may be long before there is an event.
func TestListStreamsOpenAtOnce(t *testing.T) {
	opened := make(chan struct{})
	s := httptest.NewServer(listHandler(t, func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		<-opened
		fmt.Fprint(w, "data: "+threeTools+"\n\n")
	}))
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	answer, err := http.DefaultClient.Do(posted(ctx, t, s.URL, request("tools/list", "{}")))
	close(opened)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err != nil || strings.Contains(string(body), "purge") || !strings.Contains(string(body), "get_weather") {
		t.Errorf("%s, error %v", body, err)
	}
}

// TestCompressedListsAreNotShown: S45, a handler may compress unasked (RFC 9110
// §12.5.3). What the filter can't read doesn't go out, nor is a failure said to be
// compressed.
func TestCompressedListsAreNotShown(t *testing.T) {
	for _, contentType := range []string{"application/json", "text/event-stream"} {
		w := (&gate{handler: listHandler(t, func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Content-Encoding", "gzip")
			fmt.Fprint(w, "purge\n\n")
		})}).post("base", request("tools/list", "{}"))
		if w.Code != http.StatusInternalServerError || w.Header().Get("Content-Encoding") != "" ||
			strings.Contains(w.Body.String(), "purge") || !strings.Contains(w.Body.String(), `"id":7`) {
			t.Errorf("%s: status %d, %q: %q", contentType, w.Code, w.Header(), w.Body)
		}
	}
}

// TestS45ListsFollowTheMethodsToo: what Policy.Methods denies a caller is as little
// the caller's to see as what a table denies.
func TestS45ListsFollowTheMethodsToo(t *testing.T) {
	for _, c := range []struct{ use, list, answer, member, key, name string }{
		{"tools/call", "tools/list", `{"id":7,"result":{"tools":[{"name":"x"}]}}`, "tools", "name", "x"},
		{"prompts/get", "prompts/list", `{"id":7,"result":{"prompts":[{"name":"x"}]}}`, "prompts", "name", "x"},
		{"resources/read", "resources/list", `{"id":7,"result":{"resources":[{"uri":"x://y"}]}}`, "resources", "uri", "x://y"},
		{"resources/read", "resources/templates/list", `{"id":7,"result":{"resourceTemplates":[{"uriTemplate":"x://{y}"}]}}`, "resourceTemplates", "uriTemplate", "x://{y}"},
	} {
		config := quiet()
		config.AuthorizationServers, config.Verifiers, config.Scopes = nil, []core.Verifier{scopesVerifier{}}, []string{"base"}
		config.Policy = core.Policy{FilterLists: true, Methods: map[string]core.Requirement{c.use: core.Scopes("use")}}
		rs, err := core.New(stopped(t), config)
		if err != nil {
			t.Fatal(err)
		}
		g := &gate{handler: rs.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.answer) }))}
		for scopes, want := range map[string]string{"base": "", "base,use": c.name} {
			names, _ := listed(t, g.post(scopes, request(c.list, "{}")).Body.String(), c.member, c.key)
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s lists %q to a caller with %s, who may use %q", c.list, got, scopes, want)
			}
		}
	}
}

// TestS48SessionsOfSilentAnswers: a session belongs to its opener also where the answer
// that opens it is filtered, and the handler leaves it to net/http.
func TestS48SessionsOfSilentAnswers(t *testing.T) {
	s := httptest.NewServer(listHandler(t, func(http.ResponseWriter) {}))
	defer s.Close()
	for _, session := range []string{"", "only"} {
		if status, _, body := exchange(t, s.URL, request("tools/list", "{}"), func(r *http.Request) { r.Header.Set("Mcp-Session-Id", session) }); status != http.StatusOK {
			t.Errorf("in session %q: status %d: %s", session, status, body)
		}
	}
}
