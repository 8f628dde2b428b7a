package client

import (
	"net/url"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
)

// FuzzAuthorizationResponse checks that a code is taken from nothing but a
// response with this state and this issuer, each once, and no error (C5, RFC
// 9207).
func FuzzAuthorizationResponse(f *testing.F) {
	const state, issuer = "STATE", "https://as.example"
	f.Add("code=c&state=STATE&iss=https%3A%2F%2Fas.example")
	f.Add("code=c&state=STATE&iss=https://as.example/&iss=https://as.example")
	f.Add("error=access_denied&state=STATE")
	f.Fuzz(func(t *testing.T, query string) {
		response, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, announced := range []bool{true, false} {
			g := grant{server: discovery.Metadata{Issuer: issuer, AuthorizationResponseIssParameterSupported: announced}}
			code, err := g.readResponse(response, state)
			if err != nil {
				if len(err.Error()) > 2000 {
					t.Errorf("the error has %d bytes", len(err.Error()))
				}
				continue
			}
			iss := response["iss"]
			good := len(response["state"]) == 1 && response.Get("state") == state && response.Get("error") == "" &&
				(len(iss) == 1 && iss[0] == issuer || len(iss) == 0 && !announced)
			if !good || code == "" || code != response.Get("code") || len(response["code"]) != 1 {
				t.Errorf("%q gives the code %q", query, code)
			}
		}
	})
}
