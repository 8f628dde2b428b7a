package keyset

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// TestS31KeySetsAreBounded in keys, and each RSA key in bits, so that a hostile set
// costs little to read and its signatures little to check.
func TestS31KeySetsAreBounded(t *testing.T) {
	rsaKey := func(bits int) string {
		n := make([]byte, (bits+7)/8)
		for i := range n {
			n[i] = 0xff
		}
		n[0] >>= 8*len(n) - bits
		return fmt.Sprintf(`{"kty":"RSA","e":"AQAB","n":%q}`, base64.RawURLEncoding.EncodeToString(n))
	}
	const small = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	many := func(n int) string { return strings.TrimSuffix(strings.Repeat(small+",", n), ",") }
	for name, c := range map[string]struct {
		keys   string
		usable int
	}{
		"as many keys as are read": {many(maxKeys), maxKeys}, "one more": {many(maxKeys + 1), 0},
		"the shortest": {rsaKey(minRSABits), 1}, "too short": {rsaKey(minRSABits - 1), 0},
		"the longest": {rsaKey(maxRSABits), 1}, "too long": {rsaKey(maxRSABits + 1), 0},
	} {
		if keys, _, err := parse([]byte(`{"keys":[` + c.keys + `]}`)); len(keys) != c.usable || (err == nil) != (c.usable > 0) {
			t.Errorf("%s: %d keys, error %v, want %d keys", name, len(keys), err, c.usable)
		}
	}
}
