package authtest

// beyondRows are what only the server's own tests can show. They are listed so
// that nobody takes a passed Conform for more than it is.
func beyondRows() []conformRow {
	var rows []conformRow
	for _, b := range []struct{ id, clause, about, reason string }{
		{"S9/hierarchy", "RFC 6749 §3.3", "A scope may imply others.", "the hierarchy is a matter of configuration"},
		{"S10/any-of", stepUp, "Of several alternatives the challenge names the smallest.", "alternatives are a matter of configuration"},
		{"S11/never", stepUp, "A denial that no scope cures has no challenge.", "such a rule is a matter of configuration"},
		{"S12/faults", "RFC 6750 §3.1", "A breakdown of the server's own code is answered 500, with nothing of its text.", "it can't be provoked from outside"},
		{"S18/audience-policy", "RFC 9068 §4", "Another audience may be expected of an issuer.", "it is a matter of configuration"},
		{"S24/principal", "RFC 9068 §2.2", "The principal is issuer, client and subject, none filled in from another claim.", "whom a handler sees shows in no answer"},
		{"S25/spelling", "RFC 6749 §3.3", "Scopes may be spelled otherwise in tokens than in challenges.", "it is a matter of configuration"},
		{"S30/stale-keys", "RFC 7517 §5", "Known keys serve on for a bounded time.", "the bound is longer than a test"},
		{"S31/bounded-fetch", "RFC 8414 §3", "What is fetched is bounded, and redirects to another origin aren't followed.", "nothing of it shows in an answer"},
		{"S32/discovery", "RFC 8414 §3.1", "The metadata is looked for at three places.", "Start may lead the server to the keys in its own way"},
		{"S33/introspection", "RFC 7662 §2", "Opaque tokens are introspected.", "the tokens of a trial are JWTs"},
		{"S34/cache", "RFC 7662 §4", "What is kept of verified tokens is bounded, and forgotten in time.", "it can't be told from a fresh decision"},
		{"S39/several-resources", "RFC 9728 §3.1", "Several resources in one app don't disturb one another.", "a Target is one resource: run Conform for each"},
		{"S41/arguments", stepUp, "Needs may depend on the arguments of a tool.", "a Target can't say so"},
		{"S45/filtered-lists", "MCP 2026-07-28 tools, listing", "Lists may be filtered by what the caller may use.", "it is a matter of configuration"},
		{"S46/unlisted", stepUp, "What a table of tools doesn't name is denied.", "it can't be told from a tool that doesn't exist"},
		{"S47/anonymous", "RFC 6750 §3.1", "Named operations may need no token.", "it is a matter of configuration"},
		{"S49/identity", "MCP 2025-11-25 security best practices, session hijacking", "A tool sees the principal of the very request.", "whom a tool sees shows in no answer"},
		{"S50/streams-end", "RFC 7519 §4.1.4", "A stream ends when its token expires.", "a token's life is longer than a test"},
		{"S54/other-routes", "RFC 9728 §3", "Other routes of the app are untouched.", "a Target is its endpoint"},
		{"S56/events", "RFC 6750 §5.2", "Each decision is told to an observer and logged, without the token.", "nothing of it shows in an answer"},
		{"I/token-withheld", "MCP 2026-07-28 authorization, access token privilege restriction", "The token doesn't reach the MCP server's handlers.", "what a handler gets shows in no answer"},
		{"G11/two-locks", stepUp, "The MCP server itself asserts that what it runs is what was checked.", "the second lock shows only where the first fails"},
		{"G12/cost", "RFC 9110 §17.5", "Reading a message costs the server no more than its size warrants.", "it is a matter of benchmarks"},
	} {
		rows = append(rows, conformRow{
			id: b.id, clause: b.clause, about: b.about,
			lacks: func(*trial) string { return "only the server's own tests can show it: " + b.reason },
		})
	}
	return rows
}
