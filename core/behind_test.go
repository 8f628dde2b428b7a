package core_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// guarded serves a handler behind the policy of most rows.
func guarded(t *testing.T, mcp http.Handler) *httptest.Server {
	t.Helper()
	c := quiet()
	c.AuthorizationServers, c.Verifiers, c.Scopes = nil, []core.Verifier{scopesVerifier{}}, []string{"base"}
	notes(&c)
	rs, err := core.New(stopped(t), c)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(rs.Handler(mcp))
	t.Cleanup(s.Close)
	return s
}

// TestNoOtherProtocolLeadsPastTheGate: S40 and G5. Once a proxy has switched
// protocols for a message that was let in, it would pass on whatever comes next,
// with nobody to look at it.
func TestNoOtherProtocolLeadsPastTheGate(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, err = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		if err := errors.Join(err, conn.Close()); err != nil {
			t.Error(err)
		}
	}))
	defer upstream.Close()
	to, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := guarded(t, httputil.NewSingleHostReverseProxy(to))
	status, _, _ := exchange(t, s.URL, call("get_weather", "{}"), func(r *http.Request) {
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
	})
	if status != http.StatusAccepted {
		t.Errorf("status %d, want that of the message, 202", status)
	}
}

// TestNoProtocolUnasked: S40 and G5, nor is one opened by an upstream that switches
// without having been asked.
func TestNoProtocolUnasked(t *testing.T) {
	for _, fields := range []string{"Connection: Upgrade\r\nUpgrade: websocket\r\n", "Connection: Upgrade\r\n", ""} {
		upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, err = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n"+fields+"\r\n")
			if err := errors.Join(err, conn.Close()); err != nil {
				t.Error(err)
			}
		}))
		t.Cleanup(upstream.Close)
		to, err := url.Parse(upstream.URL)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(to)
		proxy.ErrorLog = log.New(io.Discard, "", 0)
		status, _, _ := exchange(t, guarded(t, proxy).URL, call("get_weather", "{}"))
		if status != http.StatusBadGateway {
			t.Errorf("%q: status %d, want 502", fields, status)
		}
	}
}

// TestTrailersStayBehind: fields behind the body come too late to be checked, and
// an Authorization among them is as little the handler's as that of the head (G3).
func TestTrailersStayBehind(t *testing.T) {
	seen := make(chan http.Header, 1)
	s := guarded(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Trailer }))
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	body := call("get_weather", "{}")
	_, err = fmt.Fprintf(conn, "POST /mcp HTTP/1.1\r\nHost: mcp.example\r\nAuthorization: Bearer scopes:base\r\nContent-Type: application/json\r\n"+
		"Transfer-Encoding: chunked\r\nTrailer: Authorization, Mcp-Session-Id\r\n\r\n"+
		"%x\r\n%s\r\n0\r\nAuthorization: Bearer another\r\nMcp-Session-Id: x\r\n\r\n", len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d", answer.StatusCode)
	}
	if trailer := <-seen; len(trailer) > 0 {
		t.Errorf("the handler sees the fields %q", trailer)
	}
}

// TestOuterTokensThatEndMeanwhile: S47, a caller whose token was good on an outer
// route and is over by now is not anonymous.
func TestOuterTokensThatEndMeanwhile(t *testing.T) {
	w := newReadyWorld(t, func(c *core.Config) {
		c.Policy.Tools = map[string]core.Requirement{"open": core.Anonymous()}
	})
	ran := false
	endpoint := w.rs.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true }))
	app := w.rs.Protect(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.clock.Advance(2 * time.Hour)
		endpoint.ServeHTTP(rw, r)
	}))
	r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(call("open", "{}")))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.mint())
	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, r)
	if answer.Code != http.StatusUnauthorized || ran {
		t.Errorf("status %d, want 401; the handler ran: %v", answer.Code, ran)
	}
}

// arriving is a body during which something happens.
type arriving struct {
	io.Reader
	meanwhile func()
}

func (a *arriving) Read(p []byte) (int, error) {
	if a.meanwhile != nil {
		a.meanwhile()
		a.meanwhile = nil
	}
	return a.Reader.Read(p)
}

// TestTokensThatEndWhileTheBodyComes: nothing runs by a token that is over, and a
// caller may take his time with the body.
func TestTokensThatEndWhileTheBodyComes(t *testing.T) {
	for _, policy := range []core.Policy{{}, {Tools: map[string]core.Requirement{"open": core.Anonymous()}}} {
		w := newReadyWorld(t, func(c *core.Config) { c.Policy = policy })
		ran := false
		s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			r.Body = io.NopCloser(&arriving{r.Body, func() { w.clock.Advance(2 * time.Hour) }})
			w.rs.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran = true })).ServeHTTP(rw, r)
		}))
		t.Cleanup(s.Close)
		status, header, body := exchange(t, s.URL, call("open", "{}"), func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+w.mint()) })
		if status != http.StatusUnauthorized || ran || !strings.Contains(header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("status %d, %q, ran %v: %s", status, header, ran, body)
		}
	}
}

// renewing is a verifier whose verdicts hold for a minute each, and each has the
// scopes that are left by then.
type renewing struct {
	now  func() time.Time
	left chan []string
}

func (v renewing) Verify(context.Context, string) (core.Principal, error) {
	p := alice()
	p.NoExpiry, p.Expiry, p.Scopes = false, v.now().Add(time.Minute), <-v.left
	return p, nil
}

// TestVerdictsThatEndWhileTheBodyComes: what ends may be the verdict and not the token,
// where the token says nothing of its end. Then the verifier is asked again, and what
// it says then is what counts, for the decision and for the handler.
func TestVerdictsThatEndWhileTheBodyComes(t *testing.T) {
	for about, c := range map[string]struct {
		after  []string
		status int
	}{
		"as before":        {[]string{"base", "notes:write"}, http.StatusOK},
		"a scope is gone":  {[]string{"base"}, http.StatusForbidden},
		"all of them are":  {nil, http.StatusForbidden},
		"one more than it": {[]string{"base", "notes:write", "new"}, http.StatusOK},
	} {
		clock := environ.NewManual(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC))
		verifier := renewing{clock.Now, make(chan []string, 2)}
		verifier.left <- []string{"base", "notes:write"}
		verifier.left <- c.after
		config := quiet()
		config.AuthorizationServers, config.Verifiers, config.Scopes = nil, []core.Verifier{verifier}, []string{"base"}
		notes(&config)
		confirmed := 0
		config.Confirm = func(*http.Request, core.Principal) error {
			confirmed++
			return nil
		}
		rs, err := core.New(environ.With(stopped(t), clock.Clock()), config)
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		ran := false
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = io.NopCloser(&arriving{r.Body, func() { clock.Advance(2 * time.Hour) }})
			rs.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				p, _ := core.PrincipalFrom(r.Context())
				seen, ran = p.Scopes, true
			})).ServeHTTP(w, r)
		}))
		t.Cleanup(s.Close)
		status, _, body := exchange(t, s.URL, call("purge", "{}"))
		if status != c.status || ran != (status == http.StatusOK) || ran && !slices.Equal(seen, c.after) || confirmed != 2 {
			t.Errorf("%s: status %d, want %d, ran %v with %q, confirmed %d times: %s", about, status, c.status, ran, seen, confirmed, body)
		}
	}
}

// TestG2OnlyPostCarriesABody: what stands in the body of another request, or behind
// it, has nobody read, so that a proxy must not hand it on. An upstream may take the
// method from another field than this gate does.
func TestG2OnlyPostCarriesABody(t *testing.T) {
	type seen struct {
		body    string
		trailer http.Header
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		reached := make(chan seen, 1)
		upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			w.Header().Set("Mcp-Session-Id", "s")
			if r.Method == method {
				reached <- seen{string(body), r.Trailer}
			}
		}))
		t.Cleanup(upstream.Close)
		to, err := url.Parse(upstream.URL)
		if err != nil {
			t.Fatal(err)
		}
		s := guarded(t, httputil.NewSingleHostReverseProxy(to))
		if status, _, _ := exchange(t, s.URL, call("get_weather", "{}")); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		body := call("purge", "{}")
		_, err = fmt.Fprintf(conn, "%s /mcp HTTP/1.1\r\nHost: mcp.example\r\nAuthorization: Bearer scopes:base\r\nContent-Type: application/json\r\n"+
			"Mcp-Session-Id: s\r\nX-HTTP-Method-Override: POST\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n"+
			"%x\r\n%s\r\n0\r\nAuthorization: Bearer another\r\n\r\n", method, len(body), body)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d", method, answer.StatusCode)
		}
		if got := <-reached; got.body != "" || len(got.trailer) > 0 {
			t.Errorf("%s: the upstream got %q and %q", method, got.body, got.trailer)
		}
	}
}

// TestS50NothingIsWrittenPastTheToken: a stream ends with its token also where the
// handler looks at no context.
func TestS50NothingIsWrittenPastTheToken(t *testing.T) {
	w := newReadyWorld(t)
	opened, over := make(chan struct{}), make(chan error, 1)
	s := httptest.NewServer(w.rs.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Mcp-Session-Id", "s")
		if r.Method == http.MethodPost {
			return
		}
		rw.Header().Set("Content-Type", "text/event-stream")
		_, err := io.WriteString(rw, "data: 1\n\n")
		if err := errors.Join(err, http.NewResponseController(rw).Flush()); err != nil {
			t.Error(err)
		}
		<-opened
		w.clock.Advance(2 * time.Hour)
		_, err = io.WriteString(rw, "data: 2\n\n")
		over <- err
	})))
	defer s.Close()
	as := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+w.mint()) }
	if status, _, _ := exchange(t, s.URL, request("ping", "{}"), as); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	close(opened)
	_, _, body := exchange(t, s.URL, "", as, func(r *http.Request) {
		r.Method = http.MethodGet
		r.Header.Set("Mcp-Session-Id", "s")
	})
	if err := <-over; err == nil || body != "data: 1\n\n" {
		t.Errorf("the stream is %q, and the handler was told %v", body, err)
	}
}

// TestPagesReadWhatAProxyAnswers: S39, an upstream that says itself which pages may
// read its answer doesn't unsay what the gate says, which has the say. Browsers take no
// answer with two such fields, nor one without, as a proxy leaves it once it has
// passed on a 103.
func TestPagesReadWhatAProxyAnswers(t *testing.T) {
	for about, answer := range map[string]http.HandlerFunc{
		"no fields": func(http.ResponseWriter, *http.Request) {},
		"fields of its own": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", "X-Own")
		},
		"an early hint": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) },
	} {
		upstream := httptest.NewServer(answer)
		t.Cleanup(upstream.Close)
		to, err := url.Parse(upstream.URL)
		if err != nil {
			t.Fatal(err)
		}
		s := guarded(t, httputil.NewSingleHostReverseProxy(to))
		status, header, _ := exchange(t, s.URL, call("get_weather", "{}"), func(r *http.Request) { r.Header.Set("Origin", "https://mcp.example") })
		exposed := strings.Join(header["Access-Control-Expose-Headers"], ", ")
		if status != http.StatusOK || !slices.Equal(header["Access-Control-Allow-Origin"], []string{"https://mcp.example"}) ||
			!strings.Contains(exposed, "Mcp-Session-Id") || about == "fields of its own" && !strings.Contains(exposed, "X-Own") ||
			!slices.Equal(header["Vary"], []string{"Origin"}) {
			t.Errorf("%s: status %d, %q", about, status, header)
		}
	}
}
