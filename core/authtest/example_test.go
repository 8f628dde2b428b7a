package authtest_test

import (
	"fmt"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// A test of a protected handler sends it a good token, and every bad one.
func ExampleNewServer() {
	test := func(t *testing.T) {
		as := authtest.NewServer(t)
		good := as.Token("https://api.example.com/mcp", "mcp:read")
		_ = good // Send it as "Authorization: Bearer …" and expect 200.
		for _, flaw := range authtest.Flaws() {
			t.Run(string(flaw), func(_ *testing.T) {
				bad := as.Mint(authtest.Token{Audience: "https://api.example.com/mcp", Flaw: flaw})
				_ = bad // Send it and expect 401.
			})
		}
	}
	_ = test // The testing package runs it.
	fmt.Println(len(authtest.Flaws()) > 20)
	// Output: true
}
