package requirement

import (
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// kindRows are the part of S20 that is configured.
func kindRows() []Row {
	wrongType, in := endpoint().invalid("wrong_token_type"), letIn(alice("a", "b"))
	return []Row{{
		ID: "S20/at+jwt-required", Clause: "RFC 9068 §4", About: "The type at+jwt can be required.",
		Config: func(_ *World, c *core.Config) { c.Issuers[0].RequireATJWT = true },
		Steps: []Step{
			{Request: typed("at+jwt"), Want: in},
			{Request: typed("application/at+jwt"), Want: in},
			{Request: typed("JWT"), Want: wrongType},
			{Request: typed(authtest.Absent), Want: wrongType},
		},
	}}
}

// typed is a request with a good token but for its typ.
func typed(typ any) Request {
	token := good("a", "b")
	token.Header = map[string]any{"typ": typ}
	return Request{Token: token}
}

// algorithmRows are the part of S21 about algorithms that are served, or configured.
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
	rsa := good("a", "b")
	rsa.Algorithm = "RS256"
	rows = append(rows,
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
