package rawhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/rawhttp"
)

func ExampleSend() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL, r.Header["Twice"])
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := rawhttp.Send(context.Background(), base, &rawhttp.Request{Method: "GET", Target: "/x", Headers: []string{"Twice: a", "twice: b"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.StatusCode, resp.Body.Close())
	// Output:
	// GET /x [a b]
	// 200 <nil>
}

// serve starts a server that tells what it got, and returns where it is.
func serve(t *testing.T, start func(*httptest.Server)) *url.URL {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/unread" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d %v %d %v %s", len(body), err, r.ContentLength, r.TransferEncoding, r.Host)
	}))
	start(server)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func ask(t *testing.T, base *url.URL, r *rawhttp.Request) (int, string) {
	t.Helper()
	resp, err := rawhttp.Send(t.Context(), base, r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestBodies(t *testing.T) {
	base := serve(t, (*httptest.Server).Start)
	long := strings.Repeat("x", 5000)
	for _, test := range []struct {
		r    rawhttp.Request
		want string
	}{
		{rawhttp.Request{Method: "POST", Body: "abc"}, "3 <nil> 3 [] " + base.Host},
		{rawhttp.Request{Method: "POST"}, "0 <nil> 0 [] " + base.Host},
		{rawhttp.Request{Method: "DELETE"}, "0 <nil> 0 [] " + base.Host},
		{rawhttp.Request{Method: "POST", Body: long, Chunked: true}, "5000 <nil> -1 [chunked] " + base.Host},
		{rawhttp.Request{Method: "GET", Headers: []string{"host: other.example"}}, "0 <nil> 0 [] other.example"},
	} {
		test.r.Target = "/"
		if status, got := ask(t, base, &test.r); status != http.StatusOK || got != test.want {
			t.Errorf("%s: status %d, %q, want %q", test.r.Method, status, got, test.want)
		}
	}
}

// A body that is announced and doesn't come holds up nobody who doesn't read it.
func TestWithheldBody(t *testing.T) {
	base := serve(t, (*httptest.Server).Start)
	if status, _ := ask(t, base, &rawhttp.Request{Method: "POST", Target: "/unread", Body: "abc", Withheld: true}); status != http.StatusUnauthorized {
		t.Errorf("status %d", status)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if resp, err := rawhttp.Send(ctx, base, &rawhttp.Request{Method: "POST", Target: "/", Body: "abc", Withheld: true}); err == nil {
		_ = resp.Body.Close()
		t.Error("there is an answer, though the context has ended")
	}
}

func TestTLS(t *testing.T) {
	base := serve(t, (*httptest.Server).StartTLS)
	if status, got := ask(t, base, &rawhttp.Request{Method: "POST", Target: "/", Body: "abc"}); status != http.StatusOK || !strings.HasPrefix(got, "3 <nil>") {
		t.Errorf("status %d, %q", status, got)
	}
}
