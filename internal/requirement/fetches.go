package requirement

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// keyFetchRows are what holds of the key set's fetching: S31 as far as key sets
// go, and the part of S29 that a single token shows.
func keyFetchRows() []Row {
	rows := []Row{
		redirectRow(), droppedKeyRow(), staleKeyRow(),
		{
			ID: "S31/redirect-within-origin", Clause: "RFC 9110 §15.4", About: "A redirect within the origin is followed.",
			Before: func(w *World) {
				w.answer(keySetPath, http.RedirectHandler("/moved", http.StatusFound))
				w.answer("/moved", keySet(w.besideKey()))
			},
			Fetches: []string{metadataOfServer, keySetPath, "/moved"},
			Steps:   []Step{{Request: Request{Mint: beside}, Want: letIn(alice("a", "b"))}},
		},
		sizeRow("S31/too-big", "A key set of more than 1 MiB isn't read.", 1<<20+1, unavailable("keys_unavailable")),
		sizeRow("S31/just-fits", "A key set of 1 MiB is read.", 1<<20, letIn(alice("a", "b"))),
		{
			ID: "S31/bad-keys-beside", Clause: "RFC 7517 §5", About: "Keys that can't be used don't spoil the set.",
			Before: func(w *World) {
				w.answer(keySetPath, keySet(
					map[string]any{}, map[string]any{"kty": "EC", "kid": "odd"}, map[string]any{"kty": 1}, map[string]any{"kty": "AKP", "kid": "odd", "pub": "x"},
					map[string]any{"kty": "oct", "kid": "odd", "k": "AA"}, map[string]any{"kty": "RSA", "kid": "odd", "n": "AQAB", "e": "AQAB"},
					map[string]any{"kty": "RSA", "kid": "odd", "n": "!", "e": "AQAB"}, map[string]any{"kty": "OKP", "crv": "X25519", "kid": "odd", "x": strings.Repeat("A", 43)},
					w.besideKey()))
			},
			Steps: []Step{
				{Request: Request{Mint: beside}, Want: letIn(alice("a", "b"))},
				{Request: Request{Mint: signedBy("ES256", "odd")}, Want: endpoint().invalid("unknown_key").fetching(1)},
			},
		},
		{
			ID: "S31/certificate-never-followed", Clause: "RFC 8725 §3.10", About: "What a published key says of certificates is never followed, and doesn't spoil it.",
			Before: func(w *World) {
				w.publish(w.bench.key, map[string]any{"x5u": w.Server.Issuer() + authtest.StrangerKeysPath, "x5c": []string{"AAAA"}, "x5t": "AAAA"})
			},
			Steps: []Step{{Request: Request{Mint: signedBy("ES256", "odd")}, Want: letIn(alice("a", "b"))}},
		},
		{
			ID: "S31/metadata-of-another", Clause: "RFC 8414 §3.3", About: "Metadata of another issuer is not believed.",
			Before: func(w *World) {
				w.Server.EditMetadata(func(m map[string]any) { m["issuer"] = "https://elsewhere.example" })
			}, Unready: true,
			Steps: []Step{{Before: settled(1), Request: Request{Token: good("a", "b")}, Want: unavailable("keys_unavailable")}},
		},
		{
			ID: "S31/keys-over-http", Clause: "RFC 8414 §2", About: "Keys are not fetched over plain http from another machine.",
			Before: func(w *World) {
				w.Server.EditMetadata(func(m map[string]any) { m["jwks_uri"] = "http://keys.example/jwks.json" })
			}, Unready: true,
			Steps: []Step{{Before: settled(1), Request: Request{Token: good("a", "b")}, Want: unavailable("keys_unavailable")}},
		},
		{
			ID: "S29/rotated", Clause: "RFC 7517 §4.5", About: "A token under a new key id is good once the key is published; the key that the set dropped verifies no more.",
			Before: func(w *World) { w.answer(keySetPath, keySet(w.Server.JWK(w.bench.key.Public(), "odd"))) },
			Steps: []Step{
				{Request: Request{Mint: signedBy("ES256", "odd")}, Want: letIn(alice("a", "b"))},
				{
					Before:  func(w *World) { w.Server.Answer(keySetPath, keySet(w.besideKey())) },
					Request: Request{Mint: beside}, Want: letIn(alice("a", "b")).fetching(1),
				},
				{Request: Request{Mint: signedBy("ES256", "odd")}, Want: endpoint().invalid("unknown_key")},
				{Request: Request{Mint: signedBy("ES256", "bogus")}, Want: endpoint().invalid("unknown_key")},
			},
		},
		{
			ID: "S29/broken-rotation", Clause: "RFC 7517 §5", About: "An answer that is no key set keeps the last good one.",
			Before: func(w *World) { w.answer(keySetPath, keySet(w.besideKey())) },
			Steps: []Step{
				{
					Before:  func(w *World) { w.Server.Answer(keySetPath, keySet()) },
					Request: Request{Mint: signedBy("ES256", "odd")}, Want: endpoint().invalid("unknown_key").fetching(1),
				},
				{Request: Request{Mint: beside}, Want: letIn(alice("a", "b"))},
			},
		},
	}
	return rows
}

// remembered mints a token once, and sends it again and again.
func remembered(mint func(*World) string) func(*World) string {
	var token string
	return func(w *World) string {
		if token == "" {
			token = mint(w)
		}
		w.minted = append(w.minted, token)
		return token
	}
}

// droppedKeyRow is a token that was let in, whose key then leaves the set.
func droppedKeyRow() Row {
	row := Row{
		ID: "S29/dropped-key", Clause: "RFC 7517 §5", About: "A token that was let in is refused once the set has dropped its key.",
	}
	var again func(*World) string
	same := func(w *World) string { return again(w) }
	row.Before = func(w *World) {
		again = remembered(signedBy("ES256", "odd"))
		w.answer(keySetPath, keySet(w.Server.JWK(w.bench.key.Public(), "odd")))
	}
	row.Steps = []Step{
		{Request: Request{Mint: same}, Want: letIn(alice("a", "b"))},
		{Request: Request{Mint: same}, Want: letIn(alice("a", "b"))},
		{
			Before:  func(w *World) { w.Server.Answer(keySetPath, keySet(w.besideKey())) },
			Request: Request{Mint: beside}, Want: letIn(alice("a", "b")).fetching(1),
		},
		{Request: Request{Mint: same}, Want: endpoint().invalid("unknown_key")},
	}
	return row
}

// staleKeyRow is a token that was let in, while the keys can't be fetched again.
func staleKeyRow() Row {
	row := Row{
		ID: "S30/stale", Clause: "RFC 9110 §15.6.4", About: "What was let in is let in for the stale window of an outage, and not longer.",
		Config: func(_ *World, c *core.Config) { c.Limits.KeyStale = time.Minute },
	}
	var again func(*World) string
	same := func(w *World) string { return again(w) }
	row.Before = func(*World) { again = remembered(func(w *World) string { return w.mint(*good("a", "b")) }) }
	row.Steps = []Step{
		{Request: Request{Mint: same}, Want: letIn(alice("a", "b"))},
		{
			Before: func(w *World) {
				w.Server.Down()
				w.Clock.Advance(time.Minute)
			},
			Request: Request{Mint: same}, Want: letIn(alice("a", "b")),
		},
		{
			Before:  func(w *World) { w.Clock.Advance(1) },
			Request: Request{Mint: same}, Want: unavailable("keys_unavailable").fetching(-1),
		},
	}
	return row
}

// redirectRow is a key set whose place was taken over: a redirect hands over
// the choice of keys.
func redirectRow() Row {
	var asked record[string]
	var stranger *httptest.Server
	return Row{
		ID: "S31/redirected-keys", Clause: "RFC 8725 §3.10", About: "A key set that is redirected to another origin isn't fetched from there.",
		Unready: true,
		Before: func(w *World) {
			asked.clear()
			stranger = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				asked.add(r.URL.Path)
				keySet(w.Server.JWK(w.bench.key.Public(), "odd")).ServeHTTP(rw, r)
			}))
			w.answer(keySetPath, http.RedirectHandler(stranger.URL, http.StatusFound))
		},
		Run: func(w *World) []string {
			defer stranger.Close()
			differences := w.compare(Step{Want: endpoint().bare().fetching(-1)})
			settled(1)(w)
			differences = append(differences, w.compare(Step{
				Request: Request{Mint: signedBy("ES256", "odd")}, Want: unavailable("keys_unavailable"),
			})...)
			d := &checks{}
			d.check("requests to the stranger", 0, len(asked.all()))
			return append(differences, d.list...)
		},
	}
}

// sizeRow is a key set of so many bytes, filled up with a member of no meaning.
func sizeRow(id, about string, size int, want Want) Row {
	return Row{
		ID: id, Clause: "RFC 7517 §5", About: about, Unready: true,
		Before: func(w *World) {
			recorded := httptest.NewRecorder()
			keySet(w.besideKey()).ServeHTTP(recorded, nil)
			keys := strings.TrimSpace(recorded.Body.String())
			start := strings.TrimSuffix(keys, "}") + `,"x":"`
			body := start + strings.Repeat("x", size-len(start)-2) + `"}`
			w.answer(keySetPath, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
				_, _ = rw.Write([]byte(body)) // Whoever hangs up has read enough.
			}))
		},
		Steps: []Step{{Before: settled(1), Request: Request{Mint: beside}, Want: want}},
	}
}

// discoveryRows are S32: where the metadata of an authorization server is.
func discoveryRows() []Row {
	const clause = "RFC 8414 §3; OpenID Connect Discovery §4; MCP 2026-07-28 authorization, server metadata discovery"
	const (
		oauth, openID    = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
		inserted, openIn = oauth + "/tenant", openID + "/tenant"
		appended         = "/tenant" + openID
	)
	tenanted := func(id, about string, at string, fetches ...string) Row {
		return Row{
			ID: id, Clause: clause, About: about,
			Before:  func(w *World) { w.answer(at, w.metadataOf("/tenant")) },
			Config:  func(w *World, c *core.Config) { c.Issuers[0] = core.Issuer{URL: w.Server.Issuer() + "/tenant"} },
			Fetches: append(fetches, keySetPath),
			Steps: []Step{
				{Request: Request{Token: tenant("/tenant")}, Want: letIn(tenantCaller("/tenant"))},
				{Request: Request{Token: good("a", "b")}, Want: endpoint().invalid("unknown_issuer")},
			},
		}
	}
	in := []Step{{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))}}
	out := []Step{{Before: settled(1), Request: Request{Token: good("a", "b")}, Want: unavailable("keys_unavailable")}}
	return []Row{
		tenanted("S32/path-inserted", "The first place of an issuer with a path has the path after the well-known part.", inserted, inserted),
		tenanted("S32/path-openid-inserted", "The second is OpenID Connect's with the path after it.", openIn, inserted, openIn),
		tenanted("S32/path-openid-appended", "The third is OpenID Connect's with the path before it.", appended, inserted, openIn, appended),
		{ID: "S32/first", Clause: clause, About: "The first place of an issuer without a path is RFC 8414's.", Fetches: []string{oauth, keySetPath}, Steps: in},
		{
			ID: "S32/openid", Clause: clause, About: "The second is OpenID Connect's.",
			Before:  func(w *World) { w.answer(oauth, http.NotFoundHandler()) },
			Fetches: []string{oauth, openID, keySetPath}, Steps: in,
		},
		{
			ID: "S32/html", Clause: clause, About: "A page where metadata should be leads to the next place.",
			Before: func(w *World) {
				w.answer(oauth, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<html>")) }))
			},
			Fetches: []string{oauth, openID, keySetPath}, Steps: in,
		},
		{
			ID: "S32/stops", Clause: clause, About: "A server in trouble isn't asked at its next place.",
			Before: func(w *World) {
				w.answer(oauth, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }))
			},
			Unready: true,
			Run: func(w *World) []string {
				settled(1)(w)
				d := &checks{}
				if w.app.Servers != nil {
					d.check("asked of the authorization server", oauth, strings.Join(w.network.all(), " "))
				}
				return append(d.list, w.compare(out[0])...)
			},
		},
		{
			ID: "S32/metadata-by-config", Clause: clause, About: "A configured metadata URL is the one place that is asked.",
			Before:  func(w *World) { w.answer("/elsewhere", w.metadataOf("")) },
			Config:  func(w *World, c *core.Config) { c.Issuers[0].MetadataURL = w.Server.Issuer() + "/elsewhere" },
			Fetches: []string{"/elsewhere", keySetPath}, Steps: in,
		},
		{
			ID: "S32/keys-by-config", Clause: clause, About: "With a configured key set no metadata is asked.",
			Config:  func(w *World, c *core.Config) { c.Issuers[0].JWKSURL = w.Server.Issuer() + keySetPath },
			Fetches: []string{keySetPath}, Steps: in,
		},
		{
			ID: "S32/no-keys", Clause: "RFC 8414 §2", About: "Metadata without a key set is an outage.",
			Before: func(w *World) { w.Server.EditMetadata(func(m map[string]any) { delete(m, "jwks_uri") }) }, Unready: true,
			Steps: out,
		},
	}
}

// metadataOf answers the metadata of an issuer with the given path, whose keys
// are the authorization server's.
func (w *World) metadataOf(path string) http.Handler {
	body := `{"issuer":"` + w.Server.Issuer() + path + `","jwks_uri":"` + w.Server.Issuer() + keySetPath + `"}`
	return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(body)) })
}
