package nethttp_test

import (
	"compress/gzip"
	"net/http"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// zipped is a writer that compresses and holds back what it has.
type zipped struct {
	http.ResponseWriter
	zip *gzip.Writer
}

func (z *zipped) WriteHeader(status int) {
	z.Header().Del("Content-Length") // it will be another one
	z.ResponseWriter.WriteHeader(status)
}

func (z *zipped) Write(p []byte) (int, error) {
	z.Header().Del("Content-Length")
	return z.zip.Write(p)
}

// flushing is one that hands on what it has when it is asked to.
type flushing struct{ *zipped }

func (f flushing) Flush() {
	_ = f.zip.Flush()                                        // the client is gone if this fails
	_ = http.NewResponseController(f.ResponseWriter).Flush() // likewise
}

// unwrapping holds back what it has too, but shows the writer beneath, which
// can flush.
type unwrapping struct{ *zipped }

func (u unwrapping) Unwrap() http.ResponseWriter { return u.ResponseWriter }

// compress is a middleware of that kind.
func compress(kind func(*zipped) http.ResponseWriter) apptest.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			z := &zipped{ResponseWriter: w, zip: gzip.NewWriter(w)}
			defer func() { _ = z.zip.Close() }() // the client is gone if this fails
			w.Header().Set("Content-Encoding", "gzip")
			next.ServeHTTP(kind(z), r)
		})
	}
}

// TestCompression: events arrive one by one through middleware that compresses
// and can flush, and in the end through one that can't (S52).
func TestCompression(t *testing.T) {
	bench := newBench(t)
	for _, c := range []struct {
		about   string
		kind    func(*zipped) http.ResponseWriter
		flushes bool
	}{
		{"flushing", func(z *zipped) http.ResponseWriter { return flushing{z} }, true},
		{"buffering", func(z *zipped) http.ResponseWriter { return z }, false},
		{"buffering and unwrapping", func(z *zipped) http.ResponseWriter { return unwrapping{z} }, false},
	} {
		t.Run(c.about, func(t *testing.T) {
			b := bench.Fresh(t)
			a, rs := newApp(), b.Server(apptest.Resource)
			a.Use(compress(c.kind))
			b.Mount(a, rs)
			s := b.Serve(a)
			check := s.CheckBuffered
			if c.flushes {
				check = s.CheckStepwise
			}
			if !check("/mcp", s.Token(apptest.Resource)).Unzipped() {
				t.Error("nothing was compressed")
			}
			s.CheckMounted(rs, apptest.Resource)
		})
	}
}
