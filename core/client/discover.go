package client

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

// describe gets the protected resource metadata: from where the challenge says,
// if that is of the resource's own origin, and else from the well-known places.
// It must speak for the resource, or nothing else of it counts (RFC 9728 §3.3).
func (t *Transport) describe(ctx context.Context, challenged string) (discovery.Resource, string, error) {
	var urls []string
	if u, err := t.getter.CheckURL(challenged); err == nil && fetch.SameOrigin(u, t.resource) {
		urls = append(urls, challenged)
	}
	for _, candidate := range discovery.ResourceCandidates(t.resource) {
		if !slices.Contains(urls, candidate) {
			urls = append(urls, candidate)
		}
	}
	resource, found, err := discovery.FetchResource(ctx, t.getter, urls...)
	if err != nil {
		return discovery.Resource{}, "", &Error{Stage: stageResource, Err: fetchError(err)}
	}
	if !discovery.Covers(resource.Resource, t.resource) {
		return discovery.Resource{}, "", &Error{Stage: stageResource, Err: fmt.Errorf(
			"%w: %s speaks for the resource %q, which doesn't cover %q: its tokens would be for someone else", ErrUntrusted, found, clean(resource.Resource), t.config.Resource)}
	}
	return resource, found, nil
}

// server gets the metadata of an authorization server, and checks that it offers
// what this client's grant needs.
func (t *Transport) server(ctx context.Context, issuer string) (discovery.Metadata, error) {
	fail := func(err error) (discovery.Metadata, error) {
		return discovery.Metadata{}, &Error{Stage: stageServer, Issuer: clean(issuer), Err: err}
	}
	meta, _, err := discovery.Fetch(ctx, t.getter, issuer)
	if err != nil {
		return fail(fetchError(err))
	}
	switch {
	case meta.TokenEndpoint == "":
		return fail(errors.New("it has no token_endpoint"))
	case t.config.ClientCredentials:
	case meta.AuthorizationEndpoint == "":
		return fail(errors.New("it has no authorization_endpoint"))
	case !slices.Contains(meta.CodeChallengeMethodsSupported, "S256"):
		return fail(fmt.Errorf("%w: it doesn't list S256 in code_challenge_methods_supported: without PKCE a stolen code is as good as a token (MCP, authorization code protection)", ErrUntrusted))
	}
	return meta, nil
}

// moved reports whether the resource names another authorization server by now
// than the one that the token is from.
func (t *Transport) moved(ctx context.Context, h *held) bool {
	about, err := t.load(ctx, Key{Resource: t.config.Resource})
	if err != nil {
		return false
	}
	resource, _, err := t.describe(ctx, about.MetadataURL)
	return err == nil && len(resource.AuthorizationServers) > 0 && !slices.Contains(resource.AuthorizationServers, h.issuer)
}

// fetchError says which failures may pass: all that are not an answer of the
// server about itself.
func fetchError(err error) error {
	var status *fetch.StatusError
	var redirect *fetch.RedirectError
	var size *fetch.SizeError
	var mismatch *discovery.MismatchError
	var network interface{ Timeout() bool }
	switch {
	case errors.As(err, &redirect), errors.As(err, &mismatch):
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	case errors.As(err, &size), errors.Is(err, discovery.ErrNotFound):
		return err
	case errors.As(err, &status) && mayPass(status.Status), errors.As(err, &network):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}
