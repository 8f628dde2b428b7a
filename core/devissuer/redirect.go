package devissuer

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// checkRedirectURI reports why uri can't be registered. Allowed are https, http
// on loopback, and the private-use schemes of native apps (RFC 8252 §7).
func checkRedirectURI(uri string) error {
	u, err := url.Parse(uri)
	switch {
	case err != nil || !u.IsAbs() || !isVisible(uri):
		return errors.New("must be an absolute URI")
	case strings.Contains(uri, "#"):
		return errors.New("must have no fragment (RFC 6749 §3.1.2)")
	case u.User != nil:
		return errors.New("must have no user information")
	case u.Opaque != "":
		return errors.New(`must have a "/" after its scheme`)
	case u.Scheme == "https" && u.Hostname() == "":
		return errors.New("must have a host")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("must be https, or http on a loopback host")
	case isUnsafeScheme(u.Scheme):
		return errors.New("has a scheme that browsers interpret themselves")
	}
	return nil
}

// isUnsafeScheme reports whether a browser would run, read or show what stands
// behind scheme, rather than hand it to an app.
func isUnsafeScheme(scheme string) bool {
	switch scheme {
	case "javascript", "vbscript", "data", "blob", "about", "file", "filesystem", "view-source",
		"ftp", "ws", "wss", "mailto", "tel", "sms", "jar", "content", "intent", "resource", "res",
		"chrome", "chrome-extension", "moz-extension", "edge", "livescript", "mhtml", "ms-its":
		return true
	}
	return false
}

// isLoopback reports whether host is localhost or a loopback IP address.
func isLoopback(host string) bool {
	return strings.EqualFold(host, "localhost") || isLoopbackIP(host)
}

func isLoopbackIP(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// matchesRedirect reports whether uri is one of those registered: exactly, or
// for http on a loopback IP address with any port (RFC 8252 §7.3).
func matchesRedirect(registered []string, uri string) bool {
	return slices.ContainsFunc(registered, func(r string) bool {
		if r == uri {
			return true
		}
		a, okA := withoutLoopbackPort(r)
		b, okB := withoutLoopbackPort(uri)
		return okA && okB && a == b
	})
}

// withoutLoopbackPort cuts the port out of an http URI on a loopback IP
// address, and reports whether uri is one. Everything else stays as written:
// the comparison is one of strings (RFC 9700 §4.1.3).
func withoutLoopbackPort(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.User != nil || !isLoopbackIP(u.Hostname()) {
		return "", false
	}
	rest, ok := strings.CutPrefix(uri, "http://"+u.Host)
	if !ok || strings.Contains(rest, "#") {
		return "", false
	}
	return net.JoinHostPort(u.Hostname(), "*") + rest, true
}

// withParameters appends params to the query of a redirect URI, and keeps what
// is there (RFC 6749 §3.1.2).
func withParameters(uri string, params url.Values) string {
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	return uri + separator + params.Encode()
}
