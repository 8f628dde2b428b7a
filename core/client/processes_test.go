package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// child is the environment variable that makes this test binary one of two
// processes on one file.
const child = "CLIENT_TEST_CHILD"

// TestMain is the other process, where it is asked to be.
func TestMain(m *testing.M) {
	if path := os.Getenv(child); path != "" {
		if err := callOnce(path, os.Getenv(child+"_RESOURCE")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func callOnce(path, resource string) error {
	transport, err := client.New(client.Config{
		Resource: resource, Storage: client.FileStorage(path),
		Redirect: func(context.Context, string) error { return errors.New("the user was asked") },
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, _ = fmt.Fprintln(os.Stdout, "ready") // the test misses it
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, resource, strings.NewReader(callOf("read")))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return resp.Body.Close()
}

// C9: two processes with one expired token make one refresh request.
func TestC9TwoProcessesRefreshOnce(t *testing.T) {
	w := start(t)
	path := filepath.Join(t.TempDir(), "tokens.json")
	storage := client.FileStorage(path)
	w.mustCall(w.transport(func(c *client.Config) { c.Storage = storage }), "read")
	must(t, storage.Update(w.ctx, client.Key{Issuer: w.as.Issuer(), Resource: w.resource}, func(s client.State) (client.State, error) {
		s.Token.Issued, s.Token.Expiry = time.Unix(0, 0), time.Unix(1, 0)
		return s, nil
	}))
	before := w.as.Requests("/token")
	// The server answers when both processes are about to ask.
	const processes = 2
	var ready sync.WaitGroup
	ready.Add(processes)
	answer := w.as.Issuer()
	w.as.Answer("/token", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ready.Wait()
		w.as.Answer("/token", nil)
		r.RequestURI = ""
		forward(rw, r, answer)
	}))
	var all sync.WaitGroup
	for range processes {
		cmd := exec.CommandContext(w.ctx, os.Args[0])
		cmd.Env = append(os.Environ(), child+"="+path, child+"_RESOURCE="+w.resource)
		var problems strings.Builder
		cmd.Stderr = &problems
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		all.Go(func() {
			line, err := bufio.NewReader(out).ReadString('\n')
			ready.Done()
			if err != nil || line != "ready\n" {
				t.Errorf("a process said %q, error %v", line, err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("a process ended with %v: %s", err, problems.String())
			}
		})
	}
	all.Wait()
	// The one that was held up was sent on, so it counts twice.
	if n := w.as.Requests("/token") - before; n != 2 {
		t.Errorf("%d refresh requests, want 1", n-1)
	}
}

// forward sends a request to another server.
func forward(rw http.ResponseWriter, r *http.Request, origin string) {
	r2, err := http.NewRequestWithContext(r.Context(), r.Method, origin+r.URL.Path, r.Body)
	if err != nil {
		rw.WriteHeader(http.StatusBadGateway)
		return
	}
	r2.Header = r.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(r2)
	if err != nil {
		rw.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for name, values := range resp.Header {
		rw.Header()[name] = values
	}
	rw.WriteHeader(resp.StatusCode)
	_, _ = bufio.NewReader(resp.Body).WriteTo(rw)
}
