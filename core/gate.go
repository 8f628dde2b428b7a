package core

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
)

// operationOf reads from the closed table of methods what a message asks for.
// Methods that aren't in it need the endpoint's scopes, and what Policy.Methods
// says of them.
func operationOf(m *rpcscan.Message) (operation, *Denial) {
	op := operation{Operation: Operation{Method: string(m.Method)}, raw: m.Arguments}
	switch op.Method {
	case "tools/call":
		op.kind = toolOperation
		return op.named(m.Name, m.HasName)
	case "prompts/get":
		op.kind = promptOperation
		return op.named(m.Name, m.HasName)
	case "resources/read", "resources/subscribe", "resources/unsubscribe":
		op.kind = resourceOperation
		return op.named(m.URI, m.HasURI)
	case "completion/complete":
		return op.completion(m)
	case "subscriptions/listen":
		return op.subscriptions(m)
	}
	return op, nil
}

func (op operation) named(name []byte, has bool) (operation, *Denial) {
	op.Name, op.nameless = string(name), !has
	return op, nil
}

// completion falls under the rule of what it completes: both SDKs run the
// completion handler of a prompt that the caller could not get.
func (op operation) completion(m *rpcscan.Message) (operation, *Denial) {
	switch string(m.Ref.Type) {
	case "ref/prompt":
		op.kind = promptOperation
		return op.named(m.Ref.Name, m.Ref.HasName)
	case "ref/resource":
		op.kind = resourceOperation
		return op.named(m.Ref.URI, m.Ref.HasURI)
	}
	return op, badMessage(http.StatusBadRequest, rpcInvalidRequest, "the message doesn't say what to complete", "ref/prompt or ref/resource", bounded(string(m.Ref.Type)))
}

// subscriptions falls under the rules of every resource that it listens to.
func (op operation) subscriptions(m *rpcscan.Message) (operation, *Denial) {
	uris, err := m.ResourceSubscriptions()
	if err != nil {
		return op, badMessage(http.StatusBadRequest, rpcParseError, "the message is not one unambiguous JSON-RPC message", "subscriptions that read one way", err.Error())
	}
	if len(uris) > 0 {
		op.kind = resourceOperation
		op.Name, op.more = uris[0], uris[1:]
	}
	return op, nil
}

// permit decides whether the caller, who may be anonymous, may run what the
// message asks for.
func (rs *ResourceServer) permit(ctx context.Context, v *verified, m *message, bare *Denial) *Denial {
	denial := rs.checkNamed(&m.op)
	if denial == nil {
		denial = rs.permitOperation(ctx, v, &m.op, bare)
	}
	if denial != nil && denial.Status != http.StatusUnauthorized {
		denial.id = m.scanned.ID
		denial.asToolResult = rs.policy.DenyWithToolResult && denial.Reason == reasonScope && m.op.Method == "tools/call" && denial.id != nil
	}
	return denial
}

// checkNamed refuses a message that doesn't say what it is about, where a table
// decides by that. Where none does, the MCP handler answers: it may not have the
// method at all.
func (rs *ResourceServer) checkNamed(op *operation) *Denial {
	if !op.nameless || rs.policy.table(op.kind) == nil {
		return nil
	}
	return badMessage(http.StatusBadRequest, rpcInvalidRequest, "the message doesn't say what it is about", "a name or uri in params", "none")
}

func (rs *ResourceServer) permitOperation(ctx context.Context, v *verified, op *operation, bare *Denial) *Denial {
	if v == nil {
		return rs.permitAnonymous(op, bare)
	}
	if op.raw != nil && rs.dependsOnArguments(op) {
		if err := rpcscan.StrictArguments(op.raw); err != nil {
			return badMessage(http.StatusBadRequest, rpcParseError, "the arguments are ambiguous", "arguments that read one way", err.Error())
		}
	}
	n, err := rs.needOf(ctx, op, v.principal)
	switch {
	case err != nil:
		d := forbidden("a Decide callback that answers", "an error")
		d.detail = bounded(err.Error())
		return d
	case n.never:
		return forbidden("an operation that the policy allows", op.Method)
	case n.anonymous:
		return nil
	}
	for _, alternative := range n.alternatives {
		if len(rs.vocabulary.missing(v.principal.Scopes, alternative)) == 0 {
			return nil
		}
	}
	smallest := n.smallest()
	return rs.insufficientScope(smallest, rs.vocabulary.missing(v.principal.Scopes, smallest))
}

// permitAnonymous lets a caller without a token do what every rule lets
// everybody do. A callback is asked for principals only.
func (rs *ResourceServer) permitAnonymous(op *operation, bare *Denial) *Denial {
	rules := rs.policy.rules(op)
	if len(rules) == 0 || slices.ContainsFunc(rules, func(r Requirement) bool { return r.kind != anonymous }) {
		return bare
	}
	return nil
}

func (rs *ResourceServer) dependsOnArguments(op *operation) bool {
	return slices.ContainsFunc(rs.policy.rules(op), func(r Requirement) bool { return r.kind == decided })
}

// forbidden is a denial that no scope cures. It has no challenge at all, so
// that no client asks its user for consent that would not help.
func forbidden(expected, got string) *Denial {
	return &Denial{
		Status: http.StatusForbidden, Reason: reasonForbidden, code: "access_denied",
		description: "this operation is not allowed", expected: expected, got: bounded(got),
	}
}

// endsWithToken reports whether the request opens a stream that may outlive the
// token that opened it.
func endsWithToken(r *http.Request, op *operation) bool {
	const listen = "subscriptions/listen"
	return r.Method == http.MethodGet || op.Method == listen || strings.EqualFold(r.Header.Get("Mcp-Method"), listen)
}

// untilExpiry returns a context that ends when the principal's token does.
func (rs *ResourceServer) untilExpiry(ctx context.Context, p *Principal) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if p.Expiry.IsZero() {
		return ctx, cancel
	}
	fired, stop := rs.clock.Timer(p.Expiry.Add(rs.limits.ClockSkew).Sub(rs.clock.Now()))
	go func() {
		defer stop()
		select {
		case <-fired:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
