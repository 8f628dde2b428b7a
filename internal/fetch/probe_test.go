package fetch_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

// Whatever the answer is, it is told as it is: not what it redirects to, and
// before its body ends.
func TestProbeTellsTheAnswerItself(t *testing.T) {
	for status, answer := range map[int]http.HandlerFunc{
		http.StatusMovedPermanently: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
		},
		http.StatusUnauthorized: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
		http.StatusOK: func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				t.Errorf("asked for %s", r.URL.Path)
			}
			w.Header().Set("X-Sign", "here")
			answer(w, r)
		}))
		got, header, err := fetch.Getter{}.Probe(t.Context(), server.URL)
		server.CloseClientConnections()
		server.Close()
		if err != nil || got != status || header.Get("X-Sign") != "here" {
			t.Errorf("status %d: got %d, %v, error %v", status, got, header, err)
		}
		if got, _, err := (fetch.Getter{}).Probe(t.Context(), server.URL); err == nil {
			t.Errorf("of nobody: status %d", got)
		}
	}
	if _, _, err := (fetch.Getter{}).Probe(t.Context(), "http://as.example/"); err == nil {
		t.Error("plain http to another machine is taken")
	}
}
