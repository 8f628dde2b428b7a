package cases

import "strings"

// kinds are S20: what isn't an access token.
func kinds() []Token {
	t := &table{clause: "RFC 9068 §4; RFC 8725 §3.11", about: "A token whose type is that of another kind is refused."}
	for _, c := range []struct {
		name    string
		typ     any
		outcome Outcome
		reason  string
	}{
		{"at+jwt", "at+jwt", Good, ""},
		{"upper-case", "AT+JWT", Good, ""},
		{"with-application", "application/at+jwt", Good, ""},
		{"jwt", "JWT", Good, ""},
		{"jwt-lower-case", "jwt", Good, ""},
		{"absent", Absent, Good, ""},
		{"logout", "logout+jwt", Invalid, wrongType},
		{"dpop", "dpop+jwt", Invalid, wrongType},
		{"security-event", "secevent+jwt", Invalid, wrongType},
		{"client-authentication", "client-authentication+jwt", Invalid, wrongType},
		{"id", "id_token", Invalid, wrongType},
		{"padded", " at+jwt ", Invalid, wrongType},
		{"with-parameter", "at+jwt; x=y", Invalid, wrongType},
		{"long-s", "\u017Fecevent+jwt", Invalid, wrongType},
		{"number", 1, Invalid, malformedToken},
		{"null", nil, Invalid, malformedToken},
		{"list", []string{"at+jwt"}, Invalid, malformedToken},
	} {
		t.header("S20/typ-"+c.name, map[string]any{"typ": c.typ}, c.outcome, c.reason)
	}
	t.clause, t.about = "RFC 9068 §5; OpenID Connect Core §2", "A token whose claims are those of another kind is refused."
	for name, claims := range map[string]map[string]any{
		"nonce": {"nonce": "x"}, "at-hash": {"at_hash": "x"}, "c-hash": {"c_hash": "x"},
		"events":       {"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}},
		"token-use-id": {"token_use": "id"}, "token-use-number": {"token_use": 1},
		"claim-typ-id": {"typ": "ID"}, "claim-typ-refresh": {"typ": "Refresh"},
		"claim-typ-offline": {"typ": "Offline"}, "claim-typ-logout": {"typ": "Logout"},
	} {
		t.claim("S20/"+name, claims, Invalid, notAccess)
	}
	t.claim("S20/token-use-access", map[string]any{"token_use": "access"}, Good, "")
	t.claim("S20/claim-typ-bearer", map[string]any{"typ": "Bearer"}, Good, "")
	return t.cases
}

// names are the part of S20 about spelling: a name that another reader might take
// for one that is looked at must not go unseen, also where it stands alone.
func names() []Token {
	t := &table{clause: "RFC 7519 §4; RFC 8259 §4", about: "A claim that is spelled in another case is refused."}
	id := strings.NewReplacer("\u017f", "long-s-", "\u212a", "kelvin-", "_", "-")
	for _, name := range []string{"CNF", "NBF", "Nonce", "Token_Use", "EVENTS", "Typ", "At_Hash", "SUB", "Scope", "SCP", "Client_ID", "\u017fub"} {
		t.claim("S20/claim-variant-"+id.Replace(name), map[string]any{name: "x"}, Invalid, malformedToken)
	}
	t.clause, t.about = "RFC 7515 §4; RFC 8259 §4", "A header parameter that is spelled in another case is refused."
	for _, name := range []string{"CRIT", "Typ", "Alg", "KID", "\u212aid"} {
		t.header("S20/header-variant-"+id.Replace(name), map[string]any{name: "x"}, Invalid, malformedToken)
	}
	return t.cases
}

// algorithms are the part of S21 about the header's alg.
func algorithms() []Token {
	t := &table{clause: "RFC 8725 §3.1, §3.2", about: "An algorithm outside the list is refused, and no key is looked for."}
	for name, alg := range map[string]any{
		"none-mixed-case": "nOnE", "hs256": "HS256", "hs512": "HS512", "rs1": "RS1", "es256k": "ES256K", "lower-case": "rs256",
		"padded": "RS256 ", "empty": "", "unknown": "XX256", "missing": Absent,
	} {
		t.header("S21/alg-"+name, map[string]any{"alg": alg}, Invalid, "algorithm_not_allowed")
	}
	t.clause, t.about = "RFC 7515 §4.1.1", "The algorithm is a string."
	for name, alg := range map[string]any{"null": nil, "number": 256, "list": []string{"RS256"}} {
		t.header("S21/alg-"+name, map[string]any{"alg": alg}, Invalid, malformedToken)
	}
	return append(t.cases, Token{
		ID: "S21/alg-swapped", Clause: "RFC 8725 §3.1, §3.2",
		About:  "A signature is good for the algorithm that the header names, no other.",
		Header: map[string]any{"alg": "RS512"}, Algorithm: "RS256", Outcome: Invalid, Reason: "bad_signature",
	})
}

// headers are the part of S22 about header parameters, and S26.
func headers() []Token {
	t := &table{clause: "RFC 7515 §4.1.11", about: "Every critical header parameter is one that isn't understood."}
	for name, header := range map[string]map[string]any{
		"crit-b64": {"crit": []string{"b64"}, "b64": false}, "crit-empty": {"crit": []string{}},
		"crit-null": {"crit": nil}, "crit-known-name": {"crit": []string{"kid"}},
	} {
		t.header("S22/"+name, header, Invalid, "critical_header")
	}
	t.clause, t.about = "RFC 7800 §3; RFC 9449 §6; RFC 8705 §3.1", "A token bound to a key is no plain bearer token."
	for name, confirmation := range map[string]any{
		"jkt": map[string]any{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}, "x5t": map[string]any{"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"},
		"empty": map[string]any{}, "null": nil, "text": "x",
	} {
		t.claim("S26/"+name, map[string]any{"cnf": confirmation}, Invalid, "sender_constrained")
	}
	return t.cases
}
