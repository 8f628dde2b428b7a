package requirement

import (
	"net/http"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// ownOrigin is the origin of the resource.
const ownOrigin = "https://mcp.example"

// cors returns w with the header fields that let a page of the origin read it.
func cors(origin string, w Want) Want {
	return w.with("Access-Control-Allow-Origin", origin).with("Vary", "Origin").
		with("Access-Control-Expose-Headers", "WWW-Authenticate, Mcp-Session-Id").with("Access-Control-Allow-Credentials", "")
}

// noCORS returns w with no such field.
func noCORS(w Want) Want {
	return w.with("Access-Control-Allow-Origin", "").with("Access-Control-Expose-Headers", "").with("Access-Control-Allow-Credentials", "")
}

// foreign is the answer to a page of an origin that isn't allowed.
func foreign() Want {
	return noCORS(Want{
		Status: http.StatusForbidden, Reason: "origin_not_allowed",
		Body: oauth("invalid_request", "pages of this origin may not call this endpoint"),
	})
}

// preflighted is the answer to a preflight.
func preflighted(origin string) Want {
	w := Want{
		Status: http.StatusNoContent, Silent: true,
		Header: map[string]string{
			"Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS", "Access-Control-Max-Age": "3600", "Allow": "GET, POST, DELETE, OPTIONS",
			"Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, Last-Event-ID, Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, *",
		},
	}
	if origin == "" {
		return noCORS(w)
	}
	return cors(origin, w)
}

// originRows are S51: which pages may call the endpoint.
func originRows() []Row {
	const clause = "MCP 2026-07-28 transports, security warning; Fetch §3.3"
	from := func(origins ...string) http.Header {
		h := transportHeader(http.MethodPost)
		h["Origin"] = origins
		return h
	}
	rows := []Row{
		one("S51/absent", clause, "Without an Origin nothing of CORS is answered.", Request{Token: good("a", "b")}, noCORS(letIn(alice("a", "b")))),
		{
			ID: "S51/same", Clause: clause, About: "Pages of the resource's own origin can read every answer.",
			Steps: sameOriginSteps(from(ownOrigin)),
		},
		{
			ID: "S51/same-outage", Clause: clause, About: "Pages of the resource's own origin can read an outage too.",
			Before: func(w *World) { w.Server.Down() }, Unready: true,
			Steps: []Step{{
				Before: settled(1), Request: Request{Header: from(ownOrigin), Token: good("a", "b")},
				Want: cors(ownOrigin, unavailable("keys_unavailable")),
			}},
		},
		{
			ID: "S51/allowed", Clause: clause, About: "Pages of an allowed origin can read every answer; the own origin stays allowed.",
			Config: func(_ *World, c *core.Config) {
				c.AllowedOrigins = []string{"https://app.example:8443", "http://localhost:6274"}
			},
			Steps: []Step{
				{Request: Request{Header: from("https://app.example:8443")}, Want: cors("https://app.example:8443", endpoint().bare())},
				{Request: Request{Header: from("http://localhost:6274"), Token: good("a", "b")}, Want: cors("http://localhost:6274", letIn(alice("a", "b")))},
				{Request: Request{Header: from(ownOrigin)}, Want: cors(ownOrigin, endpoint().bare())},
				{Request: Request{Header: from("https://app.example")}, Want: foreign()},
			},
		},
		{
			ID: "S51/two", Clause: "RFC 6454 §7.3", About: "Two Origin fields are malformed.",
			Steps: []Step{{
				Request: Request{Header: from(ownOrigin, ownOrigin), Token: good("a", "b")},
				Want: noCORS(Want{
					Status: http.StatusBadRequest, Reason: "origin_not_allowed",
					Body: oauth("invalid_request", "the Origin header field of the request is malformed"),
				}),
			}},
		},
		{
			ID: "S51/default-port", Clause: "RFC 6454 §6.2", About: "The resource's origin is spelled as browsers spell it.",
			Config: func(_ *World, c *core.Config) { c.Resource = "https://mcp.example:443/mcp" },
			Steps: []Step{{
				Request: Request{Header: from(ownOrigin)},
				Want:    cors(ownOrigin, place{"https://mcp.example:443/.well-known/oauth-protected-resource/mcp", "a b"}.bare()),
			}},
		},
		{
			ID: "S51/upper-case-resource", Clause: "RFC 6454 §4", About: "The resource's origin is in lower case, as browsers send it.",
			Config: func(_ *World, c *core.Config) { c.Resource = "https://MCP.example/mcp" },
			Steps: []Step{{
				Request: Request{Header: from(ownOrigin)},
				Want:    cors(ownOrigin, place{"https://MCP.example/.well-known/oauth-protected-resource/mcp", "a b"}.bare()),
			}},
		},
	}
	for name, origin := range cases.ForeignOrigins(ownOrigin) {
		rows = append(rows, Row{
			ID: "S51/foreign-" + name, Clause: clause, About: "Pages of any other origin are refused, with a good token too, and read nothing; no token makes them welcome.",
			Steps: []Step{
				{Request: Request{Header: from(origin), Token: good("a", "b")}, Want: foreign()},
				{Request: Request{Header: from(origin)}, Want: foreign()},
				{Request: Request{Header: from(origin), Method: http.MethodGet, Token: good("a", "b")}, Want: foreign()},
				{Request: Request{Header: from(origin), Method: http.MethodOptions}, Want: foreign()},
			},
		})
	}
	return append(rows, preflightRows()...)
}

// sameOriginSteps are all kinds of answer.
func sameOriginSteps(header http.Header) []Step {
	answered := func(r Request, w Want) Step {
		r.Header = header
		return Step{Request: r, Want: cors(ownOrigin, w)}
	}
	return []Step{
		answered(Request{Token: good("a", "b")}, letIn(alice("a", "b"))),
		answered(Request{}, endpoint().bare()),
		answered(Request{Token: good("a")}, endpoint().lacking("7")),
		answered(keyed("garbage-garbage"), endpoint().invalid("not_a_jwt")),
		answered(Request{Authorization: []string{"Bearer x y"}}, endpoint().malformed("malformed_credentials")),
		answered(Request{Method: http.MethodPut, Token: good("a", "b")}, otherMethod()),
	}
}

// otherMethod is the answer to a method outside the transport.
func otherMethod() Want {
	return Want{
		Status: http.StatusMethodNotAllowed, Reason: "method_not_allowed", Verifier: true,
		Header: map[string]string{"Allow": "GET, POST, DELETE, OPTIONS"},
		Body:   oauth("invalid_request", "the method is not one of the MCP transport"),
	}
}

// preflightRows are the part of S51 about preflights.
func preflightRows() []Row {
	const clause = "Fetch §4.8; MCP 2026-07-28 transports"
	ask := func(origin string) http.Header {
		h := http.Header{"Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"authorization,content-type,mcp-protocol-version"}}
		if origin != "" {
			h.Set("Origin", origin)
		}
		return h
	}
	options := func(origin string) Request { return Request{Method: http.MethodOptions, Header: ask(origin)} }
	return []Row{
		one("S51/preflight", clause, "A preflight is answered before any token is asked for.", options(ownOrigin), preflighted(ownOrigin)),
		one("S51/options", clause, "OPTIONS without an origin is answered too.", options(""), preflighted("")),
		{
			ID: "S51/preflight-allowed", Clause: clause, About: "A preflight of an allowed origin is answered, also while keys can't be had.",
			Config: func(_ *World, c *core.Config) { c.AllowedOrigins = []string{"https://app.example"} },
			Before: func(w *World) { w.Server.Down() }, Unready: true,
			Steps: []Step{
				{Before: settled(1), Request: options("https://app.example"), Want: preflighted("https://app.example")},
				{Request: options("https://evil.example"), Want: foreign()},
			},
		},
		one("S51/other-method", "RFC 9110 §15.5.6", "A method outside the transport is told which ones there are.",
			Request{Method: http.MethodPut, Token: good("a", "b")}, otherMethod()),
		one("S51/head", "RFC 9110 §15.5.6", "HEAD isn't a method of the transport.",
			Request{Method: http.MethodHead, Token: good("a", "b")}, otherMethod().headOnly()),
	}
}
