package core_test

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// pathConfig is a config whose paths a test changes.
func pathConfig() core.Config {
	return core.Config{Resource: "https://mcp.example/mcp", AuthorizationServers: []string{"https://as.example"}}
}

// TestPathsThatRoutersReadOtherwise: S53, for each field that becomes a route.
func TestPathsThatRoutersReadOtherwise(t *testing.T) {
	fields := map[string]func(*core.Config, string){
		"Resource":    func(c *core.Config, path string) { c.Resource = "https://mcp.example" + path },
		"Path":        func(c *core.Config, path string) { c.Path = path },
		"MetadataURL": func(c *core.Config, path string) { c.MetadataURL = "https://mcp.example" + path },
	}
	for _, path := range []string{
		"/{x}", "/mcp/{x}", "/{x...}", "/{$}", "/a{b", "/a}b", "/:x", "/mcp/:x", "/mcp:x", "/*", "/*any", "/mcp/*",
		"/mcp*", "/%7Bx%7D", "/%3Ax", "/%2A", "/a%2Fb", "/a%2fb", "/a%00b", "/ä", "/a b", "/a\\b", "/a|b", "/a^b", "/[a]",
		"//", "//mcp", "/a//b", "/a/./b", "/a/../b", "/..", "/.", "/mcp/.",
	} {
		for field, set := range fields {
			t.Run(field+" "+path, func(t *testing.T) {
				config := pathConfig()
				set(&config, path)
				_, err := core.New(t.Context(), config)
				var mistake *core.ConfigError
				if !errors.As(err, &mistake) {
					t.Fatalf("New: got %v, want a *core.ConfigError", err)
				}
				if mistake.Field != field || mistake.Reason == "" || mistake.Fix == "" {
					t.Errorf("got %+v, want one about %s", mistake, field)
				}
			})
		}
	}
}

// TestMetadataURLThatIsNoRoute: S36, what the challenge names must be a route
// that answers, and one of its own.
func TestMetadataURLThatIsNoRoute(t *testing.T) {
	for name, url := range map[string]string{
		"no path":               "https://mcp.example",
		"the endpoint's own":    "https://mcp.example/mcp",
		"the endpoint as asked": "https://mcp.example/mcp?metadata",
	} {
		t.Run(name, func(t *testing.T) {
			config := pathConfig()
			config.MetadataURL = url
			_, err := core.New(t.Context(), config)
			var mistake *core.ConfigError
			if !errors.As(err, &mistake) || mistake.Field != "MetadataURL" {
				t.Errorf("New: got %v, want a *core.ConfigError about MetadataURL", err)
			}
		})
	}
}

// TestRegister: which routes a router without an adapter is asked for, and what
// becomes of its refusals (S52).
func TestRegister(t *testing.T) {
	b := apptest.NewBench(t, authtest.NewServer(t))
	rs := b.Server(apptest.Resource, func(c *core.Config) { c.Metadata.AtRoot = true })
	methods := []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

	asked := make(map[string][]string)
	collect := func(method, path string, h http.Handler) bool {
		if h == nil {
			t.Errorf("%s %s has no handler", method, path)
		}
		asked[path] = append(asked[path], method)
		return true
	}
	if err := errors.Join(rs.Register(b.MCP, collect), rs.RegisterMetadata(collect)); err != nil {
		t.Fatal(err)
	}
	want := append(rs.MetadataPaths(), rs.Path())
	for _, path := range want {
		slices.Sort(asked[path])
		if !slices.Equal(asked[path], methods) {
			t.Errorf("%s: asked for %v, want %v", path, asked[path], methods)
		}
	}
	if len(asked) != len(want) {
		t.Errorf("asked for the paths %v, want %v", asked, want)
	}
	if err := rs.Register(nil, collect); err == nil {
		t.Error("Register took a nil handler")
	}
}

// TestRegisterRefused: a router that says no in any of its ways (S52).
func TestRegisterRefused(t *testing.T) {
	b := apptest.NewBench(t, authtest.NewServer(t))
	rs := b.Server(apptest.Resource)
	for name, add := range map[string]core.AddRoute{
		"false":       func(string, string, http.Handler) bool { return false },
		"false later": func(method, _ string, _ http.Handler) bool { return method != http.MethodPut },
		"a text":      func(string, string, http.Handler) bool { panic("conflicts with a wildcard") },
		"an error":    func(string, string, http.Handler) bool { panic(errors.New("conflicts")) },
		"a value":     func(string, string, http.Handler) bool { panic(struct{ n int }{1}) },
		"a fault":     func(string, string, http.Handler) bool { return []bool{}[len(os.Args[:0])] },
	} {
		t.Run(name, func(t *testing.T) {
			b := b.Fresh(t)
			b.CheckRefusal(rs.Register(b.MCP, add))
			b.CheckRefusal(rs.RegisterMetadata(add))
		})
	}
	err := rs.RegisterMetadata(func(string, string, http.Handler) bool { panic("conflicts with a wildcard") })
	for _, part := range []string{"GET /.well-known/oauth-protected-resource/mcp", "conflicts with a wildcard"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error doesn't tell %q: %v", part, err)
		}
	}
}
