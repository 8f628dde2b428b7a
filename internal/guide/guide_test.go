package guide

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// TestSnippets holds every Go block of the client's guide against this package:
// each is a whole declaration of it, to the letter.
func TestSnippets(t *testing.T) {
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	source := read("client.go") + "\n"
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(read(filepath.Join("..", "..", "docs", "client.md")), -1)
	for _, block := range blocks {
		if !strings.Contains(source, "\n\n"+block[1]+"\n") {
			t.Errorf("this package doesn't declare what the guide shows:\n%s", block[1])
		}
	}
	if len(blocks) < 5 {
		t.Errorf("the guide shows %d declarations", len(blocks))
	}
}

// TestConfigs checks that what the guide shows is a good config.
func TestConfigs(t *testing.T) {
	const endpoint = "https://api.example.com/mcp"
	for _, config := range []client.Config{published(endpoint), machine(endpoint, ed25519.NewKeyFromSeed(make([]byte, 32)))} {
		if _, err := client.New(config); err != nil {
			t.Error(err)
		}
	}
	if _, err := connect(t.Context(), "http://api.example.com/mcp", ""); err == nil {
		t.Error("it connects over plain http")
	}
}

// TestCallbackPage checks that a response to the page comes back to who waits.
func TestCallbackPage(t *testing.T) {
	page := &callbackPage{responses: make(chan url.Values, 1)}
	reception, err := page.receive(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{200, 409} {
		answer := httptest.NewRecorder()
		page.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/callback?code=c", nil))
		if answer.Code != code {
			t.Errorf("status %d, want %d", answer.Code, code)
		}
	}
	if got, err := reception.Wait(t.Context()); err != nil || got.Get("code") != "c" {
		t.Errorf("got %v, error %v", got, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := reception.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestExplain(t *testing.T) {
	for want, err := range map[string]error{
		"try again later":                 fmt.Errorf("posting: %w", &client.Error{Err: client.ErrUnavailable}),
		"you said no: not you":            fmt.Errorf("posting: %w", &client.Error{Code: "access_denied", Description: "not you"}),
		"this can't be helped from here:": &client.Error{Code: "invalid_scope"},
	} {
		if got := explain(err); !strings.HasPrefix(got, want) {
			t.Errorf("%v is explained by %q", err, got)
		}
	}
}
