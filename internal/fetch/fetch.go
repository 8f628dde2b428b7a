// Package fetch gets small JSON documents from authorization servers: metadata
// and key sets, and what they answer to a form.
//
// What such a document says decides whose tokens are believed, so it is taken
// only from the origin that was asked, over TLS unless that origin is this
// machine, and never more of it, nor for longer, than was allowed.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What a zero Getter allows.
const (
	defaultLimit   = 1 << 20
	defaultTimeout = 10 * time.Second
	maxRedirects   = 3
)

// Getter gets documents, and answers to forms. The zero value is ready to use, and a Getter may be
// used by several goroutines at once.
type Getter struct {
	// Client sends the requests; its Transport, Jar and Timeout are kept, its
	// CheckRedirect is not asked. Nil means a new client with
	// http.DefaultTransport.
	Client *http.Client
	// Limit is the size that a body may have, in bytes, after any
	// decompression. Zero or less means 1 MiB.
	Limit int64
	// Timeout bounds an exchange from the first connection to the last byte of the
	// body, redirects included. Zero or less means 10 seconds.
	Timeout time.Duration
	// AllowHTTP permits http URLs to hosts that are not loopback ones.
	AllowHTTP bool
	// TLSOnLoopback refuses http URLs to loopback hosts too, unless AllowHTTP is
	// set: what speaks plain http there need not expect what a stranger has sent.
	TLSOnLoopback bool
	// NoRedirects follows none, not even within an origin: each is a
	// *StatusError.
	NoRedirects bool
}

// Response is a document and the header that it came with.
type Response struct {
	// Body is the whole document, at most the Getter's Limit in bytes. That it
	// is JSON is for its reader to find out.
	Body []byte
	// Header is the header of the last answer, after any redirect.
	Header http.Header
}

// StatusError says that the answer had a status other than 200.
type StatusError struct {
	// Method is the HTTP method, and URL the one that was given.
	Method, URL string
	// Status is the HTTP status code.
	Status int
	// Header is the header of the answer.
	Header http.Header
}

// Error names the URL and the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s %s: status %d instead of 200", e.Method, e.URL, e.Status)
}

// SizeError says that the body was larger than allowed.
type SizeError struct {
	// Method is the HTTP method, and URL the one that was given.
	Method, URL string
	// Limit is the size that was allowed, in bytes.
	Limit int64
}

// Error names the URL and the limit.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%s %s: the body is larger than the limit of %d bytes", e.Method, e.URL, e.Limit)
}

// RedirectError says that the answer was a redirect to another origin, which is
// never followed.
type RedirectError struct {
	// URL is the one that Get was given.
	URL string
	// From and To are the two origins (RFC 6454 §6.2), such as
	// https://as.example or https://as.example:8443.
	From, To string
}

// Error names the URL and both origins.
func (e *RedirectError) Error() string {
	return fmt.Sprintf("GET %s: redirected from origin %q to origin %q: configure the final URL if that origin is to be trusted", e.URL, e.From, e.To)
}

// Get gets the document at url. Only status 200 is success. At most 3 redirects
// are followed, all within the origin of url, unless NoRedirects is set. No Authorization header is ever
// sent.
//
// The error is a *StatusError, *SizeError or *RedirectError, wraps ctx's error
// or context.DeadlineExceeded when time ran out, is that of CheckURL, or comes
// from the network. On error the Response is zero.
func (g Getter) Get(ctx context.Context, url string) (Response, error) {
	return g.ask(ctx, g.client(url), http.MethodGet, url, http.NoBody, nil)
}

// Post sends form to url and returns what is answered to it. Only status 200 is
// success. Nothing that form or header hold may reach anybody else, so no
// redirect is followed, not even within the origin: it is a *StatusError. Neither
// is ever repeated in an error.
//
// The error is else as that of Get.
func (g Getter) Post(ctx context.Context, url string, form url.Values, header http.Header) (Response, error) {
	g.NoRedirects = true
	all := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	maps.Copy(all, header)
	return g.ask(ctx, g.client(url), http.MethodPost, url, strings.NewReader(form.Encode()), all)
}

// Probe asks for url and returns the status and the header of the answer, whatever
// they are. It reads no body and follows no redirect.
//
// The error is that of CheckURL, or as that of Get.
func (g Getter) Probe(ctx context.Context, url string) (status int, header http.Header, err error) {
	client := g.client(url)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ctx, cancel := context.WithTimeout(ctx, positive(g.Timeout, defaultTimeout))
	defer cancel()
	response, err := g.send(ctx, client, http.MethodGet, url, http.NoBody, nil)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	return response.StatusCode, response.Header, nil
}

// ask sends one request and reads its answer, within the bounds of g.
func (g Getter) ask(ctx context.Context, client *http.Client, method, url string, body io.Reader, header http.Header) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, positive(g.Timeout, defaultTimeout))
	defer cancel()
	response, err := g.send(ctx, client, method, url, body, header)
	if err != nil {
		return Response{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Response{}, &StatusError{Method: method, URL: url, Status: response.StatusCode, Header: response.Header}
	}
	answer, err := g.read(method, url, response.Body)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: answer, Header: response.Header}, nil
}

// send sends one request. Its time is that of ctx.
func (g Getter) send(ctx context.Context, client *http.Client, method, url string, body io.Reader, header http.Header) (*http.Response, error) {
	if _, err := g.CheckURL(url); err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, withoutUser(url), err)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, url, err)
	}
	request.Header.Set("Accept", "application/json, application/jwk-set+json")
	maps.Copy(request.Header, header)
	response, err := client.Do(request)
	if err != nil {
		return nil, cause(method, url, err)
	}
	return response, nil
}

// client returns a copy of the client that follows no redirect elsewhere.
func (g Getter) client(asked string) *http.Client {
	client := http.Client{Transport: http.DefaultTransport}
	if g.Client != nil {
		client = *g.Client
	}
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if g.NoRedirects {
			return http.ErrUseLastResponse
		}
		if first := via[0].URL; !SameOrigin(first, next.URL) {
			return &RedirectError{URL: asked, From: origin(first), To: origin(next.URL)}
		}
		// The origin is that of an admitted URL, but a user name in the
		// target would become an Authorization header.
		if next.URL.User != nil {
			return errors.New("redirected to a URL with user information")
		}
		if len(via) > maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		return nil
	}
	return &client
}

// read reads a body that has at most the allowed size.
func (g Getter) read(method, url string, body io.Reader) ([]byte, error) {
	limit := positive(g.Limit, defaultLimit)
	data, err := io.ReadAll(io.LimitReader(body, limit))
	if err != nil {
		return nil, fmt.Errorf("%s %s: reading the body: %w", method, url, err)
	}
	if int64(len(data)) < limit {
		return data, nil
	}
	// A body of exactly the limit is fine; one byte more is not.
	switch _, err := io.ReadFull(body, make([]byte, 1)); {
	case errors.Is(err, io.EOF):
		return data, nil
	case err != nil:
		return nil, fmt.Errorf("%s %s: reading the body: %w", method, url, err)
	}
	return nil, &SizeError{Method: method, URL: url, Limit: limit}
}

// cause takes what went wrong out of the client's own wrapping, which names the
// last URL of a redirect chain. That one is the answering server's word.
func cause(method, asked string, err error) error {
	var redirect *RedirectError
	if errors.As(err, &redirect) {
		return redirect
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("%s %s: %w", method, asked, err)
}

func positive[T ~int64](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}
