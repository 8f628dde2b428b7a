package core_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// unpacking is middleware that unpacks bodies and, as such middleware does, leaves
// the length of the packed ones.
func unpacking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Header.Del("Content-Encoding")
		r.Body = unpacked
		next.ServeHTTP(w, r)
	})
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestUnpackedBodiesAreReadWhole: G5, the body that middleware hands on is what is
// decided on, whatever length was announced for another one.
func TestUnpackedBodiesAreReadWhole(t *testing.T) {
	g := newGate(t, notes)
	s := httptest.NewServer(unpacking(g.handler))
	defer s.Close()
	short, long := call("get_weather", "{}"), call("get_weather", `{"x":"`+strings.Repeat("x", 100_000)+`"}`)
	// As long as what it is packed to, were it not for what follows.
	trailed := short + strings.Repeat(" ", 10_000) + call("purge", "{}")
	for about, c := range map[string]struct {
		body   string
		status int
	}{
		"shorter than packed":     {short, http.StatusAccepted},
		"longer than packed":      {long, http.StatusAccepted},
		"trailed by another":      {trailed, http.StatusBadRequest},
		"larger than the limit":   {strings.Repeat(" ", 5<<20) + short, http.StatusRequestEntityTooLarge},
		"not the whole of itself": {long[:len(long)-1], http.StatusBadRequest},
	} {
		if status, _, text := exchange(t, s.URL, packed(t, c.body)); status != c.status {
			t.Errorf("%s: status %d, want %d: %s", about, status, c.status, text)
		}
	}
	for _, ran := range g.ran {
		if ran != short && ran != long {
			t.Errorf("the handler read %d bytes that nobody sent", len(ran))
		}
	}
}

// TestMiddlewareBoundsBodies: G5, a lower bound of middleware's is told as the
// gate's own is.
func TestMiddlewareBoundsBodies(t *testing.T) {
	g := newGate(t, notes)
	s := httptest.NewServer(http.MaxBytesHandler(g.handler, 100))
	defer s.Close()
	body := call("get_weather", `{"x":"`+strings.Repeat("x", 100)+`"}`)
	unannounced := func(r *http.Request) { r.ContentLength = -1 }
	for about, change := range map[string]func(*http.Request){"announced": func(*http.Request) {}, "chunked": unannounced} {
		if status, _, text := exchange(t, s.URL, body, change); status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d, want 413: %s", about, status, text)
		}
	}
}

// TestNoLimitToSpeakOf: the greatest limit that can be written is one (G5).
func TestNoLimitToSpeakOf(t *testing.T) {
	s := httptest.NewServer(newGate(t, func(c *core.Config) { c.Limits.BodyBytes = math.MaxInt64 }).handler)
	defer s.Close()
	unannounced := func(r *http.Request) { r.ContentLength = -1 }
	if status, _, text := exchange(t, s.URL, call("get_weather", "{}"), unannounced); status != http.StatusAccepted {
		t.Errorf("status %d, want 202: %s", status, text)
	}
}
