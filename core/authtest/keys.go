package authtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"sync"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// ring holds the keys of a server. It implements devissuer.Keys.
type ring struct {
	mu      sync.Mutex
	current *keys
	kept    []*keys
	extra   []map[string]any
}

// keys are one generation of signing keys. Each is made when it is first
// needed: an RSA key takes a tenth of a second, which many tests never need.
type keys struct {
	id               string
	rsa, ed25519     func() (crypto.Signer, error)
	p256, p384, p521 func() (crypto.Signer, error)
}

func newRing() *ring { return &ring{current: newKeys()} }

func newKeys() *keys {
	curve := func(c elliptic.Curve) func() (crypto.Signer, error) {
		return sync.OnceValues(func() (crypto.Signer, error) { return ecdsa.GenerateKey(c, rand.Reader) })
	}
	return &keys{
		id:   rand.Text(),
		rsa:  sync.OnceValues(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }),
		p256: curve(elliptic.P256()),
		p384: curve(elliptic.P384()),
		p521: curve(elliptic.P521()),
		ed25519: sync.OnceValues(func() (crypto.Signer, error) {
			_, private, err := ed25519.GenerateKey(rand.Reader)
			return private, err
		}),
	}
}

// key returns the kid and the key that serve algorithm. One RSA key serves all
// RS and PS algorithms, so its JWK names no alg.
func (k *keys) key(algorithm string) (string, crypto.Signer, error) {
	var name string
	var generate func() (crypto.Signer, error)
	switch algorithm {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		name, generate = "rsa-", k.rsa
	case "ES256":
		name, generate = "p256-", k.p256
	case "ES384":
		name, generate = "p384-", k.p384
	case "ES512":
		name, generate = "p521-", k.p521
	case "EdDSA":
		name, generate = "ed25519-", k.ed25519
	default:
		return "", nil, fmt.Errorf("no key serves the algorithm %q: set Token.Key", algorithm)
	}
	private, err := generate()
	return name + k.id, private, err
}

// published returns the public keys, one for each family.
func (k *keys) published() ([]map[string]any, error) {
	var set []map[string]any
	for _, algorithm := range []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"} {
		id, private, err := k.key(algorithm)
		if err != nil {
			return nil, err
		}
		jwk, err := newJWK(private.Public(), id)
		if err != nil {
			return nil, err
		}
		if algorithm != "RS256" {
			jwk["alg"] = algorithm
		}
		set = append(set, jwk)
	}
	return set, nil
}

// Sign implements devissuer.Keys with RS256.
func (r *ring) Sign(typ string, claims map[string]any) (string, error) {
	id, private, err := r.key("RS256")
	if err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims))
	token.Header["typ"] = typ
	token.Header["kid"] = id
	return token.SignedString(private)
}

// KeySet implements devissuer.Keys.
func (r *ring) KeySet() ([]byte, error) {
	r.mu.Lock()
	generations := append([]*keys{r.current}, r.kept...)
	extra := r.extra
	r.mu.Unlock()
	var set []map[string]any
	for _, generation := range generations {
		published, err := generation.published()
		if err != nil {
			return nil, err
		}
		set = append(set, published...)
	}
	return json.Marshal(map[string]any{"keys": append(set, extra...)})
}

func (r *ring) key(algorithm string) (string, crypto.Signer, error) {
	return r.generation().key(algorithm)
}

func (r *ring) generation() *keys {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}

func (r *ring) rotate(keep bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if keep {
		r.kept = append(r.kept, r.current)
	} else {
		r.kept = nil
	}
	r.current = newKeys()
}

func (r *ring) publish(jwk map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// A new slice each time: KeySet reads the old one without the lock.
	r.extra = append(r.extra[:len(r.extra):len(r.extra)], maps.Clone(jwk))
}

// JWK returns the JWK (RFC 7517 §4) of a public key, with kid and use "sig", to
// be altered and given to [Server.PublishJWK]. The key is an *rsa.PublicKey, an
// *ecdsa.PublicKey or an ed25519.PublicKey; another one fails the test.
func (s *Server) JWK(public crypto.PublicKey, kid string) map[string]any {
	s.tb.Helper()
	jwk, err := newJWK(public, kid)
	if err != nil {
		s.tb.Fatalf("authtest: %v", err)
	}
	return jwk
}

func newJWK(public crypto.PublicKey, kid string) (map[string]any, error) {
	key, err := jwkset.NewJWKFromKey(public, jwkset.JWKOptions{
		Metadata: jwkset.JWKMetadataOptions{KID: kid, USE: jwkset.UseSig},
		Validate: jwkset.JWKValidateOptions{SkipAll: true},
	})
	if err != nil {
		return nil, fmt.Errorf("writing a JWK: %w", err)
	}
	text, err := json.Marshal(key.Marshal())
	if err != nil {
		return nil, fmt.Errorf("writing a JWK: %w", err)
	}
	jwk := make(map[string]any)
	err = json.Unmarshal(text, &jwk)
	return jwk, err
}
