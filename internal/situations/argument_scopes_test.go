package situations

import (
	"context"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

type fileQuery struct {
	Path string `json:"path"`
}

// fileNeeds lets everybody read public files, and asks for a scope more for any
// other: also where the path is missing or isn't one, so that what nobody has
// thought of needs more and not less. An argument that could be read in two ways
// is refused before this is asked, or by Argument.
func fileNeeds(_ context.Context, op core.Operation, _ core.Principal) (core.Requirement, error) {
	value, _, err := op.Argument("path")
	if err != nil {
		return core.Never(), err
	}
	if name, ok := value.(string); ok && strings.HasPrefix(path.Clean(name), "/public/") {
		return core.Scopes(), nil
	}
	return core.Scopes("files:secret"), nil
}

// fileApp serves a tool that needs a scope more for some of its arguments. A
// client without it is challenged, and steps up. The tool's run is reported to
// read.
func fileApp(ctx context.Context, resource, issuer string, read func(path string)) (http.Handler, error) {
	server := mcp.NewServer(&mcp.Implementation{Name: "files", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "read_file"},
		func(_ context.Context, _ *mcp.CallToolRequest, in fileQuery) (*mcp.CallToolResult, any, error) {
			read(path.Clean(in.Path))
			return textResult("the text of " + in.Path), nil, nil
		})
	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Scopes:               []string{"files:read"},
		Policy: core.Policy{
			Tools: map[string]core.Requirement{"read_file": core.Decide(fileNeeds)},
		},
		// A scope that only a callback names is listed here, for clients that
		// ask for all there is and so get to the secret files at once.
		Metadata: core.Metadata{ScopesSupported: []string{"files:read", "files:secret"}},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(server, nil))
}

func TestArgumentDependentScopes(t *testing.T) {
	as := authtest.NewServer(t)
	runs := make(chan string, 1)
	base := startApp(t, func(base string) (http.Handler, error) {
		return fileApp(t.Context(), base+"/mcp", as.Issuer(), func(path string) { runs <- path })
	})
	reader := as.Token(base+"/mcp", "files:read")
	insider := as.Token(base+"/mcp", "files:read", "files:secret")
	// ask calls the tool with these arguments and returns which file it read.
	ask := func(t *testing.T, token, arguments string) (answer, string) {
		t.Helper()
		got := post(t, base+"/mcp", token, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":`+arguments+`}}`)
		select {
		case path := <-runs:
			return got, path
		default:
			return got, ""
		}
	}

	for name, c := range map[string]struct{ arguments, path string }{
		"public":                  {`{"path":"/public/a"}`, "/public/a"},
		"secret":                  {`{"path":"/secret/a"}`, "/secret/a"},
		"secret, its key escaped": {`{"pat\u0068":"/secret/a"}`, "/secret/a"},
		"secret, escaped":         {`{"path":"\u002fsecret/a"}`, "/secret/a"},
		"secret, by a detour":     {`{"path":"/public/../secret/a"}`, "/secret/a"},
		"secret, by its prefix":   {`{"path":"/publicity"}`, "/publicity"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ran := ask(t, insider, c.arguments); got.status != http.StatusOK || ran != c.path {
				t.Errorf("an insider: status %d and read %q, want %q; body %q", got.status, ran, c.path, got.body)
			}
			got, ran := ask(t, reader, c.arguments)
			if strings.HasPrefix(c.path, "/public/") {
				if got.status != http.StatusOK || ran != c.path {
					t.Errorf("a reader: status %d and read %q, want %q", got.status, ran, c.path)
				}
				return
			}
			got.wantStatus(t, http.StatusForbidden)
			got.wantScope(t, "files:read files:secret")
			if ran != "" {
				t.Errorf("a reader has read %q", ran)
			}
		})
	}
}

// What a callback and a tool could read differently is refused to everybody
// (security rules, G7): here are the spellings that have fooled others.
func TestArgumentsWithTwoReadings(t *testing.T) {
	as := authtest.NewServer(t)
	runs := make(chan string, 1)
	base := startApp(t, func(base string) (http.Handler, error) {
		return fileApp(t.Context(), base+"/mcp", as.Issuer(), func(path string) { runs <- path })
	})
	for name, c := range map[string]struct {
		arguments string
		status    int
	}{
		"twice":                       {`{"path":"/public/a","path":"/secret/a"}`, http.StatusBadRequest},
		"twice, secret first":         {`{"path":"/secret/a","path":"/public/a"}`, http.StatusBadRequest},
		"twice, once escaped":         {`{"path":"/public/a","p\u0061th":"/secret/a"}`, http.StatusBadRequest},
		"in capitals too":             {`{"path":"/public/a","PATH":"/secret/a"}`, http.StatusBadRequest},
		"in capitals too, escaped":    {`{"path":"/public/a","\u0050ath":"/secret/a"}`, http.StatusBadRequest},
		"in capitals first":           {`{"Path":"/secret/a","path":"/public/a"}`, http.StatusBadRequest},
		"in capitals alone":           {`{"PATH":"/secret/a"}`, http.StatusForbidden},
		"a fold beyond ASCII":         {`{"path":"/public/a","keys":1,"\u212aeys":2}`, http.StatusBadRequest},
		"the long s":                  {`{"path":"/public/a","set":1,"\u017fet":2}`, http.StatusBadRequest},
		"twice, deep inside":          {`{"path":"/public/a","o":{"x":[{"y":1,"y":2}]}}`, http.StatusBadRequest},
		"in capitals too, deep":       {`{"path":"/public/a","o":[{"y":1,"Y":2}]}`, http.StatusBadRequest},
		"arguments twice":             {`{"path":"/public/a"},"arguments":{"path":"/secret/a"}`, http.StatusBadRequest},
		"arguments in capitals too":   {`{"path":"/public/a"},"Arguments":{"path":"/secret/a"}`, http.StatusBadRequest},
		"another tool's name as well": {`{"path":"/public/a"},"NAME":"other"`, http.StatusBadRequest},
		"not UTF-8":                   {"{\"path\":\"/public/\xff\"}", http.StatusBadRequest},
		"half a surrogate pair":       {`{"path":"/public/\ud800"}`, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			for caller, scopes := range map[string][]string{"a reader": {"files:read"}, "an insider": {"files:read", "files:secret"}} {
				got := post(t, base+"/mcp", as.Token(base+"/mcp", scopes...),
					`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":`+c.arguments+`}}`)
				if got.status != c.status || strings.Contains(got.header.Get("WWW-Authenticate"), "scope=") {
					t.Errorf("%s: status %d, want %d; challenge %q, body %q", caller, got.status, c.status, got.header.Get("WWW-Authenticate"), got.body)
				}
				select {
				case path := <-runs:
					t.Errorf("%s has read %q", caller, path)
				default:
				}
			}
		})
	}
}
