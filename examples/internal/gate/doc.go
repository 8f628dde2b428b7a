// Package gate holds no code but its tests: hostile and honest requests, sent over
// TCP to every adapter in front of every MCP SDK, with a log of the tools, prompts,
// resources and completions that really ran. Whatever a test is about, it ends with
// a look at that log: nothing may have run for a caller whose scopes don't suffice.
//
// TestTable has the rows of single messages: S10, S11, S13, S40 to S44, and rules
// G3 to G10 and G12. S43 is what rules G3 to G7 say, S42 is G10. The other tests are
// named by the requirement that they prove: S45 in lists_test.go, S46 in
// unlisted_test.go, S47 in anonymous_test.go, S48 and G2 in sessions_test.go, S49 in
// identity_test.go, S50 in streams_test.go, G1 in unread_test.go and G11 in
// lock_test.go. What stands around a message is tried in paths_test.go and
// framing_test.go.
package gate
