package core

import (
	"slices"
	"strings"
)

// vocabulary knows how scopes imply one another and how they are spelled.
type vocabulary struct {
	implied map[string][]string // the transitive closure, without the key itself
	prefix  string              // before every scope that clients see
}

func newVocabulary(implies map[string][]string, prefix string) vocabulary {
	v := vocabulary{implied: make(map[string][]string, len(implies)), prefix: prefix}
	for scope := range implies {
		var reached []string
		for next := slices.Clone(implies[scope]); len(next) > 0; next = next[1:] {
			if next[0] != scope && !slices.Contains(reached, next[0]) {
				reached = append(reached, next[0])
				next = append(next, implies[next[0]]...)
			}
		}
		v.implied[scope] = reached
	}
	return v
}

// covers reports whether the granted scopes hold or imply the needed one.
func (v *vocabulary) covers(granted []string, need string) bool {
	if slices.Contains(granted, need) {
		return true
	}
	for _, scope := range granted {
		if slices.Contains(v.implied[scope], need) {
			return true
		}
	}
	return false
}

// missing returns those of the needed scopes that aren't covered.
func (v *vocabulary) missing(granted, need []string) []string {
	var missing []string
	for _, scope := range need {
		if !v.covers(granted, scope) {
			missing = append(missing, scope)
		}
	}
	return missing
}

// spelled returns the scopes as clients must ask for them.
func (v *vocabulary) spelled(scopes []string) []string {
	out := make([]string, len(scopes))
	for i, scope := range scopes {
		out[i] = v.prefix + scope
	}
	return out
}

// read returns a token's scopes as the config spells them.
func (v *vocabulary) read(scopes []string) []string {
	for i, scope := range scopes {
		scopes[i] = strings.TrimPrefix(scope, v.prefix)
	}
	return scopes
}

// offlineAccess is between client and authorization server: a resource server
// never asks for it (MCP authorization, refresh tokens).
const offlineAccess = "offline_access"

// isScope reports whether s is a scope-token (RFC 6749 §3.3).
func isScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x21 || c > 0x7E || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
