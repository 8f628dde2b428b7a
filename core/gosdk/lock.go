package gosdk

import (
	"context"
	"errors"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/internal/caller"
)

// checkedField carries the operation that the gate let through to the SDK's
// dispatcher, which in a stateful session runs under another context than the
// request's. Its name isn't canonical, so that no request can bring it along.
const checkedField = "mcpbearer-checked-operation"

// errOtherOperation is what a request gets that would run something else than
// the gate has checked.
var errOtherOperation = errors.New("the operation is not the one that was authorized")

// mark notes which operation was checked.
func mark(r *http.Request, c caller.Caller) {
	delete(r.Header, checkedField)
	if method, name := c.Operation(); method != "" {
		r.Header[checkedField] = []string{method, name}
	}
}

// secondLock asserts that what the SDK dispatches is what the gate has read. The
// gate alone should do; should the two ever read a message differently, nothing
// runs.
func secondLock(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		extra := req.GetExtra()
		if extra == nil {
			return next(ctx, method, req) // in process: no gate, no claim
		}
		checked := extra.Header[checkedField] //nolint:staticcheck // meant: no request can bring such a name along
		if len(checked) == 2 {
			if checked[0] != method || checked[1] != subject(req.GetParams()) {
				return nil, errOtherOperation
			}
		}
		return next(ctx, method, req)
	}
}

// subject returns the tool, prompt or resource that the dispatched params name.
func subject(params mcp.Params) string {
	switch p := params.(type) {
	case *mcp.CallToolParamsRaw:
		return p.Name
	case *mcp.GetPromptParams:
		return p.Name
	case *mcp.ReadResourceParams:
		return p.URI
	case *mcp.SubscribeParams:
		return p.URI
	case *mcp.UnsubscribeParams:
		return p.URI
	case *mcp.CompleteParams:
		if p.Ref != nil && p.Ref.Type == "ref/resource" {
			return p.Ref.URI
		}
		if p.Ref != nil {
			return p.Ref.Name
		}
	case *mcp.SubscriptionsListenParams:
		if p.Notifications != nil && len(p.Notifications.ResourceSubscriptions) > 0 {
			return p.Notifications.ResourceSubscriptions[0]
		}
	}
	return ""
}
