package core

import (
	"net/http"
	"strings"
	"testing"
)

// FuzzBearerToken holds bearerToken to its word: a token that it returns is one
// run of visible characters that stood behind the scheme, and never too long.
func FuzzBearerToken(f *testing.F) {
	for _, value := range []string{"", "Bearer", "Bearer ", "bEaReR abc", "Bearer  a", "Bearer a b", "Bearer\ta", "Basic x", "Bearer a\x00", "Bearer é", "a,Bearer b"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		const most = 32
		token, present, err := bearerToken(http.Header{"Authorization": {value}}, most)
		if err != nil && (!present || token != "") || token != "" && !present {
			t.Fatalf("%q: token of %d bytes, present %v, error %v", value, len(token), present, err)
		}
		if token == "" {
			return
		}
		if len(token) > most || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("%q gave a token that is too long or not visible", value)
		}
		if !strings.EqualFold(strings.ReplaceAll(value, " ", ""), "bearer"+token) {
			t.Fatalf("%q holds more than the scheme and the token", value)
		}
	})
}

func TestOverlongTokensCostNothing(t *testing.T) {
	header := http.Header{"Authorization": {"Bearer " + strings.Repeat("a", 800_000)}}
	allocated := testing.AllocsPerRun(10, func() {
		if _, _, err := bearerToken(header, defaultTokenBytes); err == nil {
			t.Fatal("let through")
		}
	})
	if allocated > 8 {
		t.Errorf("%v allocations to refuse 800 KB, want a handful", allocated)
	}
}

// TestIsVisible has each byte in each place among good ones.
func TestIsVisible(t *testing.T) {
	for b := range 256 {
		for length := range 18 {
			for at := range length {
				s := []byte(strings.Repeat("~!", 9)[:length])
				s[at] = byte(b)
				if got, want := isVisible(string(s)), b > ' ' && b <= '~'; got != want {
					t.Fatalf("%q: %v, want %v", s, got, want)
				}
			}
		}
	}
	if !isVisible("") {
		t.Error("nothing is not visible")
	}
}
