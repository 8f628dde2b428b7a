package keyset

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/MicahParks/jwkset"
)

const (
	minRSABits = 2048
	maxRSABits = 8192
)

// Key is a key of a set, and stays the same one for as long as the set has it,
// however often the set is fetched. What it has verified may be kept, as long as
// it is asked again whether it is usable.
type Key struct {
	set     *Set
	jwk     jwkset.JWK
	id      string
	only    string // the one algorithm that it names, if any
	public  crypto.PublicKey
	dropped atomic.Bool
}

// Usable reports whether the set still has the key, and may itself still be
// used. The last good set may, for the stale window.
func (k *Key) Usable(now time.Time) bool {
	if k.dropped.Load() {
		return false
	}
	held := k.set.current.Load()
	return held != nil && k.set.fresh(held, now)
}

// readKey reads one public key that is meant for signatures (RFC 7517 §4).
func readKey(raw json.RawMessage) (*Key, error) {
	var m jwkset.JWKMarshal
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, errors.New("not a JSON Web Key")
	}
	if m.USE != "" && m.USE != jwkset.UseSig {
		return nil, fmt.Errorf("use %q is not sig", m.USE)
	}
	if len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify) {
		return nil, errors.New("key_ops lacks verify")
	}
	if m.KTY == jwkset.KtyOct {
		return nil, errors.New("symmetric keys have no place in a published set")
	}
	// The certificates beside a key are never followed, so a bad one must not
	// make its key unusable.
	m.X5U, m.X5C, m.X5T, m.X5TS256 = "", nil, "", ""
	jwk, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return nil, errors.New("malformed key")
	}
	switch public := jwk.Key().(type) {
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return nil, fmt.Errorf("RSA of %d bits; %d to %d are used", bits, minRSABits, maxRSABits)
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return nil, fmt.Errorf("keys of kty %q verify no access token", m.KTY)
	}
	return &Key{jwk: jwk, id: m.KID, only: m.ALG.String(), public: jwk.Key()}, nil
}

// fits reports whether the key may verify signatures of the algorithm
// (RFC 7518 §3.1, RFC 8037 §3.1): its kind and, for EC, its curve decide, and
// where the key names an algorithm, only that one.
func (k *Key) fits(algorithm string) bool {
	if k.only != "" && k.only != algorithm {
		return false
	}
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")
	case *ecdsa.PublicKey:
		return algorithm == algorithmOf(public.Curve.Params().Name)
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	}
	return false
}

func algorithmOf(curve string) string {
	switch curve {
	case "P-256":
		return "ES256"
	case "P-384":
		return "ES384"
	case "P-521":
		return "ES512"
	}
	return ""
}

// is reports whether the public key is this one.
func (k *Key) is(public crypto.PublicKey) bool {
	own, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && own.Equal(public)
}

// sameAs reports whether both verify the same tokens.
func (k *Key) sameAs(other *Key) bool {
	return k.id == other.id && k.only == other.only && k.is(other.public)
}
