package devissuer

import (
	"fmt"
	"slices"
	"strings"
)

// offlineAccess asks for a refresh token (OpenID Connect Core §11). MCP clients
// send it where scopes_supported lists it.
const offlineAccess = "offline_access"

// isScopeToken reports whether s is a scope-token (RFC 6749 §3.3).
func isScopeToken(s string) bool {
	return isVisible(s) && !strings.ContainsAny(s, `"\`)
}

// parseScopes splits a scope parameter on single spaces, as RFC 6749 §3.3
// writes it, and drops repetitions.
func parseScopes(value string) ([]string, error) {
	if value == "" {
		return nil, nil
	}
	var scopes []string
	for s := range strings.SplitSeq(value, " ") {
		if !isScopeToken(s) {
			return nil, refuse(invalidScope, "scope must be scope tokens, separated by single spaces")
		}
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes, nil
}

// requestedScopes reads a scope parameter and checks it against what is
// offered. Without one it returns the default, all offered scopes.
func (c Config) requestedScopes(value string) ([]string, error) {
	scopes, err := parseScopes(value)
	if err != nil {
		return nil, err
	}
	for _, s := range scopes {
		if !c.offersScope(s) {
			return nil, refuse(invalidScope, fmt.Sprintf("scope %s is not offered here", s))
		}
	}
	if len(scopes) == 0 {
		return slices.Clone(c.Scopes), nil
	}
	return scopes, nil
}

func (c Config) offersScope(s string) bool {
	return len(c.Scopes) == 0 || s == offlineAccess || slices.Contains(c.Scopes, s)
}

// narrowScopes returns what a request may have of the scopes granted: all of
// them when it names none, otherwise what it names. It may not name others
// (RFC 6749 §6).
func narrowScopes(granted []string, value string) ([]string, error) {
	asked, err := parseScopes(value)
	if err != nil {
		return nil, err
	}
	if len(asked) == 0 {
		return granted, nil
	}
	if !containsAll(granted, asked) {
		return nil, refuse(invalidScope, "scope exceeds what was granted")
	}
	return asked, nil
}

// common returns the elements of a that are in b too, in the order of a.
func common(a, b []string) []string {
	var both []string
	for _, s := range a {
		if slices.Contains(b, s) {
			both = append(both, s)
		}
	}
	return both
}

func containsAll(set, wanted []string) bool {
	for _, w := range wanted {
		if !slices.Contains(set, w) {
			return false
		}
	}
	return true
}
