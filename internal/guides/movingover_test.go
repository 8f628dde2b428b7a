package guides

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// notes is the MCP server on both sides of the move. Its tools tell the caller
// in the manner of either.
func notes() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami"}, func(ctx context.Context, req *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
		caller, _ := core.PrincipalFrom(ctx)
		said := "sub=" + caller.Subject + subject(ctx)
		if req.Extra.Header.Get("Authorization") != "" {
			said += " and here is the token"
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: said}}}, nil, nil
	})
	mcp.AddTool(server, &mcp.Tool{Name: "purge"}, func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "purged"}}}, nil, nil
	})
	return server
}

// move is an app before and after.
type move struct {
	before, after *apptest.Site
}

// moved builds the app twice. A router that forgives slashes stands for those of
// the guide's readers.
func moved(b *apptest.Bench, as *authtest.Server, stateless bool) move {
	b.Helper()
	options := &mcp.StreamableHTTPOptions{Stateless: stateless}
	server := notes()
	sdk := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, options)
	router := gin.New()
	router.RemoveExtraSlash = true
	router.Any("/mcp", gin.WrapH(sdk))
	before, err := requireToken(b.Context(), as.Endpoints().KeySet, router)
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	if err := protect(b.Context(), mux, apptest.Resource, as.Issuer(), gosdk.Handler(notes(), options)); err != nil {
		b.Fatal(err)
	}
	return move{before: b.Serve(before), after: b.Serve(mux)}
}

// message is a request without any of the headers that mirror its body.
func message(token, body string) apptest.Request {
	r := apptest.Call("/mcp", token, "")
	for _, name := range []string{"Mcp-Method", "Mcp-Name", "MCP-Protocol-Version"} {
		delete(r.Header, name)
	}
	r.Body = body
	return r
}

func callOf(tool string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":{}}}`
}

// mistake is one that the guide names, by the number it has there.
type mistake struct {
	number  int
	request apptest.Request
	// wrong is what the middleware answers, and right what the kit does.
	wrong, right answer
}

// answer is a status and a part of the body. The zero answer is any but 200.
type answer struct {
	status int
	says   string
}

func (a answer) check(s *apptest.Site, about string, r apptest.Request) apptest.Answer {
	s.Helper()
	got := s.Do(r)
	if a.status == 0 && got.Status == http.StatusOK || a.status != 0 && got.Status != a.status || !strings.Contains(got.Body, a.says) {
		s.Errorf("%s: status %d and %.200q, want %d and %q", about, got.Status, got.Body, a.status, a.says)
	}
	return got
}

// TestMistakes proves each mistake that can be seen in one answer.
func TestMistakes(t *testing.T) {
	b := newBench(t)
	m := moved(b, b.AS, true)
	good := b.AS.Token(apptest.Resource)
	mint := func(token authtest.Token) string {
		if token.Audience == nil {
			token.Audience = apptest.Resource
		}
		return b.AS.Mint(token)
	}
	who := callOf("whoami")
	query := message("", who)
	query.Path += "?access_token=" + good
	slashes := message("", who)
	slashes.Path = "//mcp"
	runs, refused := answer{http.StatusOK, "sub=alice"}, answer{http.StatusUnauthorized, "invalid_token"}
	elsewhere := answer{} // another path, which the router redirects from or doesn't know
	purges, lacks := answer{http.StatusOK, "purged"}, answer{http.StatusForbidden, "insufficient_scope"}
	for _, c := range []mistake{
		{1, slashes, answer{http.StatusOK, "sub="}, elsewhere},
		{2, message("", who).With("Authorization", "bearer "+good), answer{http.StatusUnauthorized, "bad token"}, runs},
		{2, message("", who).With("Authorization", good), runs, answer{http.StatusUnauthorized, "unauthorized"}},
		{3, query, runs, answer{http.StatusUnauthorized, "unauthorized"}},
		{4, message(mint(authtest.Token{Issuer: "https://elsewhere.example"}), who), runs, refused},
		{5, message(mint(authtest.Token{Audience: "https://other.example/mcp"}), who), runs, refused},
		{6, message(mint(authtest.Token{Claims: map[string]any{"exp": authtest.Absent}}), who), runs, refused},
		{7, message(mint(authtest.Token{Claims: map[string]any{"nonce": "n"}, Type: "JWT"}), who), runs, refused},
		{7, message(mint(authtest.Token{Claims: map[string]any{"cnf": map[string]any{"jkt": "x"}}}), who), runs, refused},
		{8, message(mint(authtest.Token{Expiry: time.Now().Add(-time.Hour)}), who), answer{http.StatusUnauthorized, "token is expired"}, refused},
		{11, message(good, strings.Replace(callOf("purge"), `"purge"`, `"purge","NAME":"whoami"`, 1)), purges, answer{http.StatusBadRequest, "invalid_request"}},
		{12, message(good, "["+callOf("purge")+"]"), purges, answer{http.StatusBadRequest, "invalid_request"}},
		{13, message(mint(authtest.Token{Scopes: []string{"notes:write-drafts"}}), callOf("purge")), purges, lacks},
		{14, message(mint(authtest.Token{Claims: map[string]any{"scp": []string{"notes:write"}}}), callOf("purge")), answer{http.StatusForbidden, "forbidden"}, purges},
		{15, message(good, callOf("purge")), answer{http.StatusForbidden, "forbidden"}, lacks},
		{16, message(good, who), answer{http.StatusOK, "here is the token"}, runs},
	} {
		about := "mistake " + strconv.Itoa(c.number)
		c.wrong.check(m.before, about+" before", c.request)
		after := c.right.check(m.after, about+" after", c.request)
		if strings.Contains(after.Body, "here is the token") {
			t.Errorf("%s: the token is passed on", about)
		}
	}

	// 10 and 15: what a client needs to go on.
	for number, r := range map[int]apptest.Request{10: message("", who), 15: message(good, callOf("purge"))} {
		if challenge := m.before.Do(r).Header.Get("WWW-Authenticate"); challenge != "" {
			t.Errorf("mistake %d before: a challenge, %q", number, challenge)
		}
		challenge := m.after.Do(r).Header.Get("WWW-Authenticate")
		if !strings.Contains(challenge, "resource_metadata=") || number == 15 && !strings.Contains(challenge, `scope="notes:write"`) {
			t.Errorf("mistake %d after: the challenge is %q", number, challenge)
		}
	}
	m.before.CheckStatus("the metadata before", m.before.Do(apptest.Request{Path: "/.well-known/oauth-protected-resource/mcp"}), http.StatusNotFound)
	m.after.CheckMetadata(apptest.Resource, "/.well-known/oauth-protected-resource/mcp")
}

// TestMistakeOutage: 9, an outage of the authorization server looks like a bad
// token.
func TestMistakeOutage(t *testing.T) {
	b := newBench(t)
	as := authtest.NewServer(t)
	good := as.Token(apptest.Resource)
	as.Down()
	m := moved(b, as, true)
	answer{http.StatusUnauthorized, "bad token"}.check(m.before, "before", message(good, callOf("whoami")))
	after := answer{http.StatusServiceUnavailable, "temporarily_unavailable"}.check(m.after, "after", message(good, callOf("whoami")))
	if after.Header.Get("Retry-After") == "" {
		t.Error("after: no Retry-After")
	}
}

// TestMistakeSession: 17, in a session the tool sees who opened it.
func TestMistakeSession(t *testing.T) {
	b := newBench(t)
	m := moved(b, b.AS, false)
	bob := b.AS.Mint(authtest.Token{Subject: "bob", Audience: apptest.Resource})
	for about, c := range map[string]struct {
		site *apptest.Site
		want answer
	}{
		"before": {m.before, answer{http.StatusOK, "sub=alice"}}, "after": {m.after, answer{http.StatusNotFound, "session_not_found"}},
	} {
		opened := c.site.Do(message(b.AS.Token(apptest.Resource), `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{`+
			`"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`))
		session := opened.Header.Get("Mcp-Session-Id")
		if session == "" {
			t.Fatalf("%s: no session: status %d", about, opened.Status)
		}
		c.want.check(c.site, about, message(bob, callOf("whoami")).With("Mcp-Session-Id", session).With("MCP-Protocol-Version", "2025-11-25"))
	}
}

// TestMistakesAreNamed: the guide's table has the mistakes that are proved here,
// one after the other, each with requirements that there are.
func TestMistakesAreNamed(t *testing.T) {
	const proved = 17
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|(.*)$`).FindAllStringSubmatch(read(t, docs+"/moving-over.md"), -1)
	requirements := read(t, docs+"/conformance.md")
	if len(rows) != proved {
		t.Errorf("the guide names %d mistakes, and %d are proved", len(rows), proved)
	}
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Errorf("mistake %d has the number %s", i+1, row[1])
		}
		for _, id := range regexp.MustCompile(`\b[SG]\d+\b`).FindAllString(row[2], -1) {
			if !regexp.MustCompile(`\b` + id + `[:/]`).MatchString(requirements) {
				t.Errorf("mistake %s breaks %s, which is no requirement", row[1], id)
			}
		}
	}
}
