//go:build !race

package core_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// heap returns the bytes in use, without what is garbage.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what had a finalizer
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// direct is a world whose requests cost no memory that stays.
func direct(t *testing.T) (rs *core.ResourceServer, as *authtest.Server, ask func(token string) int) {
	t.Helper()
	as = authtest.NewServer(t)
	rs, err := core.New(t.Context(), core.Config{
		Resource: worldResource, AuthorizationServers: []string{as.Issuer()}, Scopes: []string{"a"},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := rs.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/mcp", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	h := rs.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return rs, as, func(token string) int {
		w := status{header: http.Header{}, code: http.StatusOK}
		r.Header["Authorization"] = []string{"Bearer " + token}
		h.ServeHTTP(&w, r)
		return w.code
	}
}

type status struct {
	header http.Header
	code   int
}

func (s *status) Header() http.Header         { return s.header }
func (s *status) Write(p []byte) (int, error) { return len(p), nil }
func (s *status) WriteHeader(code int)        { s.code = code }

func TestP10AnEntryTakesAtMost800Bytes(t *testing.T) {
	const entries = 9000
	rs, as, ask := direct(t)
	token := func(i int) authtest.Token {
		return authtest.Token{
			Algorithm: "EdDSA", Audience: worldResource, Scopes: []string{"a", "mcp:read"},
			Subject:  fmt.Sprintf("6b1cbb1e-31a8-4d55-a0f6-%012d", i),
			ClientID: "9f0c2d3a-5a30-4b3a-8f57-4f2f9d7a4b10",
			Claims:   map[string]any{"name": strings.Repeat("x", 60)},
		}
	}
	usual := token(0)
	usual.Algorithm = "RS256"
	if n := len(as.Mint(usual)); n < 880 || n > 920 {
		t.Fatalf("the token has %d bytes, want one of 900 as they are usual", n)
	}
	ask(as.Mint(token(0)))
	before := heap()
	for i := range entries {
		if code := ask(as.Mint(token(i))); code != http.StatusOK {
			t.Fatalf("token %d is answered %d", i, code)
		}
	}
	each := (heap() - before) / entries
	t.Logf("%d bytes an entry", each)
	if each < 300 || each > 800 {
		t.Errorf("%d bytes an entry, want at most 800, and not so few that nothing can have been kept", each)
	}
	runtime.KeepAlive(rs)
}

func TestP10InvalidTokensLeaveNothing(t *testing.T) {
	rs, as, ask := direct(t)
	good := as.Mint(authtest.Token{Algorithm: "EdDSA", Audience: worldResource, Scopes: []string{"a"}})
	ask(good)
	signed := good[:strings.LastIndexByte(good, '.')]
	before, goroutines := heap(), runtime.NumGoroutine()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
	for i := range 100_000 {
		for _, token := range []string{
			fmt.Sprintf("garbage-%d", i),
			fmt.Sprintf("%s.%s%s%s", signed, strings.Repeat("A", 82), alphabet[i>>5%32:][:1], alphabet[i%32:][:1]),
		} {
			if code := ask(token); code != http.StatusUnauthorized {
				t.Fatalf("invalid token %d is answered %d", i, code)
			}
		}
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("the heap has grown by %d bytes, want at most 1 MiB", grown)
	}
	// Others may come and go, such as those of idle connections; those that are left
	// behind would be two hundred thousand.
	if now := runtime.NumGoroutine(); now > goroutines+100 {
		t.Errorf("%d goroutines, before it were %d", now, goroutines)
	}
	runtime.KeepAlive(rs)
}
