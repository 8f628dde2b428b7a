package requirement

import (
	"crypto/rsa"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

const (
	introspectPath = "/introspect"
	opaque         = "opaque-0123456789abcdef"
)

// introspected makes the rows' issuer one that is asked about its tokens.
func introspected(change ...func(*core.Introspection)) func(*World, *core.Config) {
	return func(w *World, c *core.Config) {
		in := &core.Introspection{
			Endpoint: w.Server.Issuer() + introspectPath, ClientID: authtest.ClientID, ClientSecret: authtest.ClientSecret,
		}
		for _, f := range change {
			f(in)
		}
		c.Issuers[0].Introspection = in
	}
}

// active is what introspection says of a good token (RFC 7662 §2.2), with
// members replaced, or removed by [authtest.Absent].
func (w *World) active(replace map[string]any) map[string]any {
	members := map[string]any{
		"active": true, "iss": w.Server.Issuer(), "sub": "alice", "client_id": authtest.ClientID, "aud": Resource,
		"scope": "a b", "token_type": "Bearer", "exp": Epoch().Add(time.Hour).Unix(), "iat": Epoch().Unix(),
	}
	maps.Copy(members, replace)
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == authtest.Absent })
	return members
}

// says makes introspection answer so.
func says(replace map[string]any) func(*World) {
	return func(w *World) { w.answer(introspectPath, jsonOf(w.active(replace))) }
}

// saysText makes introspection answer this very text with a status.
func saysText(status int, text string) func(*World) {
	return func(w *World) {
		w.answer(introspectPath, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(status)
			_, _ = rw.Write([]byte(text))
		}))
	}
}

// asking is a row of one opaque token.
func asking(id, about string, before func(*World), want Want) Row {
	return Row{
		ID: id, Clause: "RFC 7662 §2.2", About: about, Before: before, Config: introspected(), Unready: true,
		Steps: []Step{{Request: keyed(opaque), Want: want}},
	}
}

// introspectionRows are S33: what an issuer says of a token.
func introspectionRows() []Row {
	in, bad := letIn(alice("a", "b")).fetching(1), func(reason string) Want { return endpoint().invalid(reason).fetching(1) }
	lists := alice("a", "b")
	lists.Audience = []string{"https://other.example", Resource}
	var rows []Row
	for _, c := range []struct {
		name, about string
		replace     map[string]any
		want        Want
	}{
		{"active", "A token that the issuer calls active is let in by what the answer says.", nil, in},
		{"without-iss", "An answer needn't repeat who gives it.", map[string]any{"iss": authtest.Absent}, in},
		{"without-type", "An answer needn't name the token's type.", map[string]any{"token_type": authtest.Absent}, in},
		{"type-in-lower-case", "The token's type is compared without regard to case.", map[string]any{"token_type": "bearer"}, in},
		{"access-token-use", "A server may say that the token is an access token.", map[string]any{"token_use": "access_token"}, in},
		{"audience-list", "One of several audiences may be this resource.", map[string]any{"aud": lists.Audience}, letIn(lists).fetching(1)},
		{"inactive", "A token that isn't active is invalid, whatever else is said of it.", map[string]any{"active": false}, bad("inactive_token")},
		{"other-issuer", "An answer about another issuer's token is refused.", map[string]any{"iss": "https://elsewhere.example"}, bad("unknown_issuer")},
		{"issuer-no-string", "An issuer is a string.", map[string]any{"iss": 1}, bad("unknown_issuer")},
		{"other-audience", "A token for another resource is refused.", map[string]any{"aud": "https://other.example"}, bad("wrong_audience")},
		{"without-audience", "A token for nobody in particular is refused.", map[string]any{"aud": authtest.Absent}, bad("wrong_audience")},
		{"audience-number", "An audience is a string or a list of strings.", map[string]any{"aud": 1}, bad("malformed_token")},
		{"expired", "An active token whose expiry is over is refused all the same.", map[string]any{"exp": Epoch().Add(-time.Minute).Unix()}, bad("expired")},
		{"expiry-string", "An expiry is a number.", map[string]any{"exp": "9999999999"}, bad("malformed_token")},
		{"expiry-zero", "An expiry of zero is none.", map[string]any{"exp": 0}, bad("no_expiry")},
		{"not-yet", "A token that isn't valid yet is refused.", map[string]any{"nbf": Epoch().Add(time.Hour).Unix()}, bad("not_yet_valid")},
		{"bound", "A token that is bound to a key is refused.", map[string]any{"cnf": map[string]any{"jkt": "x"}}, bad("sender_constrained")},
		{"dpop", "A token of type DPoP is refused.", map[string]any{"token_type": "DPoP"}, bad("sender_constrained")},
		{"refresh-token", "A refresh token is no access token.", map[string]any{"token_type": "refresh_token"}, bad("not_an_access_token")},
		{"refresh-token-use", "A refresh token is no access token, whichever member says so.", map[string]any{"token_use": "refresh_token"}, bad("not_an_access_token")},
		{"id-token", "An ID token is no access token.", map[string]any{"nonce": "x"}, bad("not_an_access_token")},
		{"scope-number", "Scopes are a string or a list of strings.", map[string]any{"scope": 1}, bad("malformed_token")},
		{"case-variant", "A member that another reader might take for one that is read is refused.", map[string]any{"CNF": map[string]any{"jkt": "x"}}, bad("malformed_token")},
		{"lacking", "A token without enough scopes is lacking, not invalid.", map[string]any{"scope": "a"}, endpoint().lacking("7").fetching(1)},
		{"scope-tab", "Only the space separates scopes.", map[string]any{"scope": "a\tb"}, endpoint().lacking("7").fetching(1)},
	} {
		rows = append(rows, asking("S33/"+c.name, c.about, says(c.replace), c.want))
	}
	rows = append(rows, introspectionOutageRows()...)
	rows = append(rows, introspectionPlaceRows()...)
	rows = append(rows, introspectionConfigRows()...)
	return append(append(rows, clientAuthenticationRows()...), introspectedJWTRows()...)
}

// introspectionOutageRows are answers that say nothing of the token.
func introspectionOutageRows() []Row {
	down, refused := unavailable("introspection_unavailable").fetching(1), unavailable("introspection_refused").fetching(1)
	var rows []Row
	for _, c := range []struct {
		name   string
		status int
		text   string
		want   Want
	}{
		{"500", http.StatusInternalServerError, `{"active":true}`, down},
		{"503", http.StatusServiceUnavailable, `{"active":true}`, down},
		{"404", http.StatusNotFound, `{"active":true}`, down},
		{"429", http.StatusTooManyRequests, `{"active":true}`, down},
		{"204", http.StatusNoContent, "", down},
		{"no-json", http.StatusOK, "<html>", down},
		{"empty", http.StatusOK, "", down},
		{"list", http.StatusOK, `[{"active":true}]`, down},
		{"text-after", http.StatusOK, `{"active":true} {}`, down},
		{"without-active", http.StatusOK, `{"sub":"alice","scope":"a b"}`, down},
		{"active-string", http.StatusOK, `{"active":"true"}`, down},
		{"active-number", http.StatusOK, `{"active":1}`, down},
		{"active-null", http.StatusOK, `{"active":null}`, down},
		{"active-twice", http.StatusOK, `{"active":false,"active":true}`, down},
		{"active-in-two-cases", http.StatusOK, `{"active":true,"ACTIVE":false}`, down},
		{"too-big", http.StatusOK, `{"active":true,"x":"` + strings.Repeat("x", 64<<10) + `"}`, down},
		{"400", http.StatusBadRequest, `{"error":"invalid_client"}`, refused},
		{"401", http.StatusUnauthorized, `{"error":"invalid_client"}`, refused},
		{"403", http.StatusForbidden, `{"active":true}`, refused},
	} {
		rows = append(rows, asking("S33/answer-"+c.name, "An answer that says nothing of the token is an outage, not the token's fault.", saysText(c.status, c.text), c.want))
	}
	return append(rows, Row{
		ID: "S33/server-down", Clause: "RFC 9110 §15.6.4", About: "While introspection can't be reached a token is answered 503, and once it can, by its worth.",
		Config: introspected(), Unready: true,
		Before: func(w *World) { says(nil)(w); w.Server.Down() },
		Steps: []Step{
			{Request: keyed(opaque), Want: down},
			{Want: endpoint().bare()},
			{Before: func(w *World) { w.Server.Up() }, Request: keyed(opaque), Want: in()},
		},
	}, introspectionRedirectRow("https", func(stranger string) string { return stranger }), introspectionRedirectRow("own-origin", func(string) string { return "/elsewhere" }))
}

func in() Want { return letIn(alice("a", "b")).fetching(1) }

// introspectionRedirectRow is an endpoint that sends its askers away.
func introspectionRedirectRow(name string, to func(stranger string) string) Row {
	var asked record[string]
	var stranger *httptest.Server
	return Row{
		ID: "S33/redirect-" + name, Clause: "RFC 7662 §4", About: "The token goes nowhere but to the endpoint, also if that redirects.",
		Config: introspected(), Unready: true,
		Before: func(w *World) {
			asked.clear()
			takes := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				asked.add(r.URL.Path)
				jsonOf(w.active(nil)).ServeHTTP(rw, r)
			})
			stranger = httptest.NewServer(takes)
			w.answer("/elsewhere", takes)
			w.answer(introspectPath, http.RedirectHandler(to(stranger.URL), http.StatusTemporaryRedirect))
		},
		Run: func(w *World) []string {
			defer stranger.Close()
			differences := w.compare(Step{Request: keyed(opaque), Want: unavailable("introspection_unavailable").fetching(1)})
			d := &checks{}
			d.check("requests to where it redirects", 0, len(asked.all()))
			return append(differences, d.list...)
		},
	}
}

// introspectionPlaceRows are where the endpoint is.
func introspectionPlaceRows() []Row {
	const clause = "RFC 8414 §2"
	discovered := introspected(func(in *core.Introspection) { in.Endpoint = "" })
	return []Row{
		{
			ID: "S33/discovered", Clause: clause, About: "The endpoint is found by the issuer's metadata, once.",
			Before: says(nil), Config: discovered, Fetches: []string{metadataOfServer, introspectPath},
			Steps: []Step{{Request: keyed(opaque), Want: in()}, {Request: keyed(opaque + "-2"), Want: in()}},
		},
		{
			ID: "S33/discovered-late", Clause: clause, About: "An endpoint that can't be found is an outage, and is looked for again.",
			Before: func(w *World) {
				says(nil)(w)
				w.Server.EditMetadata(func(m map[string]any) { delete(m, "introspection_endpoint") })
			},
			Config: discovered, Unready: true,
			Steps: []Step{
				{Request: keyed(opaque), Want: unavailable("introspection_unavailable").fetching(1)},
				{Request: keyed(opaque), Want: unavailable("introspection_unavailable")},
				{
					Before:  func(w *World) { w.Server.EditMetadata(nil); w.Clock.Advance(time.Second) },
					Request: keyed(opaque), Want: in().fetching(2),
				},
			},
		},
		movedRow("S33/moved", http.NotFoundHandler(), "introspection_unavailable"),
		movedRow("S33/moved-for-good", http.RedirectHandler("/moved", http.StatusPermanentRedirect), "introspection_unavailable"),
		movedRow("S33/moved-behind-a-firewall", status(http.StatusForbidden), "introspection_refused"),
		movedRow("S33/moved-behind-a-gateway", status(http.StatusBadGateway), "introspection_unavailable"),
	}
}

func status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

// movedRow is an endpoint at whose old place something else answers.
func movedRow(id string, old http.Handler, reason string) Row {
	return Row{
		ID: id, Clause: "RFC 8414 §2", About: "An endpoint that is no longer where it was is looked for again, whatever answers there.",
		Before: says(nil), Config: introspected(func(in *core.Introspection) { in.Endpoint = "" }), Fetches: []string{metadataOfServer, introspectPath},
		Steps: []Step{
			{
				Before: func(w *World) {
					w.answer(introspectPath, old)
					w.answer("/moved", jsonOf(w.active(nil)))
					w.Server.EditMetadata(func(m map[string]any) { m["introspection_endpoint"] = w.Server.Issuer() + "/moved" })
				},
				Request: keyed(opaque), Want: unavailable(reason).fetching(1),
			},
			{Before: func(w *World) { w.Clock.Advance(time.Second) }, Request: keyed(opaque), Want: in().fetching(2)},
		},
	}
}

// introspectionConfigRows are mistakes that core.New finds.
func introspectionConfigRows() []Row {
	refused := func(name, about string, change func(*core.Config), fields ...string) Row {
		return Row{
			ID: "S33/config-" + name, Clause: "RFC 7662 §2.1", About: about, Refused: fields,
			Config: func(w *World, c *core.Config) { introspected()(w, c); change(c) },
		}
	}
	introspection := func(f func(*core.Introspection)) func(*core.Config) {
		return func(c *core.Config) { f(c.Issuers[0].Introspection) }
	}
	const field = "Issuers[0].Introspection"
	return []Row{
		refused("two", "Opaque tokens can't be told apart, so only one issuer has introspection.", func(c *core.Config) {
			c.Issuers = append(c.Issuers, core.Issuer{URL: "https://other.example", Introspection: &core.Introspection{ClientID: "x", ClientSecret: "y"}})
		}, "Issuers[1].Introspection"),
		refused("no-client", "Somebody has to ask.", introspection(func(in *core.Introspection) { in.ClientID = "" }), field+".ClientID"),
		refused("no-secret", "A client with no secret has nothing to show.", introspection(func(in *core.Introspection) { in.ClientSecret = "" }), field+".ClientSecret"),
		refused("no-key", "An assertion needs a key.",
			introspection(func(in *core.Introspection) { in.AuthMethod, in.ClientSecret = "private_key_jwt", "" }), field+".Key"),
		refused("nil-key", "A key that is nil in its kind is none.", introspection(func(in *core.Introspection) {
			in.AuthMethod, in.ClientSecret, in.Key = "private_key_jwt", "", (*rsa.PrivateKey)(nil)
		}), field+".Key"),
		refused("method", "Only known methods of client authentication will do.",
			introspection(func(in *core.Introspection) { in.AuthMethod = "tls_client_auth" }), field+".AuthMethod"),
		refused("plain-http", "A token isn't sent over plain http.",
			introspection(func(in *core.Introspection) { in.Endpoint = "http://as.example/introspect" }), field+".Endpoint"),
		refused("keys-unused", "A key set that no token would be verified by is a mistake.",
			func(c *core.Config) { c.Issuers[0].JWKSURL = "https://as.example/keys" }, field+".OpaqueOnly"),
		refused("tenants", "An opaque token doesn't say of which tenant it is.", func(c *core.Config) {
			c.Issuers[0].URL, c.Issuers[0].Tenants = "https://as.example/{tenantid}", []string{"one"}
		}, field),
	}
}

// introspectedJWTRows are JWTs of an issuer that is asked.
func introspectedJWTRows() []Row {
	const clause = "RFC 7662 §4; RFC 9068 §4"
	only := introspected(func(in *core.Introspection) { in.OpaqueOnly = true })
	return []Row{
		{
			ID: "S33/jwt", Clause: clause, About: "A JWT of an issuer with introspection is introspected, too: its signature alone doesn't tell whether it was revoked.",
			Before: says(map[string]any{"sub": "from-the-answer"}), Config: introspected(), Unready: true,
			Steps: []Step{{Request: Request{Token: good("a", "b")}, Want: func() Want {
				c := alice("a", "b")
				c.Subject = "from-the-answer"
				return letIn(c).fetching(1)
			}()}},
		},
		{
			ID: "S33/jwt-refused-unasked", Clause: clause, About: "A JWT that can't be good is refused without asking.",
			Before: says(nil), Config: introspected(), Unready: true,
			Steps: []Step{
				{Request: Request{Token: claiming(map[string]any{"iss": "https://elsewhere.example"})}, Want: endpoint().invalid("unknown_issuer")},
				{Request: Request{Token: claiming(map[string]any{"iss": authtest.Absent})}, Want: endpoint().invalid("unknown_issuer")},
				{Request: Request{Token: claiming(map[string]any{"exp": Epoch().Add(-time.Hour).Unix()})}, Want: endpoint().invalid("expired")},
				{Request: Request{Token: claiming(map[string]any{"nonce": "x"})}, Want: endpoint().invalid("not_an_access_token")},
				{Request: typed("logout+jwt"), Want: endpoint().invalid("wrong_token_type")},
				{Request: typed("dpop+jwt"), Want: endpoint().invalid("wrong_token_type")},
				{Request: Request{Token: &authtest.Token{Audience: Resource, Flaw: authtest.DuplicatePayloadMember}}, Want: endpoint().invalid("malformed_token")},
			},
		},
		{
			ID: "S20/at+jwt-required-introspected", Clause: clause, About: "The type at+jwt can be required of JWTs that are introspected, too.",
			Before: says(nil), Unready: true,
			Config: func(w *World, c *core.Config) { introspected()(w, c); c.Issuers[0].RequireATJWT = true },
			Steps: []Step{
				{Request: typed("JWT"), Want: endpoint().invalid("wrong_token_type")},
				{Request: typed("at+jwt"), Want: in()},
			},
		},
		{
			ID: "S33/opaque-only", Clause: clause, About: "The config can have an issuer's JWTs verified by its keys and its opaque tokens introspected.",
			Before: says(nil), Config: only, Unready: true,
			Steps: []Step{
				{Before: ready, Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
				{Request: Request{Token: &authtest.Token{Audience: Resource, Flaw: authtest.TamperedSignature}}, Want: endpoint().invalid("bad_signature")},
				{Request: keyed(opaque), Want: in()},
			},
		},
		{
			ID: "S33/opaque-with-dots", Clause: clause, About: "What has two dots, or four, and is no JWS is opaque to this service, so it is the issuer's to tell.",
			Before: says(nil), Config: introspected(), Unready: true,
			Steps: []Step{
				{Request: keyed("v4.public.0123456789abcdef"), Want: in()},
				{Request: keyed("0123456789abcdef.0123456789abcdef"), Want: in()},
				{Request: Request{Token: &authtest.Token{Audience: Resource, Flaw: authtest.FiveSegments}}, Want: in()},
			},
		},
		{
			ID: "S33/verifiers-first", Clause: clause, About: "Verifiers are asked before the issuer is.",
			Before: says(nil), Unready: true,
			Config: func(w *World, c *core.Config) {
				introspected()(w, c)
				answering(func(token string) (core.Principal, error) {
					if token != apiKey {
						return core.Principal{}, core.ErrNotMine
					}
					return robot(), nil
				})(w, c)
			},
			Steps: []Step{
				{Request: keyed(apiKey), Want: letIn(robotCaller())},
				{Request: keyed(opaque), Want: in()},
			},
		},
	}
}
