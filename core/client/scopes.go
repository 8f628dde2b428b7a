package client

import (
	"context"
	"slices"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
)

// offlineAccess asks for a refresh token (OpenID Connect Core §11).
const offlineAccess = "offline_access"

// maxScope is how long a scope parameter of a stranger may be, in bytes: it
// becomes part of an address.
const maxScope = 4 << 10

// parseScopes splits a scope parameter at its spaces (RFC 6749 §3.3). What isn't
// a scope token is left out, and so is all of a parameter that is too long.
func parseScopes(value string) []string {
	if len(value) > maxScope {
		return nil
	}
	return scopeTokens(strings.Split(value, " "))
}

// scopeTokens returns those of list that are scope tokens, once each.
func scopeTokens(list []string) []string {
	var scopes []string
	for _, s := range list {
		if isScopeToken(s) && !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}

func isScopeToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
}

// choose returns the scopes to ask for (MCP 2026-07-28, scope selection
// strategy): what the challenge names, else what the resource's metadata lists,
// else none. With additional ones they are those of a step-up (scope challenge
// handling): what was asked for, what was granted, and what is missing.
func (t *Transport) choose(ctx context.Context, n need, h *held, resource discovery.Resource, server discovery.Metadata) []string {
	proposed := n.challenge.scopes
	switch {
	case len(n.scopes) > 0 && h != nil:
		proposed = scopeTokens(slices.Concat(h.Requested, h.Scopes, n.scopes))
	case len(proposed) == 0:
		proposed = parseScopes(strings.Join(resource.ScopesSupported, " "))
	}
	// A user can be offline, a machine is its own; and alone it would stand in
	// the way of the server's default scopes.
	offers := slices.Contains(server.ScopesSupported, offlineAccess)
	wants := !t.config.NoRefresh && !t.config.ClientCredentials
	proposed = slices.DeleteFunc(slices.Clone(proposed), func(s string) bool { return s == offlineAccess && !(offers && wants) })
	if offers && wants && len(proposed) > 0 && !slices.Contains(proposed, offlineAccess) {
		proposed = append(proposed, offlineAccess)
	}
	if t.config.Scopes != nil {
		return scopeTokens(t.config.Scopes(ctx, proposed))
	}
	return proposed
}

// lacks reports whether asking for scopes may get more than a token has: some that
// a challenge names, or, where these go by another name, some that were not asked
// for before.
func (t *Token) lacks(asked, named []string) bool {
	return slices.ContainsFunc(asked, func(s string) bool {
		return !slices.Contains(t.Scopes, s) && (slices.Contains(named, s) || !slices.Contains(t.Requested, s))
	})
}

func containsAll(set, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(set, s) })
}
