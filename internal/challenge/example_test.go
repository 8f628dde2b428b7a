package challenge_test

import (
	"fmt"

	"github.com/mcpbearer/mcpbearer/internal/challenge"
)

func ExampleChallenge_String() {
	c := challenge.Challenge{Scheme: "Bearer", Params: []challenge.Param{
		{Name: "error", Value: "insufficient_scope"},
		{Name: "scope", Value: "mcp:read notes:write"},
		{Name: "error_description", Value: `say "please"`},
	}}
	fmt.Println(c)
	// Output: Bearer error="insufficient_scope", scope="mcp:read notes:write", error_description="say \"please\""
}

func ExampleParse() {
	challenges, err := challenge.Parse([]string{
		`Basic realm="users", bearer error = invalid_token, scope="a b"`,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range challenges {
		if scope, ok := c.Get("scope"); ok && c.Is("Bearer") {
			fmt.Println(scope)
		}
	}
	// Output: a b
}
