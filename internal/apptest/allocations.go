package apptest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// Allocations returns how many allocations the endpoint adds to what the router
// itself does for a handler: for a call of a tool whose token was verified
// before, to an endpoint without policy and observer, from no browser. Each of
// change may alter the config; prepare, if not nil, alters each request.
//
// Under the race detector the routers' own pools lose what they hold, so tests
// that count are built without it.
func (b *Bench) Allocations(router Router, prepare func(*http.Request), change ...func(*core.Config)) float64 {
	b.Helper()
	app, bare, rs := router.New(), router.New(), b.Server(Resource, change...)
	served := 0
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ })
	bare.Handle(http.MethodPost, rs.Path(), handler)
	if err := app.Mount(rs, handler); err != nil {
		b.Fatalf("Mount: %v", err)
	}
	credentials := []string{"Bearer " + b.Token(Resource)}
	const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}`
	var text strings.Reader
	body := io.NopCloser(&text)
	count := func(app App) float64 {
		r := httptest.NewRequest(http.MethodPost, rs.Path(), http.NoBody)
		r.Header.Set("Content-Type", "application/json")
		w := discard{}
		return testing.AllocsPerRun(200, func() {
			r.Header["Authorization"] = credentials // the endpoint takes it away
			text.Reset(call)
			r.Body, r.ContentLength = body, text.Size()
			clear(w)
			if prepare != nil {
				prepare(r)
			}
			app.ServeHTTP(w, r)
		})
	}
	added := count(app) - count(bare)
	if served != 2*201 {
		b.Fatalf("%d requests were served, want each of %d", served, 2*201)
	}
	return added
}

// discard is a ResponseWriter that keeps its header and nothing else.
type discard http.Header

// Header returns the header that is kept.
func (d discard) Header() http.Header { return http.Header(d) }

func (d discard) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader forgets the status.
func (d discard) WriteHeader(int) {}
