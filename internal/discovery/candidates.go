package discovery

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

const (
	oauthWellKnown  = "/.well-known/oauth-authorization-server"
	openIDWellKnown = "/.well-known/openid-configuration"
)

// Candidates returns the URLs at which the metadata of issuer may be, in the
// order in which MCP 2026-07-28 (authorization server metadata discovery) has
// them tried. For an issuer with a path that is RFC 8414 §3.1, the OpenID
// Connect document with the path inserted, and OpenID Connect Discovery §4 with
// the path in front; without one, RFC 8414 and OpenID Connect. A terminating
// "/" of the issuer is not part of its path. All are of the issuer's origin.
//
// The error says why issuer is not an issuer identifier (RFC 8414 §2: a URL with
// a host and without query, fragment or user information). Whether its scheme
// will do is up to who gets the document.
func Candidates(issuer string) ([]string, error) {
	if err := fetch.Legible(issuer); err != nil {
		return nil, fmt.Errorf("the issuer is %w", err)
	}
	u, err := url.Parse(issuer)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the issuer is not a URL: %w", errors.Unwrap(err))
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return nil, errors.New("the issuer is not an absolute URL: give it as in https://as.example/path")
	case u.User != nil:
		return nil, errors.New("the issuer has user information: remove it")
	case strings.ContainsAny(issuer, "?#"):
		return nil, errors.New("the issuer has a query or a fragment: remove it")
	}
	// The issuer is cut as text, so that its path stays spelled as it is.
	authority := strings.Index(issuer, "://") + len("://")
	base, path := issuer, ""
	if slash := strings.IndexByte(issuer[authority:], '/'); slash >= 0 {
		base, path = issuer[:authority+slash], strings.TrimSuffix(issuer[authority+slash:], "/")
	}
	if path == "" {
		return []string{base + oauthWellKnown, base + openIDWellKnown}, nil
	}
	return []string{
		base + oauthWellKnown + path,
		base + openIDWellKnown + path,
		base + path + openIDWellKnown,
	}, nil
}
