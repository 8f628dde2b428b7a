package authtest

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// sessionRows are S48: whose session it is.
func sessionRows() []conformRow {
	var rows []conformRow
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		rows = append(rows, conformRow{
			id: "S48/" + strings.ToLower(method), clause: "MCP 2025-11-25 security best practices, session hijacking",
			about: "A session is refused to every other principal, as an unknown one is.",
			lacks: func(t *trial) string {
				if t.session == "" {
					return "the server has no sessions"
				}
				return ""
			},
			check: func(t *trial, f *findings) {
				bob := sending{method: method, token: t.mint(Token{Subject: "bob", Scopes: t.suite.target.all()}), holder: "a good token of bob's"}
				stolen, unknown := bob, bob
				stolen.headers = []string{"Mcp-Session-Id: " + t.session}
				unknown.headers = []string{"Mcp-Session-Id: " + rand.Text()}
				other := t.send(unknown)
				a := t.send(stolen)
				f.refused(t, a, http.StatusNotFound)
				f.expect(a.status == other.status && a.body == other.body, a, "what an unknown session is answered: %s", other)
				f.letIn(t, t.send(t.inSession(sending{token: t.low, holder: "a good token of alice's"})), "the session is alice's")
			},
		})
	}
	return rows
}

// publishOddKeys publishes keys that must verify nothing, and mints a token by
// each.
func (t *trial) publishOddKeys() {
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // A weak key is what must be refused.
	if err != nil {
		t.tb.Fatalf("authtest: %v", err)
	}
	fair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.tb.Fatalf("authtest: %v", err)
	}
	publish := func(id string, key *rsa.PrivateKey, change map[string]any) {
		jwk := t.as.JWK(key.Public(), id)
		for name, value := range change {
			jwk[name] = value
		}
		t.as.PublishJWK(jwk)
	}
	publish("small", small, nil)
	publish("use-enc", fair, map[string]any{"use": "enc"})
	publish("ops-encrypt", fair, map[string]any{"key_ops": []string{"encrypt", "wrapKey"}})
	publish("other-alg", fair, map[string]any{"alg": "RS512"})
	t.as.PublishJWK(map[string]any{"kty": "oct", "kid": "oct", "alg": "HS256", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"})
	t.as.PublishJWK(map[string]any{"kty": "XYZ", "kid": "unknown-type"})
	t.suite.oddToken = func(kid string) Token {
		switch kid {
		case "oct":
			return Token{Algorithm: "HS256", Key: []byte("0123456789abcdef0123456789abcdef"), KeyID: kid}
		case "small":
			return Token{Key: small, KeyID: kid}
		}
		return Token{Key: fair, KeyID: kid}
	}
}

// keyRows are the parts of S21, S28 and S31 about keys that are published, or
// asked for.
func keyRows() []conformRow {
	rows := []conformRow{
		{
			id: "S31/bad-keys-beside", clause: "RFC 7517 §5", about: "Keys that can't be used don't spoil the key set.", on: crowded,
			check: func(t *trial, f *findings) {
				if t.failure != "" {
					f.list = append(f.list, t.failure)
				}
			},
		},
		{
			id: "S28/unknown-keys", clause: "RFC 8725 §3.10", about: "Tokens of unknown keys don't make the server fetch the keys again and again.",
			check: func(t *trial, f *findings) {
				const tokens = 100
				began, before := time.Now(), t.as.KeyFetches()
				for range tokens {
					token := t.mint(Token{Scopes: t.suite.target.Scopes, Flaw: UnknownKeyID})
					f.refused(t, t.send(t.inSession(sending{token: token, holder: "a token with an unknown kid"})), http.StatusUnauthorized)
				}
				// A slow machine gives the server the time for more.
				most := 2 + int(time.Since(began)/time.Second)
				f.count(t.as.KeyFetches()-before, most, fmt.Sprint(tokens, " tokens with unknown kids"), "requests for the keys")
			},
		},
	}
	for kid, about := range map[string]string{
		"small": "An RSA key of 1024 bits verifies nothing.", "use-enc": "A key for encryption verifies nothing.",
		"ops-encrypt": "A key that isn't for verifying verifies nothing.", "other-alg": "A key for another algorithm doesn't verify this one.",
		"oct": "A published symmetric key verifies nothing.",
	} {
		rows = append(rows, conformRow{
			id: "S21/key-" + kid, clause: "RFC 7517 §4; RFC 8725 §3.1, §3.2, §3.5", about: about, on: crowded,
			check: func(t *trial, f *findings) {
				token := t.suite.oddToken(kid)
				token.Scopes = t.suite.target.all()
				f.refused(t, t.send(t.inSession(sending{token: t.mint(token), holder: "a token by the published key " + kid})), http.StatusUnauthorized)
			},
		})
	}
	return rows
}

// outageRows are S12 and S27: the authorization server is down.
func outageRows() []conformRow {
	const clause = "RFC 9110 §15.6.4; RFC 6750 §3.1"
	return []conformRow{
		{
			id: "S12/bare", clause: clause, about: "While keys can't be had, a request without a token is challenged as ever.", on: down,
			check: func(t *trial, f *findings) {
				a := t.send(sending{})
				f.refused(t, a, http.StatusUnauthorized)
			},
		},
		{
			id: "S12/token", clause: clause, about: "While keys can't be had, a token is answered 503 with Retry-After and no challenge: it may be good.", on: down,
			check: func(t *trial, f *findings) {
				a := t.send(sending{token: t.full, holder: "a good token, while the authorization server is down"})
				f.refused(t, a, http.StatusServiceUnavailable)
				f.expect(a.header.Get("Retry-After") != "", a, "Retry-After")
				f.expect(a.header.Get("WWW-Authenticate") == "", a, "no WWW-Authenticate")
			},
		},
		{
			id: "S12/metadata", clause: "RFC 9728 §3", about: "The metadata is there while the authorization server is down.", on: down,
			lacks: func(t *trial) string {
				_, problem := t.metadataTarget()
				return problem
			},
			check: func(t *trial, f *findings) {
				target, _ := t.metadataTarget()
				a := t.send(sending{method: http.MethodGet, target: target, plain: true})
				f.expect(a.status == http.StatusOK, a, "the metadata")
			},
		},
		{
			id: "S27/heals", clause: clause, about: "The server starts while the authorization server is down, and takes tokens by itself once it is back.", on: down,
			check: func(t *trial, f *findings) {
				if t.failure != "" {
					f.list = append(f.list, t.failure)
					return
				}
				t.as.Up()
				if problem := t.handshake(); problem != "" {
					f.list = append(f.list, problem)
				}
			},
		},
	}
}

// rotate lets the server serve many first requests at once, shows it a token of a
// key that nobody has, and changes the keys.
func (t *trial) rotate() {
	const many = 50
	concurrently(many, func() { t.send(sending{token: t.full}) })
	if t.failure = t.handshake(); t.failure != "" {
		return
	}
	t.fetches = t.as.KeyFetches()
	bogus := t.mint(Token{Scopes: t.suite.target.Scopes, Flaw: UnknownKeyID})
	t.send(sending{token: bogus})
	t.old = t.low
	t.as.Rotate()
	t.changed = time.Now()
	t.low = t.token(t.suite.target.Scopes...)
}

// rotationRows are S29, and the part of S28 about a bogus kid.
func rotationRows() []conformRow {
	const clause = "RFC 7517 §4.5; OpenID Connect Core §10.1.1"
	current := func(t *trial) *answer {
		a := t.after
		if a != nil {
			return a // It isn't waited for twice.
		}
		defer func() { t.after = a }()
		t.eventually(time.Until(t.changed.Add(t.suite.patience)), func() bool {
			a = t.send(t.inSession(sending{token: t.low, holder: "a token of the new key"}))
			t.news(a)
			return a.status == http.StatusOK
		})
		return a
	}
	return []conformRow{
		{
			id: "S29/first-requests", clause: clause, about: "Many concurrent first requests share one fetch of the keys.", on: rotated,
			check: func(t *trial, f *findings) {
				if t.failure != "" {
					f.list = append(f.list, t.failure)
					return
				}
				f.count(t.fetches, 2, "many requests at once", "requests for the keys")
			},
		},
		{
			id: "S28/rotated-key", clause: clause, about: "A token of a new key is taken within seconds, also when a token of an unknown key has just been refused.", on: rotated,
			check: func(t *trial, f *findings) {
				f.letIn(t, current(t), fmt.Sprintf("the key has been published for %s", t.suite.patience))
			},
		},
		{
			id: "S29/old-key", clause: clause, about: "A token of a key that is no longer published is refused.", on: rotated,
			check: func(t *trial, f *findings) {
				if a := current(t); a.status != http.StatusOK {
					f.expect(false, a, "the new key to be taken first")
					return
				}
				f.refused(t, t.send(t.inSession(sending{token: t.old, holder: "a token of a key that was replaced"})), http.StatusUnauthorized)
			},
		},
	}
}

// hostileRows are S14: what a stranger sends stays out of the answer.
func hostileRows() []conformRow {
	const clause = "RFC 9110 §5.5, §11.2; RFC 6750 §3"
	row := func(id, about string, send func(*trial) *answer) conformRow {
		return conformRow{id: id, clause: clause, about: about, check: func(t *trial, f *findings) {
			a := send(t)
			f.refused(t, a, http.StatusUnauthorized)
			f.expect(a.err != nil || a.header.Get("X-Injected") == "" && !strings.Contains(fmt.Sprint(a.header, a.body), cases.Marker), a,
				"nothing of the hostile text in the answer")
		}}
	}
	minted := func(token Token, holder string) func(*trial) *answer {
		return func(t *trial) *answer { return t.send(t.inSession(sending{token: t.mint(token), holder: holder})) }
	}
	hostile := []string{
		"X-Forwarded-Host: " + cases.Marker, "X-Forwarded-Proto: gopher", "X-Forwarded-Prefix: /" + cases.Marker,
		"Forwarded: host=" + cases.Marker, "X-Original-Url: /" + cases.Marker, "Host: " + cases.Marker,
	}
	return []conformRow{
		row("S14/token-kid", "Hostile text in a token's kid stays out of the answer.", minted(Token{KeyID: cases.Breakout}, "a token with a hostile kid")),
		row("S14/token-iss", "Hostile text in a token's issuer stays out of the answer.", minted(Token{Issuer: "https://" + cases.Breakout}, "a token with a hostile issuer")),
		row("S14/token-aud", "Hostile text in a token's audience stays out of the answer.", minted(Token{Audience: cases.Breakout}, "a token with a hostile audience")),
		row("S14/scheme", "Hostile text in a scheme stays out of the challenge.", func(t *trial) *answer {
			return t.send(sending{authorization: []string{`",` + cases.Marker + `="1 x`}})
		}),
		row("S14/host", "The challenge never repeats what a request says of its host.", func(t *trial) *answer {
			return t.send(sending{headers: hostile})
		}),
	}
}

// asked reports how many requests the server has got.
func (s *Server) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, count := range s.requests {
		n += count
	}
	return n
}

// differs tells how a token differs from a good one.
func differs(c *cases.Token) string {
	var parts []string
	for where, members := range map[string]map[string]any{"header": c.Header, "claims": c.Claims} {
		for name, value := range members {
			if value == cases.Absent {
				parts = append(parts, fmt.Sprintf("no %s in the %s", name, where))
				continue
			}
			parts = append(parts, fmt.Sprintf("%s %#v in the %s", name, value, where))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
