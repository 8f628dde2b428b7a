package difffuzz

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"github.com/mcpbearer/mcpbearer/internal/challenge"
)

// FuzzChallenges holds the client half's reading of WWW-Authenticate against
// go-sdk's. For every field value that both take, they see the same challenges
// with the same parameters, so that a server which was tried with the one client
// works with the other (C14).
func FuzzChallenges(f *testing.F) {
	for _, seed := range []string{
		`Bearer resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp", scope="a b"`,
		`Bearer error="insufficient_scope", error_description="say \"hello\", then go", scope="a"`,
		`Basic realm="x", Bearer scope=a, Digest nonce="y"`, `Bearer`, `bearer SCOPE = "a"`, `Negotiate abc==`, `Bearer scope="a,b", x="Basic realm=1"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		ours, err := challenge.Parse([]string{value})
		if err != nil || beyondGoSDK(value, ours) {
			return
		}
		theirs, err := oauthex.ParseWWWAuthenticate([]string{value})
		if err != nil {
			return
		}
		if len(ours) != len(theirs) {
			t.Fatalf("%q: %d challenges, go-sdk reads %d", value, len(ours), len(theirs))
		}
		for i, c := range ours {
			params := make(map[string]string)
			for _, p := range c.Params {
				params[strings.ToLower(p.Name)] = p.Value
			}
			if strings.ToLower(c.Scheme) != theirs[i].Scheme || !maps.Equal(params, theirs[i].Params) {
				t.Fatalf("%q: challenge %d is %+v, go-sdk reads %+v", value, i, c, theirs[i])
			}
		}
	})
}

// beyondGoSDK tells field values that are good by RFC 9110 §11, and that
// go-sdk v1.8.0 is known to read otherwise: those with an escape in a quoted
// string, which it forgets when it looks for the end; a token68; an empty
// element of the list, which becomes part of a name; and white space around "="
// or more than one space after a scheme.
func beyondGoSDK(value string, read []challenge.Challenge) bool {
	for _, c := range read {
		if c.Token68 != "" {
			return true
		}
	}
	return exotic.MatchString(value)
}

var exotic = regexp.MustCompile(`\\|(^|,|[^ \t,] )[ \t]*,|,[ \t]*$|\t| {2}| =|= `)

// FuzzWrittenChallenges has both readers read what the server half writes. The
// parameters are those of a denial, and come back as they were given.
func FuzzWrittenChallenges(f *testing.F) {
	f.Add("insufficient_scope", "the access token lacks a scope", "https://mcp.example/.well-known/oauth-protected-resource/mcp", "a b")
	f.Add("", "", `https://mcp.example/?a="b"`, `a,b=c Bearer x="y"`)
	f.Fuzz(func(t *testing.T, code, description, metadata, scope string) {
		if strings.Contains(code+description+metadata+scope, `\`) {
			return // see beyondGoSDK
		}
		written := challenge.Challenge{Scheme: "Bearer", Params: []challenge.Param{
			{Name: "error", Value: code},
			{Name: "error_description", Value: description},
			{Name: "resource_metadata", Value: metadata},
			{Name: "scope", Value: scope},
		}}
		text := written.String()
		ours, err := challenge.Parse([]string{text})
		if err != nil || len(ours) != 1 {
			t.Fatalf("%q: %d challenges, error %v", text, len(ours), err)
		}
		theirs, err := oauthex.ParseWWWAuthenticate([]string{text})
		if err != nil || len(theirs) != 1 {
			t.Fatalf("%q: go-sdk reads %d challenges, error %v", text, len(theirs), err)
		}
		for _, p := range written.Params {
			mine, _ := ours[0].Get(p.Name)
			if theirs[0].Params[p.Name] != mine {
				t.Errorf("%q: %s is %q, go-sdk reads %q", text, p.Name, mine, theirs[0].Params[p.Name])
			}
		}
	})
}
