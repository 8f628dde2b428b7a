package core

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Metadata are the members of the protected resource metadata that the rest of
// the config doesn't say (RFC 9728 §2). Empty ones are left out.
type Metadata struct {
	_ struct{}

	// Name is the resource's name for people (resource_name). Names in other
	// languages go into Extra, as "resource_name#de".
	Name string
	// Documentation is a page for developers (resource_documentation).
	Documentation string
	// Policy is a page about how clients may use the data (resource_policy_uri).
	Policy string
	// Terms is the page of the terms of service (resource_tos_uri).
	Terms string
	// ScopesSupported is what scopes_supported lists. It defaults to
	// Config.Scopes: what a client needs to begin with.
	ScopesSupported []string
	// ListPolicyScopes adds the scopes that Config.Policy names, for clients
	// that never ask for more than the metadata lists.
	ListPolicyScopes bool
	// AtRoot also serves the document at the well-known URL without a path,
	// which some clients try. Only one resource of a router can have it.
	AtRoot bool
	// Extra are further members, registered ones or your own. It can't replace
	// a member that another field sets.
	Extra map[string]any
}

const (
	wellKnown = "/.well-known/oauth-protected-resource"
	// metadataMethods are answered; the others of routedMethods get 405.
	metadataMethods = "GET, HEAD, OPTIONS"
)

// ownMembers are the members that Extra may not hold.
func ownMembers() []string {
	return []string{
		"resource", "authorization_servers", "scopes_supported", "bearer_methods_supported",
		"resource_name", "resource_documentation", "resource_policy_uri", "resource_tos_uri",
	}
}

// document writes the metadata once; it never changes.
func (c *Config) document(v *vocabulary) ([]byte, error) {
	supported := c.Metadata.ScopesSupported
	if supported == nil {
		supported = c.Scopes
	}
	if c.Metadata.ListPolicyScopes {
		supported = union(supported, c.Policy.scopes())
	}
	members := map[string]any{
		"resource": c.Resource,
		// Tokens are read from the Authorization header field alone.
		"bearer_methods_supported": []string{"header"},
	}
	for name, value := range c.Metadata.Extra {
		members[name] = value
	}
	for name, list := range map[string][]string{
		"authorization_servers": c.AuthorizationServers,
		"scopes_supported":      v.spelled(supported),
	} {
		if len(list) > 0 {
			members[name] = list
		}
	}
	for name, text := range map[string]string{
		"resource_name":          c.Metadata.Name,
		"resource_documentation": c.Metadata.Documentation,
		"resource_policy_uri":    c.Metadata.Policy,
		"resource_tos_uri":       c.Metadata.Terms,
	} {
		if text != "" {
			members[name] = text
		}
	}
	return json.Marshal(members)
}

// metadataLocation returns the URL of a resource's metadata (RFC 9728 §3.1):
// the well-known path goes between host and path, the query stays.
func metadataLocation(resource *url.URL) string {
	u := *resource
	u.Path, u.RawPath = wellKnownPath(resource.Path), ""
	return u.String()
}

func wellKnownPath(path string) string { return wellKnown + withoutRoot(path) }

// withoutRoot returns the path of a resource at the root as the empty path that
// it is equal to.
func withoutRoot(path string) string {
	if path == "/" {
		return ""
	}
	return path
}

// routesOfMetadata returns every path at which this process may be asked for
// the metadata: where clients look, what a path-rewriting proxy makes of it,
// and what the challenge names.
func routesOfMetadata(c *Config, resource *url.URL, path string) []string {
	paths := []string{wellKnownPath(resource.Path), wellKnownPath(path)}
	if u, err := url.Parse(c.MetadataURL); err == nil && c.MetadataURL != "" {
		paths = append(paths, u.Path, rewritten(u.Path, resource.Path, path))
	}
	if c.Metadata.AtRoot {
		paths = append(paths, wellKnown)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// rewritten does to a public path what the proxy does to the endpoint's: it
// takes away, or adds, the prefix by which the two differ.
func rewritten(path, public, seen string) string {
	public, seen = withoutRoot(public), withoutRoot(seen)
	if prefix, ok := strings.CutSuffix(public, seen); ok && strings.HasPrefix(path, prefix+"/") {
		return strings.TrimPrefix(path, prefix)
	}
	if prefix, ok := strings.CutSuffix(seen, public); ok {
		return prefix + path
	}
	return path
}

// MetadataHandler returns the handler of the protected resource metadata
// (RFC 9728 §3). It is public: no token is asked for and any page may read it.
func (rs *ResourceServer) MetadataHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			h.Set("Content-Type", "application/json")
			h.Set("Cache-Control", "public, max-age=3600")
			h.Set("Content-Length", strconv.Itoa(len(rs.metadata)))
			w.WriteHeader(http.StatusOK)
			if r.Method == http.MethodGet {
				_, _ = w.Write(rs.metadata) // the client is gone if this fails
			}
		case http.MethodOptions:
			h.Set("Allow", metadataMethods)
			h.Set("Access-Control-Allow-Methods", metadataMethods)
			h.Set("Access-Control-Allow-Headers", "Mcp-Protocol-Version, *")
			h.Set("Access-Control-Max-Age", "3600")
			w.WriteHeader(http.StatusNoContent)
		default:
			h.Set("Allow", metadataMethods)
			http.Error(w, strings.ToLower(http.StatusText(http.StatusMethodNotAllowed)), http.StatusMethodNotAllowed)
		}
	})
}

// MetadataPaths returns the paths at which this process answers the metadata.
func (rs *ResourceServer) MetadataPaths() []string { return slices.Clone(rs.metadataPaths) }
