package core

import (
	"context"
	"net/http"
	"slices"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
)

// operationOf reads from the closed table of methods what a message asks for.
// Methods that aren't in it need the endpoint's scopes, and what Policy.Methods
// says of them.
func operationOf(m *rpcscan.Message) (operation, *Denial) {
	op := operation{Operation: Operation{Method: methodOf(m.Method)}}
	switch op.Method {
	case "tools/call":
		op.kind, op.raw = toolOperation, m.Arguments
		return op.on(m.Name, m.HasName)
	case "prompts/get":
		op.kind, op.raw = promptOperation, m.Arguments
		return op.on(m.Name, m.HasName)
	case "resources/read":
		op.kind = resourceOperation
		return op.on(m.URI, m.HasURI)
	case "resources/subscribe", "resources/unsubscribe":
		op.kind = resourceOperation
		if !m.HasURI {
			op.nameless = true // for checkNamed, who knows whether it matters
			return op, nil
		}
		return op.on(m.URI, m.HasURI)
	case "completion/complete":
		return op.completion(m)
	case "subscriptions/listen":
		return op.subscriptions(m)
	}
	return op, nil
}

// methodOf returns the method as a string, which for the most frequent ones
// takes no allocation.
func methodOf(method []byte) string {
	switch string(method) {
	case "tools/call":
		return "tools/call"
	case "tools/list":
		return "tools/list"
	case "resources/read":
		return "resources/read"
	case "prompts/get":
		return "prompts/get"
	case "ping":
		return "ping"
	}
	return string(method)
}

// on is the operation on the subject that the message names.
func (op operation) on(subject []byte, has bool) (operation, *Denial) {
	if !has {
		return op, nothingNamed()
	}
	op.subject = subject
	return op, nil
}

func nothingNamed() *Denial {
	return badMessage(http.StatusBadRequest, rpcInvalidRequest, "the message doesn't say what it is about", "a name or uri in params", "none")
}

// completion falls under the rule of what it completes: both SDKs run the
// completion handler of a prompt that the caller could not get.
func (op operation) completion(m *rpcscan.Message) (operation, *Denial) {
	switch string(m.Ref.Type) {
	case "ref/prompt":
		op.kind = promptOperation
		return op.on(m.Ref.Name, m.Ref.HasName)
	case "ref/resource":
		op.kind = resourceOperation
		return op.on(m.Ref.URI, m.Ref.HasURI)
	}
	return op, badMessage(http.StatusBadRequest, rpcInvalidRequest, "the message doesn't say what to complete", "ref/prompt or ref/resource", bounded(string(m.Ref.Type)))
}

// subscriptions falls under the rules of every resource that it listens to, and of
// tasks.
func (op operation) subscriptions(m *rpcscan.Message) (operation, *Denial) {
	uris, err := m.ResourceSubscriptions()
	if err != nil {
		return op, badMessage(http.StatusBadRequest, rpcParseError, "the message is not one unambiguous JSON-RPC message", "subscriptions that read one way", err.Error())
	}
	op.tasks = m.SubscribesToTasks()
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
		denial.asToolResult = rs.policy != nil && rs.policy.DenyWithToolResult &&
			denial.Reason == reasonScope && m.op.Method == "tools/call" && denial.id != nil
	}
	return denial
}

// checkNamed refuses a subscription to nothing where a table of resources decides.
// Where none does, the MCP handler answers: MCP 2026-07-28 has no such method, and
// a server of it answers 404.
func (rs *ResourceServer) checkNamed(op *operation) *Denial {
	if !op.nameless || rs.policy == nil || rs.policy.Resources == nil {
		return nil
	}
	return nothingNamed()
}

func (rs *ResourceServer) permitOperation(ctx context.Context, v *verified, op *operation, bare *Denial) *Denial {
	var rules []rule
	if rs.policy != nil {
		rules = rs.policy.rules(op)
	}
	if v == nil {
		return permitAnonymous(rules, bare)
	}
	if op.raw != nil && slices.ContainsFunc(rules, func(r rule) bool { return r.kind == decided }) {
		if err := rpcscan.StrictArguments(op.raw); err != nil {
			return badMessage(http.StatusBadRequest, rpcParseError, "the arguments are ambiguous", "arguments that read one way", err.Error())
		}
	}
	n, err := needOf(ctx, op, rules, &v.principal)
	switch {
	case err != nil:
		d := forbidden("a Decide callback that answers", "an error")
		d.detail, d.hint = bounded(err.Error()), "a Decide callback of Config.Policy failed, which denies; what it said is the detail"
		return d
	case n.never:
		return forbidden("an operation that the policy allows", op.Method)
	case n.metBy(&rs.vocabulary, v.principal.Scopes, rs.config.Scopes):
		return nil
	}
	scopes := n.scopes(rs.config.Scopes)
	return rs.insufficientScope(scopes, rs.vocabulary.missing(v.principal.Scopes, scopes))
}

// needOf decides what the rules require of the caller.
func needOf(ctx context.Context, op *operation, rules []rule, p *Principal) (need, error) {
	all := make([]Requirement, 0, len(rules))
	for _, r := range rules {
		resolved, err := r.resolve(ctx, op.shown(r.about), *p)
		if err != nil {
			return need{never: true}, err
		}
		all = append(all, resolved)
	}
	return combine(all), nil
}

// permitAnonymous lets a caller without a token do what every rule lets
// everybody do. A callback is asked for principals only.
func permitAnonymous(rules []rule, bare *Denial) *Denial {
	if len(rules) == 0 || slices.ContainsFunc(rules, func(r rule) bool { return r.kind != anonymous }) {
		return bare
	}
	return nil
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
	return r.Method == http.MethodGet || op.Method == "subscriptions/listen"
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
