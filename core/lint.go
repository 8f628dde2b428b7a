package core

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
)

// Inventory is what an MCP server has, by the names that a [Policy] knows it by.
type Inventory struct {
	// Tools and Prompts are names.
	Tools, Prompts []string
	// Resources are URIs and URI templates.
	Resources []string
}

// Lint holds the policy against what the MCP server really has, and returns one
// error that joins all it finds: rules for what the server hasn't, what it has
// and no rule names, where that is denied, and scopes that no authorization
// server offers. Authorization servers that can't be reached, or don't say what
// scopes they have, are passed over.
func (rs *ResourceServer) Lint(ctx context.Context, has Inventory) error {
	var findings []error
	if rs.policy != nil {
		for _, table := range []struct {
			field, what string
			rules       map[string]Requirement
			has         []string
			covered     func(name string) bool
		}{
			{"Tools", "tool", rs.policy.Tools, has.Tools, nil},
			{"Prompts", "prompt", rs.policy.Prompts, has.Prompts, nil},
			{"Resources", "resource", rs.policy.Resources, has.Resources, rs.policy.coveredByTemplate},
		} {
			for _, name := range slices.Sorted(maps.Keys(table.rules)) {
				if !slices.Contains(table.has, name) && !(table.covered != nil && rs.policy.coversAny(name, table.has)) {
					findings = append(findings, fmt.Errorf("rule Policy.%s[%q]: the server has no such %s: correct the name or remove the rule", table.field, name, table.what))
				}
			}
			if table.rules == nil || rs.policy.Unlisted.kind != never {
				continue
			}
			for _, name := range table.has {
				if _, ruled := table.rules[name]; !ruled && !(table.covered != nil && table.covered(name)) {
					findings = append(findings, fmt.Errorf("%s %q has no rule in Policy.%s, so nobody may use it: add one, or set Policy.Unlisted", table.what, name, table.field))
				}
			}
		}
	}
	return errors.Join(append(findings, rs.lintScopes(ctx)...)...)
}

// coveredByTemplate reports whether some template's rule decides about the URI.
func (b *rulebook) coveredByTemplate(uri string) bool {
	return slices.ContainsFunc(b.templates, func(t template) bool { return t.pattern.MatchString(uri) })
}

// coversAny reports whether the rule's template matches one of the URIs.
func (b *rulebook) coversAny(rule string, uris []string) bool {
	return slices.ContainsFunc(b.templates, func(t template) bool {
		return t.text == rule && slices.ContainsFunc(uris, t.pattern.MatchString)
	})
}

// lintScopes finds scopes that the authorization servers don't offer.
func (rs *ResourceServer) lintScopes(ctx context.Context) []error {
	var offered []string
	for _, name := range rs.issuerNames {
		i := rs.issuers[name].Issuer
		if i.JWKSURL != "" {
			return nil // nothing says where its metadata are
		}
		metadata, _, err := discovery.Fetch(ctx, rs.getter(), i.URL, i.metadataPlaces()...)
		if err != nil || len(metadata.ScopesSupported) == 0 {
			return nil
		}
		offered = append(offered, metadata.ScopesSupported...)
	}
	var findings []error
	for _, scope := range rs.unoffered(offered) {
		if len(rs.issuerNames) > 0 {
			findings = append(findings, fmt.Errorf("scope %q is in no authorization server's scopes_supported, so nobody can get it: add it there, or correct its spelling", scope))
		}
	}
	return findings
}

// unoffered returns the scopes that are needed anywhere and not among those
// offered, nor implied by them. A list of nothing but what OpenID Connect defines
// says nothing of an API's scopes (RFC 8414 §2: servers may leave some out).
func (rs *ResourceServer) unoffered(offered []string) []string {
	if !slices.ContainsFunc(offered, func(scope string) bool {
		return !slices.Contains([]string{"openid", "profile", "email", "address", "phone", offlineAccess}, scope)
	}) {
		return nil
	}
	needed := rs.config.Scopes
	if rs.policy != nil {
		needed = union(needed, rs.policy.scopes())
	}
	return rs.vocabulary.missing(rs.vocabulary.read(offered), needed)
}
