package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// maxReplay is how much of a body is kept to be sent again, in bytes.
const maxReplay = 4 << 20

// body is the body of a request that may have to be sent again.
type body struct {
	// first is what the request came with, until it is sent.
	first io.ReadCloser
	// get returns the body from its beginning; nil where that can't be done.
	get func() (io.ReadCloser, error)
}

// readBody makes the body of a request replayable, if it is not too large. On
// error the body is closed.
func readBody(req *http.Request) (*body, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return &body{get: func() (io.ReadCloser, error) { return req.Body, nil }}, nil
	}
	if req.GetBody != nil {
		return &body{first: req.Body, get: req.GetBody}, nil
	}
	// A body that is a pipe can wait forever; closing it ends the wait.
	stop := context.AfterFunc(req.Context(), func() { _ = req.Body.Close() })
	data, err := io.ReadAll(io.LimitReader(req.Body, maxReplay+1))
	if !stop() && err == nil {
		err = req.Context().Err()
	}
	if err != nil {
		_ = req.Body.Close() // the error is the reader's
		return nil, err
	}
	if len(data) > maxReplay {
		rest := struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(data), req.Body), req.Body}
		return &body{first: rest}, nil
	}
	if err := req.Body.Close(); err != nil {
		return nil, err
	}
	return &body{get: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}, nil
}

// next returns the body to send, which the transport below closes.
func (b *body) next() (io.ReadCloser, error) {
	if first := b.first; first != nil {
		b.first = nil
		return first, nil
	}
	return b.get()
}

// again reports whether the body can be sent once more.
func (b *body) again() bool { return b.first != nil || b.get != nil }

// close closes a body that was never sent.
func (b *body) close() {
	if b.first != nil {
		_ = b.first.Close() // it was not used
	}
}
