package apptest

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Site is an app being served.
type Site struct {
	*Bench

	URL    string
	client *http.Client
}

// Serve serves h on loopback until the test ends. A panic that reaches the
// server fails the test.
func (b *Bench) Serve(h http.Handler) *Site {
	b.Helper()
	var journal Journal
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(&journal, "", 0)
	server.Start()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.Cleanup(func() {
		b.Tools.stop() // Close waits for handlers, and they for tools
		server.CloseClientConnections()
		server.Close()
		if text := journal.String(); strings.Contains(text, "panic serving") {
			b.Errorf("the server saw a panic:\n%s", text)
		}
	})
	return &Site{Bench: b, URL: server.URL, client: client}
}

// Request is a request to a [Site]. A method left empty is GET.
type Request struct {
	Method, Path string
	// Token, if not empty, is sent as a bearer.
	Token  string
	Header map[string]string
	Body   string
}

// Answer is what came back, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	// Unzipped says that the answer came compressed.
	Unzipped bool
}

// Do sends a request and reads the answer.
func (s *Site) Do(r Request) Answer {
	s.Helper()
	res := s.send(s.Context(), r)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatalf("%s %s: reading the answer: %v", r.Method, r.Path, err)
	}
	return Answer{Status: res.StatusCode, Header: res.Header, Body: string(body), Unzipped: res.Uncompressed}
}

// send sends a request. The answer's body is closed when the test ends.
func (s *Site) send(ctx context.Context, r Request) *http.Response {
	s.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	s.Cleanup(cancel)
	res, err := s.client.Do(s.request(ctx, r))
	if err != nil {
		s.Fatalf("%s %s: %v", r.Method, r.Path, err)
	}
	s.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func (s *Site) request(ctx context.Context, r Request) *http.Request {
	s.Helper()
	req, err := http.NewRequestWithContext(ctx, r.Method, s.URL+r.Path, strings.NewReader(r.Body))
	if err != nil {
		s.Fatal(err)
	}
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
	if r.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	return req
}

// Call returns the request that calls a tool with MCP 2026-07-28.
func Call(path, token, tool string) Request {
	return Request{
		Method: http.MethodPost, Path: path, Token: token,
		Header: map[string]string{
			"Content-Type":         "application/json",
			"Accept":               "application/json, text/event-stream",
			"MCP-Protocol-Version": "2026-07-28",
			"Mcp-Method":           "tools/call",
			"Mcp-Name":             tool,
		},
		Body: `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + tool + `","arguments":{},"_meta":{` +
			`"progressToken":"p",` +
			`"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
			`"io.modelcontextprotocol/clientInfo":{"name":"apptest","version":"1"},` +
			`"io.modelcontextprotocol/clientCapabilities":{}}}}`,
	}
}

// With returns the request with one more header field.
func (r Request) With(name, value string) Request {
	header := map[string]string{name: value}
	for n, v := range r.Header {
		if n != name {
			header[n] = v
		}
	}
	r.Header = header
	return r
}
