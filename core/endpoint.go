package core

import (
	"errors"
	"net/http"
	"slices"
	"time"
)

// endpointMethods are the methods of the MCP streamable HTTP transport, and
// that of a browser's preflight.
const endpointMethods = "GET, POST, DELETE, OPTIONS"

// endpoint is the gate in front of an MCP handler.
type endpoint struct {
	rs  *ResourceServer
	mcp http.Handler
}

// errNoHandler is answered 500 by an endpoint without an MCP handler.
var errNoHandler = errors.New("the MCP handler is nil")

// Handler returns the MCP endpoint: mcp behind the Origin check, verification,
// the scopes that every request needs, and the policy. It owns the
// ResponseWriter, whose Flush it makes safe to call under middleware that can't
// flush.
func (rs *ResourceServer) Handler(mcp http.Handler) http.Handler {
	if mcp == nil {
		mcp = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { rs.Deny(w, r, errNoHandler) })
	}
	return &endpoint{rs: rs, mcp: mcp}
}

// InFront returns a handler that answers the endpoint and its metadata itself
// and gives every other request to app. It is for apps whose global middleware
// would stand before the endpoint, and for apps with no router at all, whose app
// is nil. With a nil mcp it answers the metadata only. Paths are compared
// exactly.
func (rs *ResourceServer) InFront(app, mcp http.Handler) http.Handler {
	metadata := rs.MetadataHandler()
	if app == nil {
		app = http.NotFoundHandler()
	}
	var gate http.Handler
	if mcp != nil {
		gate = rs.Handler(mcp)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case slices.Contains(rs.metadataPaths, r.URL.Path):
			metadata.ServeHTTP(w, r)
		case gate != nil && r.URL.Path == rs.path:
			gate.ServeHTTP(w, r)
		default:
			app.ServeHTTP(w, r)
		}
	})
}

// ServeHTTP decides, and either answers the denial or calls the MCP handler.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rs := e.rs
	began := rs.clock.Now()
	origin, err := rs.origins.check(r.Header)
	if origin != "" && err == nil {
		allowOrigin(w.Header(), origin)
	}
	if err == nil && r.Method == http.MethodOptions {
		answerPreflight(w)
		return
	}
	p := passage{origin: origin}
	if err != nil {
		p.denial = originDenial(err)
	} else {
		rs.pass(r, began, &p)
	}
	defer rs.bodies.giveBack(p.message.body)
	rs.tell(r, began, &p.bearer, p.message.op.Operation, p.denial)
	if p.denial != nil {
		rs.Deny(w, r, p.denial)
		return
	}
	e.serve(w, r, &p)
}

// serve runs the MCP handler for a request that was let in.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request, p *passage) {
	a := &admission{Context: r.Context(), rs: e.rs, verified: p.verified, op: p.message.op.Operation}
	a.writer = flushWriter{ResponseWriter: w, admission: a, request: r, origin: p.origin}
	if p.verified != nil && endsWithToken(r, &p.message.op) {
		ctx, cancel := e.rs.untilExpiry(r.Context(), &p.verified.principal)
		defer cancel()
		a.Context, a.writer.until = ctx, &p.verified.principal
	}
	admitted := a.admit(r)
	// No message of MCP needs another protocol. A proxy behind would open a way for
	// it on which nobody looks at what goes by (RFC 9110 §7.8: it may be ignored).
	delete(admitted.Header, "Upgrade")
	var read []byte // and nothing else: a body that is no message's has nobody looked at
	if p.message.body != nil {
		read = *p.message.body
	}
	defer func() { _ = a.body.Close() }() // it never fails
	a.replayed(admitted, read)
	if p.unaddressed {
		a.writer.WriteHeader(http.StatusAccepted)
		return
	}
	if filter := e.rs.filterFor(r, p); filter != nil {
		lists := &listWriter{ResponseWriter: &a.writer, filter: filter}
		lists.pass(e.mcp, admitted)
	} else {
		e.mcp.ServeHTTP(&a.writer, admitted)
	}
	a.writer.returned()
}

// passage is one request's way through the stages of the endpoint.
type passage struct {
	bearer  // with nobody in it for an anonymous caller
	message message
	denial  *Denial
	origin  string // of the page that calls, where one does
	// unaddressed is a message that is let in and can reach nothing of the
	// caller's own. It is answered, and not handed on.
	unaddressed bool
}

// pass runs the stages in their order. The body is read only of a caller whose
// token is good, or who may be anonymous.
func (rs *ResourceServer) pass(r *http.Request, now time.Time, p *passage) {
	who, bare := rs.authenticate(r, now, rs.config.Scopes)
	if bare != nil && !(rs.anonymous && r.Method == http.MethodPost && isBare(r, bare)) {
		p.denial = bare
		return
	}
	p.bearer = who
	if p.denial = rs.passHead(r, p); p.denial == nil {
		p.denial = rs.passMessage(r, p, bare)
	}
	if err := r.Context().Err(); p.denial == nil && err != nil {
		// Nothing may run for a caller who has been answered already.
		p.denial = rs.denialOf(overdue(err), "", nil)
	}
}

// isBare reports whether a request that was refused came without any credentials,
// also without such as an outer route took away.
func isBare(r *http.Request, refused *Denial) bool {
	return r.Header["Authorization"] == nil && refused.Reason == reasonNoCredentials
}

// passHead looks at the rest of the head of a request whose caller is known.
func (rs *ResourceServer) passHead(r *http.Request, p *passage) *Denial {
	if p.verified != nil {
		if err := rs.confirm(r, &p.verified.principal); err != nil {
			return rs.denialOf(err, p.token, rs.config.Scopes)
		}
	}
	if denial := checkSingleHeaders(r.Header); denial != nil {
		return denial
	}
	return rs.checkSession(r, p.verified)
}

// passMessage decides whether the caller may do what the request asks for. An
// endpoint scope that is missing is found out with the message read, since the
// denial must name what the message needs, and carry its id.
func (rs *ResourceServer) passMessage(r *http.Request, p *passage, bare *Denial) *Denial {
	// Without a policy, a POST of no bytes is the handler's to answer: there is
	// nothing in it that two could read differently.
	if r.Method != http.MethodPost || rs.policy == nil && r.ContentLength == 0 {
		if missing := rs.vocabulary.missing(p.principal.Scopes, rs.config.Scopes); len(missing) > 0 {
			return rs.insufficientScope(rs.config.Scopes, missing)
		}
		return checkMethod(r)
	}
	m := &p.message
	if denial := rs.readMessage(r, m); denial != nil {
		if p.verified == nil {
			return denial
		}
		// Who may do nothing here is told that first.
		if missing := rs.vocabulary.missing(p.principal.Scopes, rs.config.Scopes); len(missing) > 0 {
			denial = rs.insufficientScope(rs.config.Scopes, missing)
			denial.id = m.scanned.ID
		}
		return denial
	}
	if denial := rs.renew(r, p); denial != nil {
		return denial
	}
	if rs.policy != nil || rs.watches(r.Context()) || p.verified.observation() != nil {
		m.op.name()
	}
	denial := rs.permit(r.Context(), p.verified, m, bare)
	if denial != nil {
		m.op.name()
	}
	p.unaddressed = denial == nil && isUnaddressed(r, m)
	return denial
}

// renew asks again whose the token is, should the verdict on it have ended while the
// body came: a caller who lets the body wait must outlast neither the token nor what
// has been taken from it meanwhile.
func (rs *ResourceServer) renew(r *http.Request, p *passage) *Denial {
	if p.verified == nil || rs.current(&p.verified.principal) == nil {
		return nil
	}
	who, denial := rs.authenticate(r, rs.clock.Now(), rs.config.Scopes)
	if denial != nil {
		return denial
	}
	p.bearer = who
	return rs.passHead(r, p)
}

// checkMethod refuses what is no method of the transport, and the two that are
// about a session where there is none: what a handler did then would be about
// everybody's (MCP 2025-11-25 transports, listening for messages).
func checkMethod(r *http.Request) *Denial {
	allow, description := endpointMethods, "the method is not one of the MCP transport"
	switch r.Method {
	case http.MethodPost:
		return nil
	case http.MethodGet, http.MethodDelete:
		if r.Header.Get(sessionHeader) != "" {
			return nil
		}
		allow, description = "POST, OPTIONS", "the method needs a session"
	}
	return &Denial{
		Status: http.StatusMethodNotAllowed, Reason: reasonMethod, allow: allow,
		code: "invalid_request", description: description, expected: allow, got: bounded(r.Method),
	}
}
