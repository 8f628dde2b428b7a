package requirement

import (
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// ascii spells a name for an id.
func ascii(name string) string {
	return strings.NewReplacer("\u017f", "long-s-", "\u212a", "kelvin-", "_", "-").Replace(name)
}

// kindRows are S20: what isn't an access token.
func kindRows() []Row {
	var rows []Row
	wrongType, notAccess, in := endpoint().invalid("wrong_token_type"), endpoint().invalid("not_an_access_token"), letIn(alice("a", "b"))
	for _, c := range []struct {
		name string
		typ  any
		want Want
	}{
		{"typ-at+jwt", "at+jwt", in},
		{"typ-upper-case", "AT+JWT", in},
		{"typ-with-application", "application/at+jwt", in},
		{"typ-jwt", "JWT", in},
		{"typ-jwt-lower-case", "jwt", in},
		{"typ-absent", authtest.Absent, in},
		{"typ-logout", "logout+jwt", wrongType},
		{"typ-dpop", "dpop+jwt", wrongType},
		{"typ-security-event", "secevent+jwt", wrongType},
		{"typ-client-authentication", "client-authentication+jwt", wrongType},
		{"typ-id", "id_token", wrongType},
		{"typ-padded", " at+jwt ", wrongType},
		{"typ-with-parameter", "at+jwt; x=y", wrongType},
		{"typ-long-s", "\u017Fecevent+jwt", wrongType},
		{"typ-number", 1, endpoint().invalid("malformed_token")},
		{"typ-null", nil, endpoint().invalid("malformed_token")},
		{"typ-list", []string{"at+jwt"}, endpoint().invalid("malformed_token")},
	} {
		token := good("a", "b")
		token.Header = map[string]any{"typ": c.typ}
		rows = append(rows, one("S20/"+c.name, "RFC 9068 §4; RFC 8725 §3.11", "A token whose type is that of another kind is refused.",
			Request{Token: token}, c.want))
	}
	for _, name := range []string{"CNF", "NBF", "Nonce", "Token_Use", "EVENTS", "Typ", "At_Hash", "SUB", "Scope", "SCP", "Client_ID", "\u017fub"} {
		rows = append(rows, one("S20/variant-"+ascii(name), "RFC 7519 §4; RFC 8259 §4",
			"A claim whose name another reader might take for one that is looked at is refused.",
			Request{Token: claiming(map[string]any{name: "x"})}, endpoint().invalid("malformed_token")))
	}
	for _, name := range []string{"CRIT", "Typ", "Alg", "KID", "\u212aid"} {
		token := good("a", "b")
		token.Header = map[string]any{name: "x"}
		rows = append(rows, one("S20/header-variant-"+ascii(name), "RFC 7515 §4; RFC 8259 §4",
			"A header parameter whose name another reader might take for one that is looked at is refused.",
			Request{Token: token}, endpoint().invalid("malformed_token")))
	}
	for _, c := range []struct {
		name   string
		claims map[string]any
		want   Want
	}{
		{"nonce", map[string]any{"nonce": "x"}, notAccess},
		{"at-hash", map[string]any{"at_hash": "x"}, notAccess},
		{"c-hash", map[string]any{"c_hash": "x"}, notAccess},
		{"events", map[string]any{"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}, notAccess},
		{"token-use-id", map[string]any{"token_use": "id"}, notAccess},
		{"token-use-number", map[string]any{"token_use": 1}, notAccess},
		{"token-use-access", map[string]any{"token_use": "access"}, in},
		{"claim-typ-id", map[string]any{"typ": "ID"}, notAccess},
		{"claim-typ-refresh", map[string]any{"typ": "Refresh"}, notAccess},
		{"claim-typ-offline", map[string]any{"typ": "Offline"}, notAccess},
		{"claim-typ-logout", map[string]any{"typ": "Logout"}, notAccess},
		{"claim-typ-bearer", map[string]any{"typ": "Bearer"}, in},
	} {
		rows = append(rows, one("S20/"+c.name, "RFC 9068 §5; OpenID Connect Core §2", "A token whose claims are those of another kind is refused.",
			Request{Token: claiming(c.claims)}, c.want))
	}
	typed := func(typ any) Request {
		token := good("a", "b")
		token.Header = map[string]any{"typ": typ}
		return Request{Token: token}
	}
	return append(rows, Row{
		ID: "S20/at+jwt-required", Clause: "RFC 9068 §4", About: "The type at+jwt can be required.",
		Config: func(_ *World, c *core.Config) { c.Issuers[0].RequireATJWT = true },
		Steps: []Step{
			{Request: typed("at+jwt"), Want: in},
			{Request: typed("application/at+jwt"), Want: in},
			{Request: typed("JWT"), Want: wrongType},
			{Request: typed(authtest.Absent), Want: wrongType},
		},
	})
}

// algorithmRows are the part of S21 about the header's alg.
func algorithmRows() []Row {
	const clause = "RFC 8725 §3.1, §3.2"
	var rows []Row
	algorithms := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	for _, algorithm := range algorithms {
		token := good("a", "b")
		token.Algorithm = algorithm
		rows = append(rows, one("S21/"+algorithm, clause, "Each asymmetric algorithm is accepted by default.",
			Request{Token: token}, letIn(alice("a", "b"))))
	}
	for name, alg := range map[string]any{
		"none-mixed-case": "nOnE", "hs256": "HS256", "hs512": "HS512", "rs1": "RS1", "es256k": "ES256K", "lower-case": "rs256",
		"padded": "RS256 ", "empty": "", "unknown": "XX256", "missing": authtest.Absent,
	} {
		token := good("a", "b")
		token.Header = map[string]any{"alg": alg}
		rows = append(rows, one("S21/alg-"+name, clause, "An algorithm outside the list is refused, and no key is looked for.",
			Request{Token: token}, endpoint().invalid("algorithm_not_allowed")))
	}
	for name, alg := range map[string]any{"null": nil, "number": 256, "list": []string{"RS256"}} {
		token := good("a", "b")
		token.Header = map[string]any{"alg": alg}
		rows = append(rows, one("S21/alg-"+name, "RFC 7515 §4.1.1", "The algorithm is a string.",
			Request{Token: token}, endpoint().invalid("malformed_token")))
	}
	swapped := good("a", "b")
	swapped.Algorithm = "RS256"
	swapped.Header = map[string]any{"alg": "RS512"}
	rsa := good("a", "b")
	rsa.Algorithm = "RS256"
	rows = append(rows,
		one("S21/alg-swapped", clause, "A signature is good for the algorithm that the header names, no other.",
			Request{Token: swapped}, endpoint().invalid("bad_signature")),
		Row{
			ID: "S21/by-config", Clause: clause, About: "The algorithms can be restricted per issuer.",
			Config: func(_ *World, c *core.Config) { c.Issuers[0].Algorithms = []string{"ES256"} },
			Steps: []Step{
				{Request: Request{Token: good("a", "b")}, Want: letIn(alice("a", "b"))},
				{Request: Request{Token: rsa}, Want: endpoint().invalid("algorithm_not_allowed")},
			},
		})
	for name, algorithm := range map[string]string{"hs256": "HS256", "none": "none", "unknown": "RS1", "empty": "", "lower-case": "rs256"} {
		rows = append(rows, Row{
			ID: "S21/config-" + name, Clause: clause, About: "A symmetric, unknown or missing algorithm can't be configured.",
			Config:  func(_ *World, c *core.Config) { c.Issuers[0].Algorithms = []string{"RS256", algorithm} },
			Refused: []string{"Issuers[0].Algorithms"},
		})
	}
	return rows
}

// headerRows are the part of S22 about header parameters, and S26.
func headerRows() []Row {
	var rows []Row
	for _, c := range []struct {
		name   string
		header map[string]any
	}{
		{"crit-b64", map[string]any{"crit": []string{"b64"}, "b64": false}},
		{"crit-empty", map[string]any{"crit": []string{}}},
		{"crit-null", map[string]any{"crit": nil}},
		{"crit-known-name", map[string]any{"crit": []string{"kid"}}},
	} {
		token := good("a", "b")
		token.Header = c.header
		rows = append(rows, one("S22/"+c.name, "RFC 7515 §4.1.11", "Every critical header parameter is one that isn't understood.",
			Request{Token: token}, endpoint().invalid("critical_header")))
	}
	for name, confirmation := range map[string]any{
		"jkt": map[string]any{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, "x5t": map[string]any{"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"},
		"empty": map[string]any{}, "null": nil, "text": "x",
	} {
		rows = append(rows, one("S26/"+name, "RFC 7800 §3; RFC 9449 §6; RFC 8705 §3.1", "A token bound to a key is no plain bearer token.",
			Request{Token: claiming(map[string]any{"cnf": confirmation})}, endpoint().invalid("sender_constrained")))
	}
	return rows
}

// principalRows are S24: whom a token stands for.
func principalRows() []Row {
	const clause = "RFC 9068 §2.2, §5"
	var rows []Row
	with := func(change func(*caller)) Want {
		c := alice("a", "b")
		change(&c)
		return letIn(c)
	}
	malformed := endpoint().invalid("malformed_token")
	for _, c := range []struct {
		name, about string
		claims      map[string]any
		want        Want
	}{
		{"whole", "The principal is issuer, client and subject.", map[string]any{"sub": "bob", "client_id": "other"}, with(func(c *caller) { c.Subject, c.Client = "bob", "other" })},
		{
			"no-subject", "A missing subject isn't filled from another claim.",
			map[string]any{"sub": authtest.Absent, "username": "bob", "preferred_username": "bob", "email": "bob@x.example", "oid": "bob", "uid": "bob"},
			with(func(c *caller) { c.Subject = "" }),
		},
		{
			"no-client", "A missing client isn't filled from another claim.",
			map[string]any{"client_id": authtest.Absent, "azp": "other", "cid": "other", "appid": "other"},
			with(func(c *caller) { c.Client = "" }),
		},
		{"neither", "A token may name neither subject nor client.", map[string]any{"client_id": authtest.Absent, "sub": authtest.Absent}, with(func(c *caller) { c.Client, c.Subject = "", "" })},
		{"subject-number", "A subject is a string.", map[string]any{"sub": 1}, malformed},
		{"subject-null", "A subject is a string; null is none.", map[string]any{"sub": nil}, malformed},
		{"subject-surrogate", "A subject with half a character is none.", map[string]any{"sub": rawNumber(`"\ud800"`)}, malformed},
		{"client-list", "A client id is a string.", map[string]any{"client_id": []string{"x"}}, malformed},
		{"spelling", "Subject and client are kept byte for byte.", map[string]any{"sub": " Ünï\t\"\\\n", "client_id": "HTTPS://x"}, with(func(c *caller) { c.Subject, c.Client = " Ünï\t\"\\\n", "HTTPS://x" })},
	} {
		rows = append(rows, one("S24/"+c.name, clause, c.about, Request{Token: claiming(c.claims)}, c.want))
	}
	return append(rows, Row{
		ID: "S24/client-by-config", Clause: clause, About: "Another claim can be named to hold the client id; then client_id isn't read.",
		Config: func(_ *World, c *core.Config) { c.Issuers[0].ClientClaim = "azp" },
		Steps: []Step{
			{Request: Request{Token: claiming(map[string]any{"azp": "other"})}, Want: with(func(c *caller) { c.Client = "other" })},
			{Request: Request{Token: good("a", "b")}, Want: with(func(c *caller) { c.Client = "" })},
		},
	})
}
