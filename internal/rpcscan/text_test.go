package rpcscan_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
)

// TestScanEndsOfStrings proves that G6 and G7 hold whatever the length of a string,
// and wherever something odd stands in it: short ones are read in another way.
func TestScanEndsOfStrings(t *testing.T) {
	for length := range 40 {
		for at := range length {
			for _, odd := range []string{"x", `\n`, `\"`, `\x`, "\n", "\x7f", "é", "\xff", `"`} {
				inside := strings.Repeat("a", at) + odd + strings.Repeat("a", length-at-1)
				for _, text := range []string{call(`{"x":["` + inside + `",1]}`), call(`{"x":{"` + inside + `":1}}`), `{"jsonrpc":"2.0","x":["` + inside} {
					_, err := rpcscan.Scan([]byte(text))
					if want := json.Valid([]byte(text)) && utf8.ValidString(text); (err == nil) != want {
						t.Fatalf("%q: %v", text, err)
					}
				}
			}
		}
	}
}

// TestScanEscapes proves G6 for each byte that could follow a backslash.
func TestScanEscapes(t *testing.T) {
	for c := range 256 {
		text := call(`{"x":"\` + string([]byte{byte(c)}) + `0041"}`)
		if _, err := rpcscan.Scan([]byte(text)); (err == nil) != (json.Valid([]byte(text)) && c < utf8.RuneSelf) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestScanRefusesWhatIsCutOff proves G6: no beginning of a message is one.
func TestScanRefusesWhatIsCutOff(t *testing.T) {
	whole := call(`{"name":"a","x":["","ab","seventeen letters",{"a key of 24 letters too":-1.5e3}],"arguments":{"b\n":[true,null,{}]}}`)
	if _, err := rpcscan.Scan([]byte(whole)); err != nil {
		t.Fatal(err)
	}
	for end := range whole[1:] {
		if _, err := rpcscan.Scan([]byte(whole[:end+1])); !errors.Is(err, rpcscan.Syntax) && !errors.Is(err, rpcscan.Type) {
			t.Errorf("Scan(%q) = %v", whole[:end+1], err)
		}
	}
}
