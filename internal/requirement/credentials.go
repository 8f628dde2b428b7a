package requirement

import (
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// credentialRows are S1 and S6: requests without bearer credentials.
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
	rows = append(rows, one("S1/head", "RFC 6750 §3.1", "HEAD is challenged as GET is, without a body.",
		Request{Method: http.MethodHead}, endpoint().bare().headOnly()))
	return append(rows, elsewhereRows()...)
}

// elsewhereRows are S6: credentials in another place are never read.
func elsewhereRows() []Row {
	const clause = "MCP 2026-07-28 authorization, access token usage; RFC 6750 §2.2, §2.3"
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	const query = endpointPath + "?access_token={token}"
	return []Row{
		one("S6/query", clause, "A token in the query string is never read.",
			Request{Token: good("a", "b"), Authorization: []string{}, Path: query}, endpoint().bare()),
		one("S6/query-get", clause, "A token in the query string is never read, for GET neither.",
			Request{Token: good("a", "b"), Authorization: []string{}, Path: query, Method: http.MethodGet}, endpoint().bare()),
		one("S6/form", clause, "A token in a form body is never read.",
			Request{Token: good("a", "b"), Authorization: []string{}, Header: form, Body: "access_token={token}"}, endpoint().bare()),
		one("S6/other-field", clause, "A token in another header field is never read.",
			Request{
				Token: good("a", "b"), Authorization: []string{},
				Header: http.Header{"Proxy-Authorization": {"Bearer {token}"}, "X-Authorization": {"Bearer {token}"}, "Cookie": {"access_token={token}"}},
			}, endpoint().bare()),
		one("S6/query-beside-bad", clause, "A good token in the query string doesn't help a bad one in its place.",
			Request{Token: good("a", "b"), Authorization: []string{"Bearer garbage"}, Path: query}, endpoint().invalid("not_a_jwt")),
		one("S6/query-beside-good", clause, "A token in the query string doesn't matter beside a good one in its place.",
			Request{Token: good("a", "b"), Path: endpointPath + "?access_token=garbage"}, letIn(alice("a", "b"))),
	}
}
