package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func TestGet(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Accept") != "application/json, application/jwk-set+json" {
			http.Error(w, "", http.StatusNotAcceptable)
			return
		}
		if len(r.Header["Authorization"]) > 0 || len(r.Header["Cookie"]) > 0 {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		w.Header().Set("Cache-Control", "max-age=60")
		fmt.Fprint(w, `{"a":1}`)
	})
	response, err := Getter{}.Get(context.Background(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(response.Body); got != `{"a":1}` {
		t.Errorf("body %q", got)
	}
	if got := response.Header.Get("Cache-Control"); got != "max-age=60" {
		t.Errorf("header %q", got)
	}
}

func TestGetStatus(t *testing.T) {
	for _, status := range []int{201, 202, 204, 206, 300, 304, 400, 401, 403, 404, 410, 429, 500, 502, 503} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		response, err := Getter{}.Get(context.Background(), server.URL+"/x")
		var failure *StatusError
		if !errors.As(err, &failure) {
			t.Errorf("status %d: error %v", status, err)
			continue
		}
		if failure.Status != status || failure.URL != server.URL+"/x" {
			t.Errorf("status %d: %+v", status, failure)
		}
		if response.Body != nil || response.Header != nil {
			t.Errorf("status %d: a response beside the error", status)
		}
	}
}

func TestGetLimit(t *testing.T) {
	const size = 1000
	for _, test := range []struct {
		name  string
		limit int64
		fits  bool
	}{
		{"below", size - 1, false},
		{"exact", size, true},
		{"above", size + 1, true},
		{"one byte", 1, false},
		{"default", 0, true},
		{"negative is the default", -1, true},
		{"largest", math.MaxInt64, true},
	} {
		for _, encoding := range []string{"", "gzip"} {
			t.Run("S31 "+test.name+encoding, func(t *testing.T) {
				server := serve(t, func(w http.ResponseWriter, _ *http.Request) { write(w, size, encoding) })
				response, err := Getter{Limit: test.limit}.Get(context.Background(), server.URL)
				if test.fits {
					if err != nil || len(response.Body) != size {
						t.Fatalf("%d bytes, error %v", len(response.Body), err)
					}
					return
				}
				var failure *SizeError
				if !errors.As(err, &failure) || failure.Limit != test.limit || failure.URL != server.URL {
					t.Fatalf("error %v, want a *SizeError", err)
				}
				if response.Body != nil {
					t.Error("a body beside the error")
				}
			})
		}
	}
}

func TestGetDefaultLimit(t *testing.T) {
	var size atomic.Int64
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { write(w, int(size.Load()), "gzip") })
	size.Store(1 << 20)
	if _, err := (Getter{}).Get(context.Background(), server.URL); err != nil {
		t.Errorf("S31: 1 MiB: %v", err)
	}
	size.Add(1)
	var failure *SizeError
	if _, err := (Getter{}).Get(context.Background(), server.URL); !errors.As(err, &failure) || failure.Limit != 1<<20 {
		t.Errorf("S31: 1 MiB and a byte: error %v, want a *SizeError", err)
	}
}

func write(w http.ResponseWriter, size int, encoding string) {
	body := bytes.Repeat([]byte(" "), size)
	if encoding != "gzip" {
		_, _ = w.Write(body)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_, _ = z.Write(body)
	_ = z.Close()
}

func TestGetCutOffBody(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, `{"keys":[]}`)
	})
	// The limit at which the body stops is where a cut is easily overlooked.
	for _, limit := range []int64{11, 100, 1000} {
		response, err := Getter{Limit: limit}.Get(context.Background(), server.URL)
		if err == nil || response.Body != nil {
			t.Errorf("S31: limit %d: a body that was cut off is taken", limit)
		}
	}
}

// hops answers /n with a redirect to /n-1, and /0 with a document.
func hops(w http.ResponseWriter, r *http.Request) {
	var n int
	if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err != nil {
		http.NotFound(w, r)
		return
	}
	if n == 0 {
		w.Header().Set("Last", "yes")
		fmt.Fprint(w, "{}")
		return
	}
	http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
}

func TestGetSameOriginRedirects(t *testing.T) {
	server := serve(t, hops)
	for n := range 5 {
		response, err := Getter{}.Get(context.Background(), fmt.Sprintf("%s/%d", server.URL, n))
		if n <= 3 && (err != nil || response.Header.Get("Last") != "yes") {
			t.Errorf("S31: %d redirects: %v", n, err)
		}
		if n > 3 && (err == nil || !strings.Contains(err.Error(), "more than 3 redirects")) {
			t.Errorf("S31: %d redirects: error %v", n, err)
		}
	}
}

func TestGetRedirectElsewhere(t *testing.T) {
	var reached atomic.Int32
	elsewhere := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		reached.Add(1)
		fmt.Fprint(w, `{"keys":["an attacker's"]}`)
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, hop := range []bool{false, true} {
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if hop && r.URL.Path != "/hop" {
					http.Redirect(w, r, "/hop", status)
					return
				}
				http.Redirect(w, r, elsewhere.URL+"/secret", status)
			})
			_, err := Getter{}.Get(context.Background(), server.URL)
			var failure *RedirectError
			if !errors.As(err, &failure) {
				t.Errorf("S31: status %d: error %v, want a *RedirectError", status, err)
				continue
			}
			if failure.From != server.URL || failure.To != elsewhere.URL || failure.URL != server.URL {
				t.Errorf("S31: status %d: %+v", status, failure)
			}
			for _, origin := range []string{server.URL, elsewhere.URL} {
				if !strings.Contains(err.Error(), origin) {
					t.Errorf("S31: %q doesn't name %s", err, origin)
				}
			}
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("S31: %d requests reached the other origin", n)
	}
}

func TestGetNoRedirects(t *testing.T) {
	var reached atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/next" {
			reached.Add(1)
			return
		}
		http.Redirect(w, r, "/next", http.StatusFound)
	})
	_, err := Getter{NoRedirects: true}.Get(context.Background(), server.URL)
	var failure *StatusError
	if !errors.As(err, &failure) || failure.Status != http.StatusFound || reached.Load() != 0 {
		t.Errorf("error %v, want a *StatusError, after %d redirects", err, reached.Load())
	}
}

func TestGetRedirectFromTLS(t *testing.T) {
	var target atomic.Value
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target.Load().(string), http.StatusFound)
	}))
	t.Cleanup(server.Close)
	target.Store(strings.Replace(server.URL, "https:", "http:", 1))
	_, err := Getter{Client: server.Client(), AllowHTTP: true}.Get(context.Background(), server.URL)
	var failure *RedirectError
	if !errors.As(err, &failure) {
		t.Errorf("S31: error %v, want a *RedirectError: https to http is another origin", err)
	}
}

func TestGetRedirectWithUserInformation(t *testing.T) {
	var authorized atomic.Bool
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			authorized.Store(true)
		}
		if r.URL.Path == "/" {
			http.Redirect(w, r, "http://name:word@"+r.Host+"/next", http.StatusFound)
		}
	})
	if _, err := (Getter{}).Get(context.Background(), server.URL+"/"); err == nil {
		t.Error("followed")
	} else if strings.Contains(err.Error(), "word") {
		t.Error("the error repeats the user information")
	}
	if authorized.Load() {
		t.Error("an Authorization header was sent")
	}
}

func TestGetKeepsTheClient(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie("name"); err != nil || cookie.Value != "value" {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		hops(w, r)
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(u, []*http.Cookie{{Name: "name", Value: "value"}})
	var sent, asked atomic.Int32
	client := &http.Client{
		Jar: jar,
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			sent.Add(1)
			return http.DefaultTransport.RoundTrip(r)
		}),
		CheckRedirect: func(*http.Request, []*http.Request) error {
			asked.Add(1)
			return http.ErrUseLastResponse
		},
	}
	if _, err := (Getter{Client: client}).Get(context.Background(), server.URL+"/1"); err != nil {
		t.Fatal(err)
	}
	if sent.Load() != 2 || asked.Load() != 0 {
		t.Errorf("%d requests went through the transport, want 2; CheckRedirect was asked %d times, want 0", sent.Load(), asked.Load())
	}
	if err := client.CheckRedirect(nil, nil); !errors.Is(err, http.ErrUseLastResponse) {
		t.Error("the caller's client was changed")
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestGetRefusesURLs(t *testing.T) {
	client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("not reached")
	})}
	for _, url := range []string{"http://as.example/", "https://name:word@as.example/", "https://name:word@as.example:x/", "ftp://as.example/", "", "::", "https://as.example/word\u009b31m"} {
		_, err := Getter{Client: client}.Get(context.Background(), url)
		if err == nil {
			t.Errorf("%q: no error", url)
		} else if strings.Contains(err.Error(), "word") {
			t.Errorf("%q: the error repeats the user information", url)
		}
	}
}

func TestGetAllowHTTP(t *testing.T) {
	server := serve(t, hops)
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, server.Listener.Addr().String())
		},
		DisableKeepAlives: true,
	}}
	if _, err := (Getter{Client: client, AllowHTTP: true}).Get(context.Background(), "http://as.example/0"); err != nil {
		t.Error(err)
	}
	if _, err := (Getter{Client: client}).Get(context.Background(), "http://as.example/0"); err == nil {
		t.Error("http to a host that is not loopback was asked")
	}
}

func TestGetTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(hops))
	t.Cleanup(server.Close)
	if _, err := (Getter{Client: server.Client()}).Get(context.Background(), server.URL+"/0"); err != nil {
		t.Error(err)
	}
	if _, err := (Getter{}).Get(context.Background(), server.URL+"/0"); err == nil {
		t.Error("a certificate of an unknown authority was accepted")
	}
}

// hang answers as far as asked, then not at all until the client is gone.
func hang(status bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if status {
			w.WriteHeader(http.StatusOK)
			fmt.Fprint(w, "{")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
}

func TestGetTimeout(t *testing.T) {
	for _, status := range []bool{false, true} {
		server := serve(t, hang(status))
		_, err := Getter{Timeout: 50 * time.Millisecond}.Get(context.Background(), server.URL)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("S31: answer begun: %v: error %v, want the deadline's", status, err)
		}
	}
}

func TestGetCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		hang(true)(w, r)
	})
	if _, err := (Getter{}).Get(ctx, server.URL); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}

func TestGetRefusedConnection(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(hops))
	server.Close()
	_, err := Getter{}.Get(context.Background(), server.URL)
	var network *net.OpError
	if !errors.As(err, &network) || !strings.Contains(err.Error(), server.URL) {
		t.Errorf("error %v, want the network's and the URL", err)
	}
}
