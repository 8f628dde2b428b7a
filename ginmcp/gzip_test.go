package ginmcp_test

import (
	"compress/gzip"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// zipped is a writer that compresses, as Gin's middleware packages have it.
type zipped struct {
	gin.ResponseWriter
	zip *gzip.Writer
}

func (z *zipped) Write(p []byte) (int, error) {
	z.Header().Del("Content-Length") // it will be another one
	return z.zip.Write(p)
}

func (z *zipped) WriteString(s string) (int, error) { return z.Write([]byte(s)) }

// flushing is one that hands on what it has when it is asked to.
type flushing struct{ *zipped }

func (f flushing) Flush() {
	_ = f.zip.Flush() // the client is gone if this fails
	f.ResponseWriter.Flush()
}

// compress is a middleware of that kind.
func compress(flushes bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		z := &zipped{ResponseWriter: c.Writer, zip: gzip.NewWriter(c.Writer)}
		c.Header("Content-Encoding", "gzip")
		c.Writer = z
		if flushes {
			c.Writer = flushing{z}
		}
		defer func() { _ = z.zip.Close() }() // the client is gone if this fails
		c.Next()
	}
}

// TestCompression: events arrive one by one through middleware that compresses
// and can flush, and in the end through one that can't (S52).
func TestCompression(t *testing.T) {
	bench := newBench(t)
	for name, flushes := range map[string]bool{"flushing": true, "buffering": false} {
		t.Run(name, func(t *testing.T) {
			b := bench.Fresh(t)
			g, rs := gin.New(), b.Server(apptest.Resource)
			g.Use(compress(flushes))
			b.Mount(app{g}, rs)
			s := b.Serve(g)
			check := s.CheckBuffered
			if flushes {
				check = s.CheckStepwise
			}
			if !check("/mcp", s.Token(apptest.Resource)).Unzipped() {
				t.Error("nothing was compressed")
			}
			s.CheckMounted(rs, apptest.Resource)
		})
	}
}
