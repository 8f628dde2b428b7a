package discovery

import (
	"context"
	"errors"
	"fmt"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// ErrNotFound is wrapped by the error of Fetch and FetchResource when every URL
// answered, and none with metadata.
var ErrNotFound = errors.New("no metadata found")

// Fetch gets the metadata of issuer from the first of urls that has it, and
// returns that URL too. Without urls it tries the Candidates of issuer.
//
// A status of 4xx, or a body that is not a JSON object, leads to the next URL.
// Anything else ends the search, so that a server in trouble, or under someone
// else's control, can't choose which document is used: another status, a
// network error, a body over the limit, a redirect to another origin, an object
// with two readings or with members of the wrong type, an issuer in it that is
// not byte for byte the one asked for (RFC 8414 §3.3, a *MismatchError), and an
// endpoint that g would not ask.
//
// The error joins, for each URL that was tried, that URL and its cause.
func Fetch(ctx context.Context, g fetch.Getter, issuer string, urls ...string) (Metadata, string, error) {
	if issuer == "" {
		return Metadata{}, "", errors.New("the issuer is empty: name the authorization server")
	}
	if len(urls) == 0 {
		candidates, err := Candidates(issuer)
		if err != nil {
			return Metadata{}, "", err
		}
		urls = candidates
	}
	return search(urls, fmt.Errorf("%w for issuer %q", ErrNotFound, issuer), func(url string) (Metadata, bool, error) {
		return fetchOne(ctx, g, issuer, url)
	})
}

// search returns what the first of urls has, and that URL. Where none has
// anything, its error wraps absent.
func search[T any](urls []string, absent error, try func(url string) (T, bool, error)) (T, string, error) {
	var none T
	var tried []error
	for _, url := range urls {
		found, next, err := try(url)
		if err == nil {
			return found, url, nil
		}
		tried = append(tried, err)
		if !next {
			return none, "", errors.Join(tried...)
		}
	}
	return none, "", fmt.Errorf("%w:\n%w", absent, errors.Join(tried...))
}

// fetchOne tries one URL. After a failure, next says whether another URL may be
// tried.
func fetchOne(ctx context.Context, g fetch.Getter, issuer, url string) (_ Metadata, next bool, _ error) {
	response, err := g.Get(ctx, url)
	if err != nil {
		return Metadata{}, isAbsent(err), err
	}
	meta, err := decode(response.Body)
	if err != nil {
		return Metadata{}, errors.Is(err, strictjson.ErrSyntax), fmt.Errorf("%s: not authorization server metadata: %w", url, err)
	}
	if err := meta.check(g, issuer, url); err != nil {
		return Metadata{}, false, err
	}
	return meta, false, nil
}

// isAbsent reports whether err says that there is no document at a URL, so that
// it may be at the next one.
func isAbsent(err error) bool {
	var status *fetch.StatusError
	return errors.As(err, &status) && 400 <= status.Status && status.Status < 500
}
