package gosdk

import (
	"context"
	"errors"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/caller"
)

// principalMember is where TokenInfo.Extra carries the principal.
const principalMember = "mcpbearer/principal"

// seat is a request's context with the SDK's TokenInfo in it, and that request
// as the SDK sees it.
type seat struct {
	context.Context
	key     any
	info    auth.TokenInfo
	scopes  [8]string // room for most tokens' scopes, without an allocation
	request http.Request
}

// Value finds the TokenInfo, and asks the outer context for the rest.
func (s *seat) Value(key any) any {
	if key == s.key {
		return &s.info
	}
	return s.Context.Value(key)
}

// take returns r with the seat as its context.
func (s *seat) take(r *http.Request) *http.Request {
	s.request = *r.WithContext(s)
	return &s.request
}

// probe is a context that remembers what it was asked for.
type probe struct {
	context.Context
	asked any
}

// Value holds nothing.
func (p *probe) Value(key any) any {
	p.asked = key
	return nil
}

// tokenInfoKey returns the key under which the SDK looks for a TokenInfo. The
// SDK offers no way to set one but its own bearer middleware, which reads a
// header that is gone by now and keeps a clock of its own.
func tokenInfoKey() any {
	p := &probe{Context: context.Background()}
	auth.TokenInfoFromContext(p)
	return p.asked
}

// newSeat tells the SDK who calls. In a stateful session, handlers run under the
// context of whoever opened it, so there the principal travels in Extra, too.
func newSeat(ctx context.Context, key any, c caller.Caller, stateful bool) *seat {
	s := &seat{Context: ctx, key: key}
	s.info = auth.TokenInfo{
		Scopes:     append(s.scopes[:0], c.Scopes()...),
		Expiration: c.Expiry(),
		UserID:     c.Owner(),
	}
	if stateful {
		p, _ := core.PrincipalFrom(ctx)
		s.info.Extra = map[string]any{principalMember: p}
	}
	return s
}

// errNoPrincipal is what a request gets whose own caller is unknown.
var errNoPrincipal = errors.New("the request has no principal")

// reseat puts the current request's principal into the handler's context. In a
// stateful session the SDK hands over the context in which the session was
// created, whoever it was that created it; only Extra is the current request's.
func reseat(next mcp.MethodHandler) mcp.MethodHandler {
	key := tokenInfoKey()
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		extra := req.GetExtra()
		if extra == nil || extra.TokenInfo == nil {
			if _, creator := core.PrincipalFrom(ctx); creator {
				return nil, errNoPrincipal
			}
			return next(ctx, method, req)
		}
		if auth.TokenInfoFromContext(ctx) == extra.TokenInfo {
			return next(ctx, method, req) // the context is this request's
		}
		p, ok := extra.TokenInfo.Extra[principalMember].(core.Principal)
		if !ok {
			return nil, errNoPrincipal
		}
		ctx = core.WithPrincipal(ctx, p)
		return next(context.WithValue(ctx, key, extra.TokenInfo), method, req)
	}
}
