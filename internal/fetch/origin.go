package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// maxURL is the length of the longest URL that a Getter asks, in bytes.
const maxURL = 4 << 10

// Legible returns an error unless raw is what RFC 3986 §2 makes URLs of, visible
// ASCII, and at most 4096 bytes of it. URLs are a stranger's choice, and end up
// in logs and on terminals: Go's parser lets control characters and marks
// through that change the direction of text, and any length. The error doesn't
// repeat raw.
func Legible(raw string) error {
	if len(raw) > maxURL {
		return fmt.Errorf("not a URL of at most %d bytes: shorten it", maxURL)
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("not a URL: it has characters that have to be percent-encoded (RFC 3986 §2)")
	}
	return nil
}

// CheckURL parses raw and reports whether a Getter asks it: an absolute https
// URL without user information, or an http one if AllowHTTP is set, or if its
// host is a loopback host and TLSOnLoopback is not set. It has to be Legible. The
// error says what to change and doesn't repeat raw.
func (g Getter) CheckURL(raw string) (*url.URL, error) {
	if err := Legible(raw); err != nil {
		return nil, err
	}
	u, err := url.Parse(raw)
	if err != nil {
		// url.Error repeats the URL, and with it any password.
		return nil, fmt.Errorf("not a URL: %w", errors.Unwrap(err))
	}
	switch {
	case u.Hostname() == "":
		return nil, errors.New("not an absolute URL: give scheme and host, as in https://as.example/path")
	case u.User != nil:
		return nil, errors.New("user information in a URL is not sent: remove it")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme != "http":
		return nil, fmt.Errorf("scheme %q: use https", u.Scheme)
	case g.AllowHTTP:
		return u, nil
	case !IsLoopbackHost(u.Hostname()):
		return nil, errors.New("http to a host that is not loopback: use https")
	case g.TLSOnLoopback:
		return nil, errors.New("http to a loopback host, on behalf of a host that is not: use https")
	}
	return u, nil
}

// IsLoopbackHost reports whether host, without port and brackets, names this
// machine: "localhost" in any case, an address in 127.0.0.0/8, or ::1. Names
// below localhost, IPv4 addresses within IPv6 ones and short forms such as 127.1
// don't count, because not everything that resolves them agrees on them.
func IsLoopbackHost(host string) bool {
	if lower(host) == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Is4In6() || addr.Zone() != "" {
		return false
	}
	return addr.IsLoopback()
}

// SameOrigin reports whether a and b have the same scheme, host and port
// (RFC 6454 §5). A missing port is the scheme's: 443 for https, 80 for http. A
// URL without scheme or host has no origin, so it shares none.
func SameOrigin(a, b *url.URL) bool {
	if a == nil || b == nil || a.Scheme == "" || a.Hostname() == "" {
		return false
	}
	return origin(a) == origin(b)
}

// origin spells the origin of u in one way, without the scheme's own port.
func origin(u *url.URL) string {
	scheme, host, port := lower(u.Scheme), lower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && !(scheme == "https" && port == "443") && !(scheme == "http" && port == "80") {
		host += ":" + port
	}
	return scheme + "://" + host
}

// lower lowers ASCII letters only: hosts that Unicode folding takes for equal,
// such as one with a Kelvin sign, need not be.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// withoutUser is raw for an error message: user information may be a secret.
func withoutUser(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || Legible(raw) != nil {
		return "(unreadable URL)"
	}
	u.User = nil
	return u.String()
}

// Shown returns a URL as it may be shown to whoever wrote it: as it is, but
// without anything that might be user information, which has passwords.
func Shown(raw string) string {
	u, err := url.Parse(raw)
	end := strings.LastIndex(raw, "@")
	if end < 0 || err == nil && u.Hostname() != "" && u.User == nil && !strings.HasSuffix(u.Host, ":") {
		return raw
	}
	for _, scheme := range []string{"https://", "http://"} {
		if strings.HasPrefix(raw, scheme) {
			return scheme + "…" + raw[end:]
		}
	}
	return "…" + raw[end:]
}
