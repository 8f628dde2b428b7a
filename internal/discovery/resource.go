package discovery

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

const resourceWellKnown = "/.well-known/oauth-protected-resource"

// Resource is what a protected resource says of itself (RFC 9728 §2), as far as
// a client needs it.
type Resource struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers,omitempty"`
	ScopesSupported      []string `json:"scopes_supported,omitempty"`
}

// ResourceCandidates returns the URLs at which the metadata of the protected
// resource at endpoint may be: with the path inserted (RFC 9728 §3.1), then at
// the root, where one document may speak for all that lies below (MCP
// 2026-07-28, protected resource metadata discovery). A query of endpoint is
// part of the former.
func ResourceCandidates(endpoint *url.URL) []string {
	root := url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host, Path: resourceWellKnown}
	inserted := root
	inserted.RawQuery = endpoint.RawQuery
	if path := endpoint.EscapedPath(); path != "/" {
		inserted.Path += endpoint.Path
		inserted.RawPath = resourceWellKnown + path
	}
	if inserted.String() == root.String() {
		return []string{root.String()}
	}
	return []string{inserted.String(), root.String()}
}

// FetchResource gets the metadata of a protected resource from the first of urls
// that has it, and returns that URL too. As with Fetch, a status of 4xx or a
// body that is not a JSON object leads to the next URL, and anything else ends
// the search.
func FetchResource(ctx context.Context, g fetch.Getter, urls ...string) (Resource, string, error) {
	return search(urls, fmt.Errorf("%w for the protected resource", ErrNotFound), func(url string) (Resource, bool, error) {
		response, err := g.Get(ctx, url)
		if err != nil {
			return Resource{}, isAbsent(err), err
		}
		var found Resource
		if err := strictjson.Decode(response.Body, &found); err != nil {
			return Resource{}, errors.Is(err, strictjson.ErrSyntax), fmt.Errorf("%s: not protected resource metadata: %w", url, err)
		}
		return found, false, nil
	})
}

// Covers reports whether a resource identifier stands for endpoint: both have
// the same origin, where a missing port is the scheme's, and the path of the
// resource is that of endpoint or a segment above it. A query of the resource
// must be that of endpoint.
func Covers(resource string, endpoint *url.URL) bool {
	u, err := url.Parse(resource)
	if err != nil || u.User != nil || strings.Contains(resource, "#") || !fetch.SameOrigin(u, endpoint) {
		return false
	}
	if u.RawQuery != "" && u.RawQuery != endpoint.RawQuery {
		return false
	}
	above, path := u.EscapedPath(), endpoint.EscapedPath()
	if above == "" || above == "/" || above == path {
		return true
	}
	return strings.HasPrefix(path, strings.TrimSuffix(above, "/")+"/")
}
