package core

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// origins are the web origins whose pages may call the endpoint, the resource's
// own first.
type origins []string

// check returns the request's origin, or "" for a request that no page sent,
// and refuses every origin that isn't allowed (MCP transports: servers must
// check it against DNS rebinding). The opaque origin "null" is anybody's.
func (o origins) check(header http.Header) (string, error) {
	values := header["Origin"]
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", &refusal{outcome: errMalformed, reason: reasonOrigin, expected: "one Origin header field", got: strconv.Itoa(len(values))}
	case !slices.Contains(o, values[0]):
		return "", &refusal{outcome: errForeignOrigin, reason: reasonOrigin, expected: fmt.Sprint([]string(o)), got: bounded(values[0])}
	}
	return values[0], nil
}

// originDenial answers a request that a foreign page sent. It has no challenge:
// no token makes that origin welcome.
func originDenial(err error) *Denial {
	d := &Denial{
		Status: http.StatusForbidden, Reason: reasonOrigin,
		code: "invalid_request", description: "pages of this origin may not call this endpoint",
	}
	var r *refusal
	if errors.As(err, &r) {
		d.expected, d.got = r.expected, r.got
	}
	if errors.Is(err, errMalformed) {
		d.Status, d.description = http.StatusBadRequest, "the Origin header field of the request is malformed"
	}
	return d
}

// allowOrigin lets the page read the answer, whatever it is: a browser client
// needs the challenge of a 401 most of all (Fetch §3.2). The origin is one of
// the configured ones, not an echo.
func allowOrigin(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Mcp-Session-Id")
	if !slices.Contains(h.Values("Vary"), "Origin") {
		h.Add("Vary", "Origin")
	}
}

// answerPreflight answers OPTIONS before any token is asked for, since browsers
// send none with it. The wildcard covers MCP's open-ended Mcp-Param fields; it
// doesn't cover Authorization, which is therefore named.
func answerPreflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Allow", endpointMethods)
	h.Set("Access-Control-Allow-Methods", endpointMethods)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, Last-Event-ID, "+
		"Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, *")
	h.Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
}
