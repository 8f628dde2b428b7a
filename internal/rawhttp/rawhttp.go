// Package rawhttp sends HTTP/1.1 requests byte for byte, also those that
// net/http's client would tidy up or refuse to send. It is for tests.
package rawhttp

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Request is what is sent, on a connection of its own.
type Request struct {
	Method string
	// Target is the request target: path and query.
	Target string
	// Headers are lines without their ends. Host, Connection and the length of
	// the body are added, Host only if no line has it.
	Headers []string
	Body    string
	// Chunked sends the body in chunks, the end of it byte by byte.
	Chunked bool
	// Withheld announces the body and doesn't send it.
	Withheld bool
}

// Has reports whether a line of that field is among them.
func Has(headers []string, field string) bool {
	for _, line := range headers {
		if name, _, _ := strings.Cut(line, ":"); strings.EqualFold(name, field) {
			return true
		}
	}
	return false
}

// Send sends r to the server of base and returns its answer, whose body the
// caller closes. The connection ends with ctx.
func Send(ctx context.Context, base *url.URL, r *Request) (*http.Response, error) {
	conn, err := dial(ctx, base)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	// A server may answer, and hang up, before it has read all of a body that it
	// refuses: a failing write is no failure.
	go func() { _, _ = io.WriteString(conn, r.text(base.Host)) }()
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: r.Method})
	if err != nil {
		stop()
		_ = conn.Close()
		return nil, err
	}
	resp.Body = hangUp{resp.Body, conn, stop}
	return resp, nil
}

func dial(ctx context.Context, base *url.URL) (net.Conn, error) {
	port := base.Port()
	if base.Scheme == "https" {
		if port == "" {
			port = "443"
		}
		return (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(ctx, "tcp", net.JoinHostPort(base.Hostname(), port)) //nolint:gosec // the server of a test signs for itself
	}
	if port == "" {
		port = "80"
	}
	return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(base.Hostname(), port))
}

func (r *Request) text(host string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", r.Method, r.Target)
	if !Has(r.Headers, "Host") {
		fmt.Fprintf(&b, "Host: %s\r\n", host)
	}
	b.WriteString("Connection: close\r\n")
	for _, line := range r.Headers {
		b.WriteString(line + "\r\n")
	}
	switch {
	case r.Chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n" + inChunks(r.Body))
	case r.Method == http.MethodPost || r.Body != "":
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(r.Body))
		if !r.Withheld {
			b.WriteString(r.Body)
		}
	default:
		b.WriteString("\r\n")
	}
	return b.String()
}

func inChunks(body string) string {
	const size = 0x400
	var b strings.Builder
	for len(body) > size {
		b.WriteString("400\r\n" + body[:size] + "\r\n")
		body = body[size:]
	}
	for i := range len(body) {
		b.WriteString("1\r\n" + body[i:i+1] + "\r\n")
	}
	return b.String() + "0\r\n\r\n"
}

// hangUp closes the connection with the body.
type hangUp struct {
	io.Reader
	conn net.Conn
	stop func() bool
}

// Close implements io.Closer.
func (h hangUp) Close() error {
	h.stop()
	return h.conn.Close()
}
