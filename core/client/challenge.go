package client

import (
	"net/http"

	"github.com/mcpbearer/mcpbearer/internal/challenge"
)

// bearer is what a client needs of the Bearer challenge of an answer (RFC 6750
// §3, RFC 9728 §5.1).
type bearer struct {
	found             bool
	code, description string
	scopes            []string
	metadataURL       string
	// foreign says that there are challenges, and none that a token answers.
	foreign bool
}

// readBearer reads the first Bearer challenge. A field that doesn't keep to the
// grammar counts as none at all: half of it could be anybody's. The metadata
// has well-known places too.
func readBearer(header http.Header) bearer {
	challenges, err := challenge.Parse(header.Values("WWW-Authenticate"))
	if err != nil {
		return bearer{}
	}
	for _, c := range challenges {
		if !c.Is("Bearer") {
			continue
		}
		b := bearer{found: true}
		b.code, _ = c.Get("error")
		b.description, _ = c.Get("error_description")
		b.metadataURL, _ = c.Get("resource_metadata")
		scope, _ := c.Get("scope")
		b.scopes = parseScopes(scope)
		return b
	}
	return bearer{foreign: len(challenges) > 0}
}
