// Command proxy is a protected MCP endpoint in front of an MCP server that can't
// be changed: UPSTREAM is the URL at which the proxy, and nobody else, reaches it.
//
// Every request needs SCOPES. POLICY names a JSON file that says what single
// tools, prompts, resources and methods need beside them. The upstream decides
// whether there are sessions; the proxy binds each to the principal that opened
// it. The upstream is never handed an access token, and doesn't learn who calls.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/examples/internal/demo"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func main() {
	var p proxy
	demo.Main(p.app, p.flags)
}

// proxy is what this example's own settings say.
type proxy struct {
	upstream *url.URL
	policy   *filePolicy // nil: SCOPES suffice for everything
}

func (p *proxy) flags(flags *flag.FlagSet) {
	flags.Func("upstream", "the `URL` of the MCP server behind this proxy", p.setUpstream)
	flags.Func("policy", "the JSON `file` that says what tools, prompts, resources and methods need beside -scopes (default nothing)", p.setPolicy)
}

func (p *proxy) setUpstream(value string) error {
	target, err := url.Parse(value)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Host == "" || target.Fragment != "" {
		return errors.New("not the URL of an MCP endpoint: write it like http://127.0.0.1:9000/mcp")
	}
	p.upstream = target
	return nil
}

func (p *proxy) setPolicy(path string) (err error) {
	p.policy, err = readPolicy(path)
	return err
}

func (p *proxy) app(ctx context.Context, d *demo.Demo) (http.Handler, error) {
	if p.upstream == nil {
		return nil, errors.New("UPSTREAM is not set: name the MCP server to protect, such as UPSTREAM=http://127.0.0.1:9000/mcp")
	}
	if p.upstream.User != nil { // told without its value
		return nil, errors.New("UPSTREAM has a user in it: let the MCP server serve this proxy without credentials, and reach nobody else")
	}
	metadata := d.Metadata()
	metadata.Name = "" // nobody knows what is behind this one

	// The protected MCP endpoint, whose handler passes requests on.
	rs, err := core.New(ctx, core.Config{
		Resource:             d.Resource,
		AuthorizationServers: []string{d.Issuer},
		Issuers:              d.Issuers(),
		Scopes:               d.Scopes,
		AllowedOrigins:       d.Origins,
		Policy:               p.policyFor(d),
		Metadata:             metadata,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	if err := nethttp.Mount(mux, rs, ownHost(d.Resource, audited(d, p.forward()))); err != nil {
		return nil, err
	}
	if p.policy != nil {
		d.Lint(func(ctx context.Context) error { return p.lint(ctx, rs) })
	}

	// Routes of the proxy itself.
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /api/me", nethttp.RequireScopes(rs, d.Scopes...)(http.HandlerFunc(me)))
	mux.Handle("GET /readyz", demo.Readyz(rs))
	return mux, nil
}

// policyFor returns the policy of the file, or that nothing needs more than
// SCOPES.
func (p *proxy) policyFor(d *demo.Demo) core.Policy {
	var policy core.Policy
	if p.policy != nil {
		policy = p.policy.Policy
		d.Offers = p.policy.scopes // in the demo, there is somebody to ask for them
	}
	policy.FilterLists = d.FilterLists
	return policy
}

func me(w http.ResponseWriter, r *http.Request) {
	caller, _ := nethttp.Principal(r)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"sub": caller.Subject, "scopes": caller.Scopes})
}
