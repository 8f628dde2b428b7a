package requirement

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// keySetPath is where the authorization server has its keys.
const keySetPath = "/jwks.json"

// keySet answers a JWK Set of the given keys.
func keySet(keys ...map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys}) // The client is gone if this fails.
	}
}

// keyRows are the part of S21 about published keys: those that may verify
// nothing are passed over, and don't spoil the others.
func keyRows() []Row {
	var rows []Row
	for _, c := range []struct {
		name, about string
		change      map[string]any
		usable      bool
	}{
		{"key-as-it-is", "A signature key verifies.", nil, true},
		{"key-without-use", "A key that doesn't say its use verifies.", map[string]any{"use": authtest.Absent}, true},
		{"key-ops-verify", "A key for verifying verifies.", map[string]any{"key_ops": []string{"verify"}}, true},
		{"key-alg", "A key for the token's algorithm verifies.", map[string]any{"alg": "ES256"}, true},
		{"key-use-enc", "A key for encryption verifies nothing.", map[string]any{"use": "enc"}, false},
		{"key-use-other", "A key for an unknown use verifies nothing.", map[string]any{"use": "x"}, false},
		{"key-ops-sign", "A key that isn't for verifying verifies nothing.", map[string]any{"key_ops": []string{"sign"}}, false},
		{"key-ops-encrypt", "A key for encryption verifies nothing, whatever its use.", map[string]any{"key_ops": []string{"encrypt", "wrapKey"}}, false},
		{"key-other-alg", "A key for another algorithm doesn't verify this one.", map[string]any{"alg": "ES384"}, false},
		{"key-other-curve", "A key that says it is of another curve is unusable.", map[string]any{"crv": "P-384"}, false},
		{"key-other-kty", "A key that says it is of another type is unusable.", map[string]any{"kty": "RSA"}, false},
		{"key-off-curve", "A point that isn't on the curve is no key.", map[string]any{"x": strings.Repeat("A", 43)}, false},
		{"key-cut-short", "A key without a coordinate is none.", map[string]any{"y": authtest.Absent}, false},
		{"key-type-unknown", "A key of an unknown type is passed over.", map[string]any{"kty": "XYZ"}, false},
		{"key-kid-number", "A key whose id is no string is passed over.", map[string]any{"kid": 1}, false},
	} {
		want := endpoint().invalid("unknown_key").fetching(1)
		if c.usable {
			want = letIn(alice("a", "b"))
		}
		rows = append(rows, Row{
			ID: "S21/" + c.name, Clause: "RFC 7517 §4; RFC 8725 §3.1", About: c.about,
			Before: func(w *World) { w.publish(w.bench.key, c.change) },
			Steps: []Step{
				{Request: Request{Mint: signedBy("ES256", "odd")}, Want: want},
				{Request: Request{Mint: beside}, Want: letIn(alice("a", "b"))},
			},
		})
	}
	return append(append(rows, symmetricRows()...), kindOfKeyRows()...)
}

// publish makes the key set hold a good key and another one, "odd", with the
// members of change.
func (w *World) publish(key *ecdsa.PrivateKey, change map[string]any) {
	odd := w.Server.JWK(key.Public(), "odd")
	for name, value := range change {
		odd[name] = value
		if value == authtest.Absent {
			delete(odd, name)
		}
	}
	w.answer(keySetPath, keySet(odd, w.besideKey()))
}

// besideKey is the good key beside an odd one.
func (w *World) besideKey() map[string]any { return w.Server.JWK(w.bench.beside.Public(), "beside") }

// beside mints a token that the good key signs.
func beside(w *World) string {
	t := good("a", "b")
	t.Algorithm, t.Key, t.KeyID = "ES384", w.bench.beside, "beside"
	return w.mint(*t)
}

// signedBy mints a token that the odd key signs.
func signedBy(algorithm, kid string) func(*World) string {
	return func(w *World) string {
		t := good("a", "b")
		t.Algorithm, t.Key, t.KeyID = algorithm, w.bench.key, kid
		return w.mint(*t)
	}
}

// symmetricRows are keys that everybody who reads the set could sign with.
func symmetricRows() []Row {
	const secret = "0123456789abcdef0123456789abcdef"
	oct := map[string]any{"kty": "oct", "kid": "odd", "alg": "HS256", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}
	hmac := func(w *World) string {
		t := good("a", "b")
		t.Algorithm, t.Key, t.KeyID = "HS256", []byte(secret), "odd"
		return w.mint(*t)
	}
	return []Row{
		{
			ID: "S21/key-oct", Clause: "RFC 8725 §3.2", About: "A published symmetric key verifies nothing, and doesn't spoil the set.",
			Before: func(w *World) { w.answer(keySetPath, keySet(oct, w.besideKey())) },
			Steps: []Step{
				{Request: Request{Mint: hmac}, Want: endpoint().invalid("algorithm_not_allowed")},
				{Request: Request{Mint: beside}, Want: letIn(alice("a", "b"))},
			},
		},
		{
			ID: "S21/key-oct-alone", Clause: "RFC 8725 §3.2", About: "A set of nothing but symmetric keys is no set.",
			Before: func(w *World) { w.answer(keySetPath, keySet(oct)) }, Unready: true,
			Steps: []Step{
				{Before: settled(1), Request: Request{Mint: hmac}, Want: endpoint().invalid("algorithm_not_allowed")},
				{Request: Request{Mint: beside}, Want: unavailable("keys_unavailable")},
			},
		},
	}
}

// kindOfKeyRows are keys too small, of another kind, or with the same id.
func kindOfKeyRows() []Row {
	const clause = "RFC 7518 §3.3; RFC 8725 §3.5"
	var small *rsa.PrivateKey
	other := func(w *World) string {
		t := good("a", "b")
		t.Algorithm, t.KeyID = "RS256", "odd" // signed by the server's own key, under the id of an EC key
		return w.mint(*t)
	}
	return []Row{
		{
			ID: "S21/key-rsa-1024", Clause: clause, About: "An RSA key of less than 2048 bits verifies nothing, and doesn't spoil the set.",
			Before: func(w *World) {
				var err error
				if small, err = rsa.GenerateKey(rand.Reader, 1024); err != nil {
					return // The row fails then.
				}
				w.answer(keySetPath, keySet(w.Server.JWK(small.Public(), "odd"), w.besideKey()))
			},
			Steps: []Step{
				{
					Request: Request{Mint: func(w *World) string {
						t := good("a", "b")
						t.Algorithm, t.Key, t.KeyID = "RS256", small, "odd"
						return w.mint(*t)
					}},
					Want: endpoint().invalid("unknown_key").fetching(1),
				},
				{Request: Request{Mint: beside}, Want: letIn(alice("a", "b"))},
			},
		},
		{
			ID: "S21/key-of-other-kind", Clause: "RFC 8725 §3.1", About: "A key of another kind than the algorithm's is never tried, though its id is right.",
			Before: func(w *World) { w.publish(w.bench.key, nil) },
			Steps:  []Step{{Request: Request{Mint: other}, Want: endpoint().invalid("unknown_key").fetching(1)}},
		},
		{
			ID: "S21/key-id-twice", Clause: "RFC 7517 §4.5", About: "Of two keys with one id, the one that fits the algorithm is taken.",
			Before: func(w *World) {
				w.answer(keySetPath, keySet(w.Server.JWK(w.bench.beside.Public(), "odd"), w.Server.JWK(w.bench.key.Public(), "odd")))
			},
			Steps: []Step{{Request: Request{Mint: signedBy("ES256", "odd")}, Want: letIn(alice("a", "b"))}},
		},
		{
			ID: "S21/no-kid", Clause: "RFC 7515 §4.1.4", About: "A token without kid is tried against the keys that fit its algorithm.",
			Before: func(w *World) { w.publish(w.bench.key, nil) },
			Steps: []Step{
				{Request: Request{Mint: unnamed("ES256", nil)}, Want: letIn(alice("a", "b"))},
				{Request: Request{Mint: unnamed("ES256", elliptic.P256())}, Want: endpoint().invalid("bad_signature").fetching(1)},
			},
		},
		{
			ID: "S21/no-kid-bad-keys", Clause: "RFC 7517 §4.2", About: "A token without kid isn't tried against keys that may verify nothing.",
			Before: func(w *World) { w.publish(w.bench.key, map[string]any{"use": "enc"}) },
			Steps:  []Step{{Request: Request{Mint: unnamed("ES256", nil)}, Want: endpoint().invalid("unknown_key").fetching(1)}},
		},
		{
			ID: "S21/kid-empty", Clause: "RFC 7515 §4.1.4", About: "An empty kid is an id like others.",
			Before: func(w *World) { w.publish(w.bench.key, nil) },
			Steps: []Step{{Request: Request{Mint: func(w *World) string {
				t := good("a", "b")
				t.Algorithm, t.Key, t.Header = "ES256", w.bench.key, map[string]any{"kid": ""}
				return w.mint(*t)
			}}, Want: endpoint().invalid("unknown_key").fetching(1)}},
		},
	}
}

// unnamed mints a token without kid, signed by the odd key, or by a new one of
// the curve.
func unnamed(algorithm string, stranger elliptic.Curve) func(*World) string {
	return func(w *World) string {
		t := good("a", "b")
		t.Algorithm, t.Key, t.Flaw = algorithm, w.bench.key, authtest.NoKeyID
		if stranger != nil {
			key, err := ecdsa.GenerateKey(stranger, rand.Reader)
			if err != nil {
				return "" // The row fails then.
			}
			t.Key = key
		}
		return w.mint(*t)
	}
}
