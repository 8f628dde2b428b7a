package discreet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/discreet"
)

func ExampleRedact() {
	const token = "header-of-a-token.payload-of-a-token.x"
	fmt.Println(discreet.Redact("sent "+token+", came payload-of-a-token", []string{token}))
	// Output: sent ‹token›, came ‹part of a token›
}

func TestShorten(t *testing.T) {
	if got := discreet.Shorten("short"); got != "short" {
		t.Errorf("a short text becomes %q", got)
	}
	if got := discreet.Shorten(strings.Repeat("x", 1000)); len(got) > 450 || !strings.Contains(got, "1000 bytes") {
		t.Errorf("a long text becomes %q", got)
	}
}
