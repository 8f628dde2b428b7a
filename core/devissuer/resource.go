package devissuer

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// checkResource reports whether r can be a resource indicator: an absolute URI
// without a fragment (RFC 8707 §2).
func checkResource(r string) error {
	u, err := url.Parse(r)
	if err != nil || !u.IsAbs() || (u.Host == "" && u.Opaque == "") || strings.Contains(r, "#") || !isVisible(r) {
		return errors.New("must be an absolute URI without a fragment (RFC 8707 §2)")
	}
	return nil
}

func (c Config) offersResource(r string) bool {
	if checkResource(r) != nil {
		return false
	}
	return len(c.Resources) == 0 || containsResource(c.Resources, r)
}

// requestedResources checks the resource parameters of a request that starts a
// grant.
func (c Config) requestedResources(values []string) ([]string, error) {
	if len(values) == 0 && c.DefaultResource != "" {
		return []string{c.DefaultResource}, nil
	}
	if len(values) == 0 {
		return nil, refuse(invalidTarget, "a resource parameter is required (RFC 8707)")
	}
	var resources []string
	for _, r := range values {
		if !c.offersResource(r) {
			return nil, refuse(invalidTarget, "no tokens are issued for this resource")
		}
		if !containsResource(resources, r) {
			resources = append(resources, r)
		}
	}
	return resources, nil
}

// narrowResources returns what a request may have of the resources granted: all
// of them when it names none, otherwise what it names (RFC 8707 §2.2).
func narrowResources(granted, asked []string) ([]string, error) {
	if len(asked) == 0 {
		return granted, nil
	}
	var resources []string
	for _, r := range asked {
		if !containsResource(granted, r) {
			return nil, refuse(invalidTarget, "the resource was not part of the authorization")
		}
		if !containsResource(resources, r) {
			resources = append(resources, r)
		}
	}
	return resources, nil
}

func containsResource(set []string, r string) bool {
	return slices.ContainsFunc(set, func(s string) bool { return bare(s) == bare(r) })
}

// bare drops the one slash that makes no difference: an empty path and "/" are
// the same resource (RFC 3986 §6.2.3); any other trailing slash counts.
func bare(resource string) string {
	u, err := url.Parse(resource)
	if err == nil && u.Path == "/" && u.RawQuery == "" {
		return strings.TrimSuffix(resource, "/")
	}
	return resource
}

// audience is the aud claim for resources: a string for one, a list for more
// (RFC 7519 §4.1.3).
func audience(resources []string) any {
	if len(resources) == 1 {
		return resources[0]
	}
	return resources
}
