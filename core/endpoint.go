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
	var p passage
	if err != nil {
		p.denial = originDenial(err)
	} else {
		p = rs.pass(r, began)
	}
	rs.tell(r, began, &p.bearer, p.op.Operation, p.denial)
	if p.denial != nil {
		rs.Deny(w, r, p.denial)
		return
	}
	e.serve(w, r, &p)
}

// serve runs the MCP handler for a request that was let in.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request, p *passage) {
	a := &admission{Context: r.Context(), rs: e.rs, verified: p.verified, op: p.op.Operation}
	a.writer = flushWriter{ResponseWriter: w, admission: a, request: r}
	if p.verified != nil && endsWithToken(r, &p.op) {
		ctx, cancel := e.rs.untilExpiry(r.Context(), &p.verified.principal)
		defer cancel()
		a.Context = ctx
	}
	admitted := a.request(r)
	if p.message != nil {
		p.message.replay(admitted)
	}
	if filter := e.rs.filterFor(r, p); filter != nil {
		// What came compressed could not be filtered.
		admitted.Header.Del("Accept-Encoding")
		lists := &listWriter{ResponseWriter: &a.writer, filter: filter}
		defer lists.finish()
		e.mcp.ServeHTTP(lists, admitted)
		return
	}
	e.mcp.ServeHTTP(&a.writer, admitted)
}

// passage is one request's way through the stages of the endpoint.
type passage struct {
	bearer  // with nobody in it for an anonymous caller
	op      operation
	message *message // nil where no policy needs it read
	denial  *Denial
}

// pass runs the stages in their order. The body is read only of a caller whose
// token is good, or who may be anonymous.
func (rs *ResourceServer) pass(r *http.Request, now time.Time) (p passage) {
	scopes := rs.config.Scopes
	who, bare := rs.authenticate(r, now, scopes)
	if bare != nil && !(bare.Reason == reasonNoCredentials && r.Method == http.MethodPost && rs.anonymous) {
		return passage{denial: bare}
	}
	p.bearer = who
	v := who.verified
	if v != nil {
		if err := rs.confirm(r, &v.principal); err != nil {
			p.denial = rs.denialOf(err, who.token, scopes)
			return p
		}
	}
	if p.denial = checkSingleHeaders(r.Header); p.denial == nil {
		p.denial = rs.checkSession(r, v)
	}
	if p.denial != nil {
		return p
	}
	switch {
	case r.Method == http.MethodPost && rs.policy != nil:
		p.message, p.denial = rs.readMessage(r)
		if p.denial == nil {
			p.op = p.message.op
			p.denial = rs.permit(r.Context(), v, p.message, bare)
		}
	default:
		if missing := rs.vocabulary.missing(v.principal.Scopes, scopes); len(missing) > 0 {
			p.denial = rs.insufficientScope(scopes, missing)
			p.op = rs.nameRequest(r, p.denial)
		} else if !isTransportMethod(r.Method) {
			p.denial = methodDenial(r.Method)
		}
	}
	return p
}

func isTransportMethod(method string) bool {
	return method == http.MethodPost || method == http.MethodGet || method == http.MethodDelete
}

// nameRequest reads the message of a denied request, whose token is valid, for the
// id that the answer must carry: an MCP client ends its session over a denial
// that isn't an answer to its request.
func (rs *ResourceServer) nameRequest(r *http.Request, d *Denial) operation {
	if r.Method != http.MethodPost {
		return operation{}
	}
	m, denial := rs.readMessage(r)
	if denial != nil {
		return operation{}
	}
	d.id = m.scanned.ID
	return m.op
}

func methodDenial(method string) *Denial {
	return &Denial{
		Status: http.StatusMethodNotAllowed, Reason: reasonMethod, allow: endpointMethods,
		code: "invalid_request", description: "the method is not one of the MCP transport",
		expected: endpointMethods, got: bounded(method),
	}
}
