package guides

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// behind serves app on loopback, and returns a proxy in front of it.
func behind(t *testing.T, app http.Handler) http.Handler {
	t.Helper()
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return proxyTo(u)
}

// TestProxies: each config behind a proxy of its kind (S52, S36).
func TestProxies(t *testing.T) {
	bench := newBench(t)
	for name, c := range map[string]struct {
		config func(issuer string) core.Config
		routes func(app http.Handler) map[string]http.Handler
	}{
		"prefix taken away": {strippedConfig, func(app http.Handler) map[string]http.Handler {
			return map[string]http.Handler{"/team/": http.StripPrefix("/team", app), "/.well-known/": app}
		}},
		"prefix taken away from the metadata too": {strippedConfig, func(app http.Handler) map[string]http.Handler {
			return map[string]http.Handler{"/team/": http.StripPrefix("/team", app), "/.well-known/": shortened("/team", app)}
		}},
		"well-known URLs elsewhere": {strippedAltogetherConfig, func(app http.Handler) map[string]http.Handler {
			return map[string]http.Handler{"/team/": http.StripPrefix("/team", app)}
		}},
		"prefix added": {prefixedConfig, func(app http.Handler) map[string]http.Handler {
			return map[string]http.Handler{"/mcp": lengthened("/internal", app), "/.well-known/": app}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := bench.Fresh(t)
			config := c.config(b.AS.Issuer())
			config.Scopes = []string{apptest.Scope}
			rs, err := core.New(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			mux := http.NewServeMux()
			if err := nethttp.Mount(mux, rs, b.MCP); err != nil {
				t.Fatal(err)
			}
			public := http.NewServeMux()
			for pattern, h := range c.routes(behind(t, mux)) {
				public.Handle(pattern, h)
			}
			resource, err := url.Parse(config.Resource)
			if err != nil {
				t.Fatal(err)
			}
			s := b.Serve(public)
			s.CheckEndpoint(rs, config.Resource, resource.Path)
			s.CheckNamedMetadata(rs, config.Resource)
			s.CheckStepwise(resource.Path, s.Token(config.Resource))
		})
	}
}

// shortened takes a part out of the path, wherever it is.
func shortened(part string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = strings.Replace(r.URL.Path, part, "", 1)
		h.ServeHTTP(w, r)
	})
}

func lengthened(prefix string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = prefix + r.URL.Path
		h.ServeHTTP(w, r)
	})
}

// TestNestedMux: a mux within a mux (S52).
func TestNestedMux(t *testing.T) {
	b := newBench(t)
	app, err := nestedMux(t.Context(), b.AS.Issuer(), b.MCP)
	if err != nil {
		t.Fatal(err)
	}
	const resource = "https://api.example.com/team/mcp"
	s := b.Serve(app)
	s.CheckMetadata(resource, "/.well-known/oauth-protected-resource/team/mcp")
	if got := s.CallTool(apptest.Call("/team/mcp", s.Token(resource), apptest.WhoAmI)); got != "sub=alice bearer=withheld" {
		t.Errorf("the endpoint answered %q", got)
	}
}

// TestForeignHostOnLoopback: what the guide says of a proxy that hands the public
// Host on, and that proxyTo cures it.
func TestForeignHostOnLoopback(t *testing.T) {
	b := newBench(t)
	rs := b.Server(apptest.Resource)
	app := rs.InFront(nil, b.MCP)
	publicHost := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Host = "mcp.example"
			h.ServeHTTP(w, r)
		})
	}
	call := apptest.Call("/mcp", b.Token(apptest.Resource), apptest.WhoAmI)
	handedOn := b.Serve(publicHost(app)).Do(call)
	if handedOn.Status != http.StatusForbidden || handedOn.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("with the public Host: status %d and challenge %q, want 403 and none", handedOn.Status, handedOn.Header.Get("WWW-Authenticate"))
	}
	if got := b.Serve(publicHost(behind(t, app))).CallTool(call); got != "sub=alice bearer=withheld" {
		t.Errorf("behind the guide's proxy: %q", got)
	}
}
