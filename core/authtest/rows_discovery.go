package authtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// answers expects a JSON-RPC error for the id.
func (f *findings) answers(a *answer, id string) {
	var message struct {
		ID    json.RawMessage `json:"id"`
		Error struct {
			Code    *int   `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	err := json.Unmarshal([]byte(a.body), &message)
	f.expect(a.status == http.StatusForbidden && err == nil && message.Error.Code != nil && string(message.ID) == id, a,
		"status 403 and a JSON-RPC error with the id %s", id)
}

// metadataTarget is where the challenge says that the metadata is, as it is
// reached in the test.
func (t *trial) metadataTarget() (target, problem string) {
	a := t.send(sending{})
	c, _ := a.bearer()
	place, _ := c.Get("resource_metadata")
	u, err := url.Parse(place)
	if err != nil || !u.IsAbs() {
		return "", "the challenge names no metadata: see S1/challenge"
	}
	if origin := u.Scheme + "://" + u.Host; origin != originOf(t.endpoint.Resource) && origin != t.base.Scheme+"://"+t.base.Host {
		return "", "the metadata is at another origin, " + origin
	}
	return u.RequestURI(), ""
}

// document is the metadata of an answer.
func (a *answer) document() map[string]any {
	members := make(map[string]any)
	if a.err != nil || json.Unmarshal([]byte(a.body), &members) != nil {
		return nil
	}
	return members
}

// askMetadata asks for the metadata where the challenge says that it is.
func askMetadata(method string, headers ...string) func(*trial) *answer {
	return func(t *trial) *answer {
		target, _ := t.metadataTarget()
		return t.send(sending{method: method, target: target, headers: headers, plain: true})
	}
}

// metadataRow is a row about metadata that a challenge leads to.
func metadataRow(id, clause, about string, check func(*trial, *findings)) conformRow {
	return conformRow{id: id, clause: clause, about: about, check: check, lacks: func(t *trial) string {
		_, problem := t.metadataTarget()
		return problem
	}}
}

// metadataRows are S35 to S38: how the metadata is served, and what it says.
func metadataRows() []conformRow {
	const clause = "RFC 9728 §3; Fetch §3.3"
	ask, row := askMetadata, metadataRow
	get := ask(http.MethodGet)
	published := func(t *trial, f *findings, a *answer) {
		f.expect(a.status == http.StatusOK && a.document()["resource"] == t.endpoint.Resource, a, "the metadata of the resource")
	}
	rows := []conformRow{
		row("S36/challenged-url", "RFC 9728 §3.1, §5.1", "The metadata URL in the challenge answers.", func(t *trial, f *findings) {
			published(t, f, get(t))
		}),
		row("S35/media-type", "RFC 9728 §3.2", "The metadata is JSON.", func(t *trial, f *findings) {
			a := get(t)
			f.expect(strings.HasPrefix(a.header.Get("Content-Type"), "application/json"), a, "Content-Type: application/json")
		}),
		row("S35/cors", clause, "Pages of any origin may read the metadata.", func(t *trial, f *findings) {
			a := ask(http.MethodGet, "Origin: https://anybody.example")(t)
			f.expect(slices.Contains([]string{"*", "https://anybody.example"}, a.header.Get("Access-Control-Allow-Origin")), a, "Access-Control-Allow-Origin: *")
		}),
		row("S35/preflight", clause, "A preflight for MCP's header field is answered.", func(t *trial, f *findings) {
			a := ask(http.MethodOptions, "Origin: https://anybody.example", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: mcp-protocol-version")(t)
			allowed := strings.ToLower(a.header.Get("Access-Control-Allow-Headers"))
			f.expect(a.status/100 == 2 && (strings.Contains(allowed, "mcp-protocol-version") || strings.Contains(allowed, "*")), a,
				"a status from 200 to 299, and Access-Control-Allow-Headers with mcp-protocol-version or *")
		}),
		row("S35/head", "RFC 9110 §9.3.2", "HEAD is answered as GET is.", func(t *trial, f *findings) {
			a := ask(http.MethodHead)(t)
			f.expect(a.status == http.StatusOK && a.body == "", a, "status 200")
		}),
		row("S35/post", "RFC 9110 §15.5.6", "Other methods are told which ones there are.", func(t *trial, f *findings) {
			a := ask(http.MethodPost)(t)
			f.expect(a.status == http.StatusMethodNotAllowed && a.header.Get("Allow") != "", a, "status 405 and Allow")
		}),
		row("S35/bad-token", clause, "The metadata is public: a bad token isn't looked at.", func(t *trial, f *findings) {
			published(t, f, ask(http.MethodGet, "Authorization: Bearer garbage")(t))
		}),
	}
	return slices.Concat(rows, memberRows(), placeRows())
}

// memberRows are S38: what the metadata says.
func memberRows() []conformRow {
	get, row := askMetadata(http.MethodGet), metadataRow
	return []conformRow{
		row("S38/resource", "RFC 9728 §2, §3.3", "The metadata names the resource exactly.", func(t *trial, f *findings) {
			a := get(t)
			f.expect(a.document()["resource"] == t.endpoint.Resource, a, "the member resource to be %q", t.endpoint.Resource)
		}),
		row("S38/authorization-servers", "RFC 9728 §2; MCP 2026-07-28 authorization, authorization server location", "The metadata names the issuer, byte for byte.", func(t *trial, f *findings) {
			a := get(t)
			f.expect(slices.Contains(texts(a.document()["authorization_servers"]), t.as.Issuer()), a, "the member authorization_servers with %q", t.as.Issuer())
		}),
		row("S38/scopes", "RFC 9728 §2; MCP 2026-07-28 authorization, scope selection strategy", "The published scopes, if any, are at least those of the endpoint, and not offline_access.", func(t *trial, f *findings) {
			a := get(t)
			value, ok := a.document()["scopes_supported"]
			published := texts(value)
			lacks := ok && slices.ContainsFunc(t.suite.target.Scopes, func(s string) bool { return !slices.Contains(published, s) })
			f.expect(!lacks && !slices.Contains(published, "offline_access"), a, "scopes_supported with %q, and without offline_access", strings.Join(t.suite.target.Scopes, " "))
		}),
		row("S38/bearer-methods", "RFC 9728 §2; MCP 2026-07-28 authorization, access token usage", "The only way to send a token is the header.", func(t *trial, f *findings) {
			a := get(t)
			value, ok := a.document()["bearer_methods_supported"]
			f.expect(!ok || slices.Equal(texts(value), []string{"header"}), a, `bearer_methods_supported, if it is there, to be ["header"]`)
		}),
	}
}

// placeRows are where clients look that have no challenge.
func placeRows() []conformRow {
	const wellKnown = "/.well-known/oauth-protected-resource"
	at := func(t *trial, path string) *answer {
		return t.send(sending{method: http.MethodGet, target: path, plain: true})
	}
	return []conformRow{
		{
			id: "S36/path-inserted", clause: "RFC 9728 §3.1", about: "The metadata is where the resource identifier says, with the well-known part between host and path.",
			check: func(t *trial, f *findings) {
				u, err := url.Parse(t.endpoint.Resource)
				if err != nil {
					t.tb.Fatalf("Endpoint.Resource: %v", err)
				}
				path := wellKnown + u.RequestURI()
				if u.Path == "" || u.Path == "/" {
					path = strings.Replace(path, "/?", "?", 1)
					path = strings.TrimSuffix(path, "/")
				}
				a := at(t, path)
				f.expect(a.status == http.StatusOK && a.document()["resource"] == t.endpoint.Resource, a, "the metadata of the resource")
			},
		},
		{
			id: "S37/root", clause: "RFC 9728 §3; MCP 2026-07-28 authorization, protected resource metadata discovery", about: "If metadata is at the root too, it is that of the resource.",
			lacks: func(t *trial) string {
				if a := at(t, wellKnown); a.status != http.StatusOK {
					return fmt.Sprintf("nothing is at %s (status %d)", wellKnown, a.status)
				}
				return ""
			},
			check: func(t *trial, f *findings) {
				a := at(t, wellKnown)
				f.expect(a.document()["resource"] == t.endpoint.Resource, a, "the metadata of the resource")
			},
		},
	}
}

// texts are the strings of a list.
func texts(value any) []string {
	list, _ := value.([]any)
	var all []string
	for _, entry := range list {
		if text, ok := entry.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// originRows are S51: which pages may call the endpoint.
func originRows() []conformRow {
	const clause = "MCP 2026-07-28 transports, security warning; Fetch §3.3"
	rows := []conformRow{
		{
			id: "S51/own", clause: clause, about: "Pages of the resource's own origin can read every answer, and the challenge in it.",
			check: func(t *trial, f *findings) {
				own := originOf(t.endpoint.Resource)
				for _, q := range []sending{{}, {token: "garbage", holder: "a garbage token"}, t.inSession(sending{token: t.low, holder: "a good token"})} {
					q.headers = append(q.headers, "Origin: "+own)
					a := t.send(q)
					t.news(a)
					f.expect(a.header.Get("Access-Control-Allow-Origin") == own, a, "Access-Control-Allow-Origin: %s", own)
					exposed := strings.ToLower(strings.Join(a.header.Values("Access-Control-Expose-Headers"), ","))
					f.expect(strings.Contains(exposed, "www-authenticate") && strings.Contains(exposed, "mcp-session-id"), a,
						"Access-Control-Expose-Headers with WWW-Authenticate and Mcp-Session-Id")
				}
			},
		},
		{
			id: "S51/preflight", clause: "Fetch §4.8", about: "A preflight is answered before any token is asked for.",
			check: func(t *trial, f *findings) {
				own := originOf(t.endpoint.Resource)
				a := t.send(sending{method: http.MethodOptions, plain: true, headers: []string{
					"Origin: " + own, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type,mcp-protocol-version",
				}})
				f.expect(a.status/100 == 2 && a.header.Get("Access-Control-Allow-Origin") == own, a, "a status from 200 to 299, and Access-Control-Allow-Origin: %s", own)
			},
		},
	}
	for name := range cases.ForeignOrigins("https://h.example") {
		rows = append(rows, conformRow{
			id: "S51/foreign-" + name, clause: clause, about: "Pages of any other origin are refused, with a good token too, and read nothing.",
			lacks: func(t *trial) string {
				if _, ok := cases.ForeignOrigins(originOf(t.endpoint.Resource))[name]; !ok {
					return "the resource's origin has no such spelling"
				}
				return ""
			},
			check: func(t *trial, f *findings) {
				origin := cases.ForeignOrigins(originOf(t.endpoint.Resource))[name]
				q := t.inSession(sending{token: t.low, holder: "a good token"})
				q.headers = append(q.headers, "Origin: "+origin)
				a := t.send(q)
				f.refused(t, a, http.StatusForbidden)
				f.expect(a.header.Get("Access-Control-Allow-Origin") == "", a, "no Access-Control-Allow-Origin")
			},
		})
	}
	return rows
}
