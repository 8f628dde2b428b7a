package guides

import (
	"context"
	"net/http"
	"net/http/httputil"
	"net/url"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

func strippedConfig(issuer string) core.Config {
	return core.Config{
		Resource:             "https://api.example.com/team/mcp",
		Path:                 "/mcp",
		AuthorizationServers: []string{issuer},
	}
}

func strippedAltogetherConfig(issuer string) core.Config {
	return core.Config{
		Resource:             "https://api.example.com/team/mcp",
		Path:                 "/mcp",
		MetadataURL:          "https://api.example.com/team/.well-known/oauth-protected-resource/mcp",
		AuthorizationServers: []string{issuer},
	}
}

func prefixedConfig(issuer string) core.Config {
	return core.Config{
		Resource:             "https://mcp.example.com/mcp",
		Path:                 "/internal/mcp",
		AuthorizationServers: []string{issuer},
	}
}

func proxyTo(app *url.URL) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(app) }}
}

func nestedMux(ctx context.Context, issuer string, mcp http.Handler) (http.Handler, error) {
	root, api := http.NewServeMux(), http.NewServeMux()
	root.Handle("/team/", http.StripPrefix("/team", api))

	rs, err := core.New(ctx, strippedConfig(issuer))
	if err != nil {
		return nil, err
	}
	if err := nethttp.Mount(api, rs, mcp); err != nil {
		return nil, err
	}
	return root, nethttp.MountMetadata(root, rs)
}
