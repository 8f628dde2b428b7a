package requirement

import (
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// credentialRows are S1: requests without credentials.
func credentialRows() []Row {
	rows := []Row{
		{
			ID: "S1/no-scopes", Clause: "RFC 6750 §3", About: "A challenge of an endpoint that needs no scopes names none.",
			Config: func(_ *World, c *core.Config) { c.Scopes = nil },
			Steps:  []Step{{Want: place{MetadataURL, ""}.bare()}},
		},
		one("S1/empty-field", "RFC 6750 §3.1", "An Authorization field without a value is no credentials.",
			Request{Authorization: []string{""}}, endpoint().bare()),
	}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete, http.MethodPut, http.MethodPatch} {
		rows = append(rows, one("S1/"+strings.ToLower(method), "RFC 6750 §3.1",
			"A request without credentials is challenged without an error, whatever its method.",
			Request{Method: method}, endpoint().bare()))
	}
	return append(rows, one("S1/head", "RFC 6750 §3.1", "HEAD is challenged as GET is, without a body.",
		Request{Method: http.MethodHead}, endpoint().bare().headOnly()))
}
