package guides

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// TestClientConfigs checks that what the guide shows is a good config.
func TestClientConfigs(t *testing.T) {
	const endpoint = "https://api.example.com/mcp"
	for _, config := range []client.Config{published(endpoint), machine(endpoint, ed25519.NewKeyFromSeed(make([]byte, 32)))} {
		if _, err := client.New(config); err != nil {
			t.Error(err)
		}
	}
	if _, err := dial(t.Context(), "http://api.example.com/mcp", ""); err == nil {
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
		"don't go on":                     fmt.Errorf("posting: %w", &client.Error{Err: client.ErrUntrusted}),
		"this can't be helped from here:": &client.Error{Code: "invalid_scope"},
	} {
		if got := explain(err); !strings.HasPrefix(got, want) {
			t.Errorf("%v is explained by %q", err, got)
		}
	}
}
