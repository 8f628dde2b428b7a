package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// proxyTo starts the proxy in front of a handler that is no MCP server at all.
func proxyTo(t *testing.T, handler http.HandlerFunc, env ...string) *world {
	t.Helper()
	as := authtest.NewServer(t)
	opens := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Mcp-Param-Opens") == "" {
			handler(w, r)
			return
		}
		w.Header().Set("Mcp-Session-Id", "one")
	}
	env = append(env, "ISSUER="+as.Issuer(), "UPSTREAM="+serveUpstream(t, http.HandlerFunc(opens)))
	w := newWorld(t, start(t, "proxy", env...), setup{scopes: []string{"mcp:read"}, upstream: true}, authorityOf(as))
	// GET and DELETE need a session, which everything that follows is in.
	w.check(t, row{
		name: "opening a session", method: http.MethodPost, path: "/mcp", token: w.good, header: post("Mcp-Param-Opens", "1"), body: initializeCall,
		status: http.StatusOK,
	})
	return w
}

// open sends a request with a good token and returns the answer's body before its
// end.
func (w *world) open(t *testing.T, method, body string) io.Reader {
	t.Helper()
	request, err := http.NewRequestWithContext(timeout(t), method, w.address+"/mcp", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = post("Authorization", "Bearer "+w.good, "Mcp-Session-Id", "one")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response.Body
}

// An event goes out when it comes: the upstream sends the next only once the
// client has seen the last (S52).
func TestProxyStreamsEventByEvent(t *testing.T) {
	seen := make(chan struct{})
	w := proxyTo(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			select {
			case <-seen:
			case <-r.Context().Done():
				return
			}
		}
	})
	for method, body := range map[string]string{http.MethodGet: "", http.MethodPost: listCall} {
		t.Run(method, func(t *testing.T) {
			lines := bufio.NewScanner(w.open(t, method, body))
			for i := range 3 {
				if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) || !lines.Scan() || lines.Text() != "" {
					t.Fatalf("event %d: %q, error %v", i, lines.Text(), lines.Err())
				}
				seen <- struct{}{}
			}
			if lines.Scan() || lines.Err() != nil {
				t.Errorf("after the last event: %q, error %v", lines.Text(), lines.Err())
			}
		})
	}
}

// A client that goes away cancels what the upstream does for it, while it
// streams and before it has answered at all (S52).
func TestProxyCancels(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan struct{})
	w := proxyTo(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, ": hello\n\n")
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.Copy(io.Discard, r.Body) // the server notices a disconnect once the body is read
		arrived <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	})
	for method, body := range map[string]string{http.MethodGet: "", http.MethodPost: listCall} {
		t.Run(method, func(t *testing.T) {
			ctx, leave := context.WithCancel(timeout(t))
			left := make(chan error, 1)
			go func() {
				request, err := http.NewRequestWithContext(ctx, method, w.address+"/mcp", strings.NewReader(body))
				if err != nil {
					left <- err
					return
				}
				request.Header = post("Authorization", "Bearer "+w.good, "Mcp-Session-Id", "one")
				response, err := http.DefaultTransport.RoundTrip(request)
				if err == nil {
					_, err = io.Copy(io.Discard, response.Body)
					response.Body.Close()
				}
				left <- err
			}()
			wait(t, arrived, "the request doesn't get to the upstream")
			leave()
			wait(t, gone, "the upstream isn't told that the client left")
			if err := <-left; err == nil {
				t.Error("the client got a whole answer")
			}
		})
	}
}

func wait(t *testing.T, until <-chan struct{}, otherwise string) {
	t.Helper()
	select {
	case <-until:
	case <-time.After(patience):
		t.Fatal(otherwise)
	}
}

// While the upstream is down the answer is 502, which tells nothing of it; the
// log does.
func TestProxyUpstreamIsDown(t *testing.T) {
	as := authtest.NewServer(t)
	down := httptest.NewServer(nil)
	address := down.Listener.Addr().String()
	down.Close()
	w := newWorld(t, start(t, "proxy", "ISSUER="+as.Issuer(), "UPSTREAM=http://"+address+"/mcp", "POLICY="+writePolicy(t, weatherPolicy)),
		setup{scopes: []string{"mcp:read"}, upstream: true}, authorityOf(as))
	w.check(t, row{
		name: "down", method: http.MethodPost, path: "/mcp", token: w.good, header: post(), body: listCall, status: http.StatusBadGateway,
		text: "the MCP server behind this endpoint doesn't answer\n",
	})
	w.check(t, row{name: "alive", path: "/healthz", status: http.StatusOK})
	w.check(t, row{name: "tokens can be verified", path: "/readyz", status: http.StatusOK})
	w.check(t, row{
		name: "S1", method: http.MethodPost, path: "/mcp", header: post(), body: listCall,
		status: http.StatusUnauthorized, challenge: w.bareChallenge(),
	})
	if !strings.Contains(w.output.String(), "upstream failed") || !strings.Contains(w.output.String(), address) {
		t.Errorf("the log doesn't say what is down:\n%s", w.output)
	}
}

// The upstream sees the request that a client of its own would send: nothing of
// the token, of this host or of other proxies, and no wish for a tunnel past the
// gate (security rules, identity).
func TestProxySendsItsOwnRequest(t *testing.T) {
	requests := make(chan *http.Request, 1)
	w := proxyTo(t, func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		w.Header().Set("Content-Type", "application/json")
		for name, value := range map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true", "Www-Authenticate": "Basic", "Set-Cookie": "a=b", "X-Own": "kept",
		} {
			w.Header().Set(name, value)
		}
		fmt.Fprint(w, "{}")
	})
	sent := post("Mcp-Protocol-Version", sessions, "Mcp-Session-Id", "one", "Last-Event-Id", "7", "User-Agent", "test", "Traceparent", "00-1-2-01",
		"X-Forwarded-User", "mallory", "Remote-User", "mallory", "X-Real-Ip", "192.0.2.1", "Cookie", "session=secret", "Origin", w.address, "Sec-Fetch-Site", "cross-site", "Accept-Encoding", "gzip",
		"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "Forwarded", "host=evil.example",
		"Connection", "Upgrade, X-Hop", "Upgrade", "websocket", "X-Hop", "1", "Keep-Alive", "1", "Proxy-Authorization", "Basic x", "Te", "trailers")
	want := post("Mcp-Protocol-Version", sessions, "Mcp-Session-Id", "one", "Last-Event-Id", "7", "User-Agent", "test", "Traceparent", "00-1-2-01")
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} { // the last ends the session
		t.Run(method, func(t *testing.T) {
			body := "smuggled"
			if method == http.MethodPost {
				body = listCall
			}
			w.check(t, row{
				name: method, method: method, path: "/mcp?access_token=secret", token: w.good, header: sent, body: body, status: http.StatusOK,
				headers: map[string]string{
					"Access-Control-Allow-Origin": w.address, "Access-Control-Allow-Credentials": "", "Set-Cookie": "", "X-Own": "kept",
				},
			})
			var got *http.Request
			select {
			case got = <-requests:
			case <-time.After(patience):
				t.Fatal("the request doesn't get to the upstream")
			}
			length := int64(0)
			if method == http.MethodPost {
				length = int64(len(body))
			}
			if got.Method != method || got.RequestURI != "/behind" || got.ContentLength != length {
				t.Errorf("the upstream got %s %s with %d bytes", got.Method, got.RequestURI, got.ContentLength)
			}
			if at, err := url.Parse(w.address); err != nil || got.Host == at.Host || !strings.HasPrefix(got.Host, "127.0.0.1:") {
				t.Errorf("the upstream's Host is %s, error %v", got.Host, err)
			}
			got.Header.Del("Content-Length")
			if !reflect.DeepEqual(got.Header, want) {
				t.Errorf("the upstream got %v, want %v", got.Header, want)
			}
		})
	}
}

// What the upstream says to the proxy alone doesn't reach the client; what it
// says to the client does.
func TestProxyHoldsAnswersBack(t *testing.T) {
	status := make(chan int, 1)
	w := proxyTo(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://internal.example/mcp/")
		w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="http://internal.example"`)
		w.WriteHeader(<-status)
		fmt.Fprint(w, "said by internal.example")
	})
	for came, want := range map[int]int{
		http.StatusUnauthorized: http.StatusBadGateway, http.StatusTemporaryRedirect: http.StatusBadGateway,
		http.StatusFound: http.StatusBadGateway, http.StatusNotFound: http.StatusNotFound, http.StatusInternalServerError: http.StatusInternalServerError,
	} {
		status <- came
		r := row{name: fmt.Sprint(came), method: http.MethodPost, path: "/mcp", token: w.good, header: post(), body: listCall, status: want}
		if r.text = "said by internal.example"; want == http.StatusBadGateway {
			r.text, r.headers = "the MCP server behind this endpoint doesn't answer\n", map[string]string{"Location": ""}
		}
		w.check(t, r)
	}
}

// A call that can't be recorded doesn't reach the upstream.
func TestProxyRunsOnlyWhatIsRecorded(t *testing.T) {
	w := proxyTo(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || strings.Contains(string(body), "tools/call") {
			t.Errorf("the upstream got %s, error %v", body, err)
		}
	}, "AUDIT_LOG=/dev/full")
	call := row{
		name: "a full disk", method: http.MethodPost, path: "/mcp", token: w.good, header: post(), body: protected()["tools/call"],
		status: http.StatusInternalServerError, text: "the call can't be recorded\n",
	}
	w.check(t, call)
	for _, body := range []string{listCall, `{"jsonrpc":"2.0","id":1,"method":"ping"}`, `{"jsonrpc":"2.0","id":1,"result":{}}`} {
		other := call
		other.name, other.body, other.status, other.text = "no call", body, http.StatusOK, ""
		other.header = post("Mcp-Session-Id", "one")
		w.check(t, other)
	}
}
