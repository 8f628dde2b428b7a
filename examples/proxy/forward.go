package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/examples/internal/demo"
)

// callMethod is the method that runs a tool.
const callMethod = "tools/call"

// forward returns the handler that passes requests on to the upstream. It gets
// those that were let in, without their access token.
func (p *proxy) forward() http.Handler {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     time.Minute,
		MaxIdleConnsPerHost: 100, // all connections go to one host
		ForceAttemptHTTP2:   true,
		DisableCompression:  true,
	}
	return &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      transport,
		FlushInterval:  -1, // an event goes out when it comes
		ModifyResponse: checkAnswer,
		ErrorHandler:   failed,
		ErrorLog:       slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
}

// rewrite makes the upstream's request of the client's. What httputil removes
// before are the fields of one connection and those of other proxies.
func (p *proxy) rewrite(r *httputil.ProxyRequest) {
	// Whatever the client has put into the query stays here: a token may be in it.
	target := *p.upstream
	r.Out.URL = &target
	r.Out.Host = "" // that of the URL
	for name := range r.Out.Header {
		if !passes(name) {
			delete(r.Out.Header, name)
		}
	}
	if r.In.Method != http.MethodPost {
		r.Out.Body, r.Out.ContentLength = nil, 0 // the gate has read messages of POST alone
	}
}

// passes reports whether the upstream gets the header field: those of MCP, and
// what says how to answer. All others stay here. Cookies are a credential of this
// host, as the token is; Upgrade would lead past the gate; what came encoded could
// not be filtered; and who is said to call, in X-Forwarded-User and the like, is
// for the gate alone to say.
func passes(name string) bool {
	switch name {
	case "Accept", "Accept-Language", "Content-Type", "Last-Event-Id", "User-Agent", "Traceparent", "Tracestate":
		return true
	}
	return strings.HasPrefix(name, "Mcp-")
}

// errUpstream is what the log gets for answers that aren't for clients.
var errUpstream = errors.New("the upstream's answer is not for clients")

// checkAnswer holds back what the upstream says to its own client, which is this
// proxy.
func checkAnswer(r *http.Response) error {
	switch status := r.StatusCode; {
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%w: it wants credentials: let it serve this proxy without", errUpstream)
	case status == http.StatusSwitchingProtocols, status >= 300 && status < 400:
		return fmt.Errorf("%w: status %d: set UPSTREAM to the URL at which the endpoint itself answers", errUpstream, status)
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "Access-Control-") {
			delete(r.Header, name) // which pages may read answers is decided here
		}
	}
	r.Header.Del("WWW-Authenticate")
	r.Header.Del("Set-Cookie")
	return nil
}

// failed answers for an upstream that doesn't. Why not is nothing for clients.
func failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil { // else nobody waits any more
		slog.WarnContext(r.Context(), "upstream failed", "error", err)
	}
	http.Error(w, "the MCP server behind this endpoint doesn't answer", http.StatusBadGateway)
}

// audited has each run of a tool recorded before the upstream hears of it. What
// can't be recorded doesn't run.
func audited(d *demo.Demo, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body) // the gate has bounded it
		if err != nil {
			http.Error(w, "the message can't be read", http.StatusBadRequest)
			return
		}
		tool, err := calledTool(body)
		if tool != "" && err == nil {
			err = d.Record(r.Context(), tool)
		}
		if err != nil {
			slog.ErrorContext(r.Context(), "audit", "error", err)
			http.Error(w, "the call can't be recorded", http.StatusInternalServerError)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// calledTool returns the tool that a message calls, or "" where it calls none.
// The gate has let the message in, so that every decoder reads it alike.
func calledTool(message []byte) (string, error) {
	var call struct {
		Method string
		Params json.RawMessage
	}
	if err := json.Unmarshal(message, &call); err != nil || call.Method != callMethod {
		return "", err
	}
	var params struct{ Name string }
	err := json.Unmarshal(call.Params, &params)
	return params.Name, err
}

// ownHost refuses requests under a Host that is neither loopback's nor the
// resource's. An MCP server on loopback does so itself against DNS rebinding,
// but behind the proxy each request has a Host that it knows.
func ownHost(resource string, next http.Handler) http.Handler {
	own := ""
	if u, err := url.Parse(resource); err == nil {
		own = u.Hostname()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := url.URL{Host: r.Host}
		if name := asked.Hostname(); !strings.EqualFold(name, own) && !isLoopback(name) {
			http.Error(w, "the Host is foreign to this address", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
