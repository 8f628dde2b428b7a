package keyset

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/MicahParks/jwkset"
)

const (
	minRSABits = 2048
	maxRSABits = 8192
	maxKeys    = 512
)

// snapshot is one fetched set: only its usable keys, never changed.
type snapshot struct {
	fetched time.Time
	keys    []jwkset.JWK
	byID    map[string][]jwkset.JWK
}

// parse reads a JWK Set (RFC 7517 §5). A key that can't verify access tokens is
// passed over with its reason; it doesn't spoil the set. A set without any
// usable key is an error, so that it never replaces a good one.
func parse(body []byte) (*snapshot, []string, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, nil, errors.New("not a JSON Web Key Set")
	}
	if len(set.Keys) > maxKeys {
		return nil, nil, fmt.Errorf("%d keys; at most %d are read", len(set.Keys), maxKeys)
	}
	held := &snapshot{byID: make(map[string][]jwkset.JWK)}
	var skipped []string
	for i, raw := range set.Keys {
		key, err := usableKey(raw)
		if err != nil {
			skipped = append(skipped, fmt.Sprintf("key %d: %v", i, err))
			continue
		}
		held.keys = append(held.keys, key)
		id := key.Marshal().KID
		held.byID[id] = append(held.byID[id], key)
	}
	if len(held.keys) == 0 {
		return nil, skipped, fmt.Errorf("none of its %d keys can be used: %s", len(set.Keys), strings.Join(skipped, "; "))
	}
	return held, skipped, nil
}

// usableKey reads one public key that is meant for signatures (RFC 7517 §4).
func usableKey(raw json.RawMessage) (jwkset.JWK, error) {
	var m jwkset.JWKMarshal
	if err := json.Unmarshal(raw, &m); err != nil {
		return jwkset.JWK{}, errors.New("not a JSON Web Key")
	}
	if m.USE != "" && m.USE != jwkset.UseSig {
		return jwkset.JWK{}, fmt.Errorf("use %q is not sig", m.USE)
	}
	if len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify) {
		return jwkset.JWK{}, errors.New("key_ops lacks verify")
	}
	if m.KTY == jwkset.KtyOct {
		return jwkset.JWK{}, errors.New("symmetric keys have no place in a published set")
	}
	// The certificates beside a key are never followed, so a bad one must not
	// make its key unusable.
	m.X5U, m.X5C, m.X5T, m.X5TS256 = "", nil, "", ""
	key, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return jwkset.JWK{}, errors.New("malformed key")
	}
	switch public := key.Key().(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return jwkset.JWK{}, fmt.Errorf("RSA of %d bits; %d to %d are used", bits, minRSABits, maxRSABits)
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return jwkset.JWK{}, fmt.Errorf("keys of kty %q verify no access token", m.KTY)
	}
	return key, nil
}

// fits reports whether key may verify signatures of the algorithm
// (RFC 7518 §3.1, RFC 8037 §3.1): its kind and, for EC, its curve decide, and
// where the key names an algorithm, only that one.
func fits(key jwkset.JWK, algorithm string) bool {
	if named := key.Marshal().ALG.String(); named != "" && named != algorithm {
		return false
	}
	switch public := key.Key().(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")
	case *ecdsa.PublicKey:
		curves := map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
		return curves[algorithm] == public.Curve.Params().Name
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	}
	return false
}
