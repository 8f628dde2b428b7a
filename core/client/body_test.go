package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// reader hides what http.NewRequest could read again, and notes how it is used.
type reader struct {
	io.Reader
	closed int
	err    error
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return r.Reader.Read(p)
}

// Close implements io.Closer.
func (r *reader) Close() error {
	r.closed++
	return nil
}

// C1: a body that can be read once is sent twice all the same.
func TestC1BodyWithoutGetBody(t *testing.T) {
	w := start(t)
	body := &reader{Reader: strings.NewReader(callOf("read"))}
	got, err := w.sendWith(w.ctx, w.transport(), http.MethodPost, w.resource, body)
	if err != nil || got.status != http.StatusOK || got.body != "POST by alice: "+callOf("read") {
		t.Errorf("status %d, body %q, error %v", got.status, got.body, err)
	}
	if body.closed == 0 {
		t.Error("the body was not closed")
	}
}

// C1: one that is too large to keep is sent once; the transport is authorized
// then, and says what to do.
func TestC1BodyTooLargeToKeep(t *testing.T) {
	w := start(t)
	var came int64
	w.set("/mcp", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		came, _ = io.Copy(io.Discard, r.Body)
		if r.Header.Get("Authorization") == "" {
			rw.WriteHeader(http.StatusUnauthorized)
		}
	}))
	transport := w.transport()
	const size = 5 << 20
	large := func() *reader { return &reader{Reader: bytes.NewReader(make([]byte, size))} }
	body := large()
	if _, err := w.sendWith(w.ctx, transport, http.MethodPost, w.resource, body); !errors.Is(err, client.ErrNotReplayable) {
		t.Errorf("the error is %v", err)
	}
	if body.closed == 0 || came != size {
		t.Errorf("closed %d times, %d bytes came", body.closed, came)
	}
	if got, err := w.sendWith(w.ctx, transport, http.MethodPost, w.resource, large()); err != nil || got.status != http.StatusOK || came != size {
		t.Errorf("then: status %d, error %v, %d bytes came", got.status, err, came)
	}
}

// C1: the body is closed whatever happens (http.RoundTripper).
func TestC1BodyIsClosed(t *testing.T) {
	w := start(t)
	broken := &reader{err: errors.New("broken")}
	if _, err := w.sendWith(w.ctx, w.transport(), http.MethodPost, w.resource, broken); !errors.Is(err, broken.err) || broken.closed == 0 {
		t.Errorf("a broken body: error %v, closed %d times", err, broken.closed)
	}

	w.wire.failBy(func(*http.Request) error { return errors.New("no network") })
	body := &reader{Reader: strings.NewReader("x")}
	if _, err := w.sendWith(w.ctx, w.transport(), http.MethodPost, w.resource, body); err == nil || body.closed == 0 {
		t.Errorf("without a network: error %v, closed %d times", err, body.closed)
	}
	w.wire.failBy(nil)

	replayable := &reader{Reader: strings.NewReader("x")}
	request, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.resource, replayable)
	must(t, err)
	request.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("gone") }
	transport := w.transport(func(c *client.Config) { c.Storage = unreadable{} })
	resp, err := transport.RoundTrip(request)
	if err == nil {
		_ = resp.Body.Close()
	}
	if e := asError(t, err); e.Stage != "storage" || replayable.closed == 0 {
		t.Errorf("with a storage that fails: error %v, closed %d times", err, replayable.closed)
	}
}

// unreadable is a storage that can't be read.
type unreadable struct{}

// Load implements client.Storage.
func (unreadable) Load(context.Context, client.Key) (client.State, error) {
	return client.State{}, errDisk
}

// Update implements client.Storage.
func (unreadable) Update(context.Context, client.Key, func(client.State) (client.State, error)) error {
	return errDisk
}

// C13: a body that never comes doesn't hold a request that has ended.
func TestC13BodyThatNeverComes(t *testing.T) {
	w := start(t)
	ctx, cancel := context.WithCancel(w.ctx)
	pipe, _ := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := w.sendWith(ctx, w.transport(), http.MethodPost, w.resource, pipe)
		done <- err
	}()
	cancel()
	if err := <-done; err == nil {
		t.Error("it was sent")
	}
}
