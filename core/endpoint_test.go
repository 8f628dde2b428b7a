package core_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// tellsPath is an app that answers with the path that it was asked for.
func tellsPath(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, "app "+r.URL.Path) // the client is gone if this fails
}

// TestInFront: the endpoint and its metadata, and not a path more (S52).
func TestInFront(t *testing.T) {
	b := apptest.NewBench(t, authtest.NewServer(t))
	rs := b.Server(apptest.Resource)
	s := b.Serve(rs.InFront(http.HandlerFunc(tellsPath), b.MCP))
	s.CheckMounted(rs, apptest.Resource)
	s.CheckStepwise("/mcp", s.Token(apptest.Resource))
	s.CheckClient("/mcp", s.Token(apptest.Resource))
	s.CheckDenied(rs, apptest.Call("/m%63p", "", apptest.WhoAmI)) // another spelling of the same path
	s.CheckDenied(rs, apptest.Call("/mcp?x=1", "", apptest.WhoAmI))
	for _, path := range []string{
		"/", "/mcp/", "/mcp/x", "/mcpx", "/MCP", "//mcp",
		"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp/",
	} {
		s.CheckApp(apptest.Request{Path: path, Token: "x"}, http.StatusOK, "app "+path)
	}
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodTrace, "PROPFIND"} {
		a := s.Do(apptest.Request{Method: method, Path: "/mcp"})
		s.CheckStatus("a bare "+method, a, http.StatusUnauthorized)
		a = s.Do(apptest.Request{Method: method, Path: "/mcp", Token: s.Token(apptest.Resource)})
		s.CheckStatus(method, a, http.StatusMethodNotAllowed)
		s.CheckHeader(a, "Allow", "GET, POST, DELETE, OPTIONS")
	}
}

// TestInFrontWithoutHandler: the metadata only; the endpoint is the app's (S35).
func TestInFrontWithoutHandler(t *testing.T) {
	b := apptest.NewBench(t, authtest.NewServer(t))
	rs := b.Server(apptest.Resource, func(c *core.Config) { c.Metadata.AtRoot = true })
	s := b.Serve(rs.InFront(http.HandlerFunc(tellsPath), nil))
	s.CheckNamedMetadata(rs, apptest.Resource)
	s.CheckMetadata(apptest.Resource, "/.well-known/oauth-protected-resource")
	s.CheckApp(apptest.Request{Path: "/mcp"}, http.StatusOK, "app /mcp")
}

// TestInFrontWithoutApp: a service that is nothing but an MCP endpoint (S52).
func TestInFrontWithoutApp(t *testing.T) {
	b := apptest.NewBench(t, authtest.NewServer(t))
	rs := b.Server(apptest.Resource)
	s := b.Serve(rs.InFront(nil, b.MCP))
	s.CheckMounted(rs, apptest.Resource)
	s.CheckStatus("another path", s.Do(apptest.Request{Path: "/other"}), http.StatusNotFound)
}

// TestInFrontTwice: two resources before one app (S39).
func TestInFrontTwice(t *testing.T) {
	const resource = "https://mcp.example/second"
	b := apptest.NewBench(t, authtest.NewServer(t))
	first, second := b.Server(apptest.Resource), b.Server(resource)
	s := b.Serve(first.InFront(second.InFront(http.HandlerFunc(tellsPath), b.MCP), b.MCP))
	s.CheckMounted(first, apptest.Resource)
	s.CheckMounted(second, resource)
	s.CheckApp(apptest.Request{Path: "/other"}, http.StatusOK, "app /other")
	a := s.Do(apptest.Call("/second", s.Token(apptest.Resource), apptest.WhoAmI))
	s.CheckStatus("the first's token at the second", a, http.StatusUnauthorized)
}

// TestHandlerWithoutMCP: nothing to protect is a mistake of the service, told
// without a panic (S12, S52).
func TestHandlerWithoutMCP(t *testing.T) {
	b := apptest.NewBench(t, authtest.NewServer(t))
	s := b.Serve(b.Server(apptest.Resource).Handler(nil))
	a := s.Do(apptest.Call("/mcp", s.Token(apptest.Resource), apptest.WhoAmI))
	s.CheckStatus("a call of nothing", a, http.StatusInternalServerError)
}
