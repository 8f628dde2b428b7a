package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Requirement says what an operation needs. The zero Requirement is [Never].
type Requirement struct {
	kind         requirementKind
	alternatives [][]string // of scopes: each list satisfies the requirement
	decide       func(context.Context, Operation, Principal) (Requirement, error)
}

type requirementKind int

const (
	never requirementKind = iota
	scoped
	anonymous
	decided
	// Mistakes, which New reports. Until then they are as good as never.
	callbackless    // by Decide, with no callback
	alternativeless // by AnyOf, with no alternatives or others than scopes
)

// Scopes requires a token that has all the scopes, beside those that every
// request to the endpoint needs. Scopes() requires no more than those.
func Scopes(all ...string) Requirement {
	return Requirement{kind: scoped, alternatives: [][]string{slices.Clone(all)}}
}

// AnyOf requires a token that satisfies one of the alternatives, each made with
// [Scopes]. A challenge names the smallest of them. Other alternatives, or none,
// are a mistake that New reports.
func AnyOf(alternatives ...Requirement) Requirement {
	r := Requirement{kind: scoped}
	for _, a := range alternatives {
		if a.kind != scoped {
			return Requirement{kind: alternativeless}
		}
		r.alternatives = append(r.alternatives, a.alternatives...)
	}
	if len(r.alternatives) == 0 {
		return Requirement{kind: alternativeless}
	}
	return r
}

// Anonymous requires nothing, not even a token. A token that is sent all the
// same must be valid.
func Anonymous() Requirement { return Requirement{kind: anonymous} }

// Never denies the operation to everybody. The denial names no scope, so that
// clients don't ask for consent that would not help.
func Never() Requirement { return Requirement{} }

// Decide leaves the requirement to a callback, which sees the operation with its
// arguments and the caller. It runs for each request, once the token is
// verified. An error denies, as does a panic; so does a Requirement that is
// itself made by Decide or Anonymous. Messages whose arguments two decoders
// might read differently are refused before it is asked. A nil f is a mistake
// that New reports.
func Decide(f func(context.Context, Operation, Principal) (Requirement, error)) Requirement {
	if f == nil {
		return Requirement{kind: callbackless}
	}
	return Requirement{kind: decided, decide: f}
}

// resolve asks the callback about the operation, where the requirement has one.
func (r Requirement) resolve(ctx context.Context, op Operation, p Principal) (resolved Requirement, err error) {
	if r.kind != decided {
		return r, nil
	}
	defer func() {
		if broken := recover(); broken != nil {
			resolved, err = Never(), fmt.Errorf("the Decide callback panicked: %v", broken)
		}
	}()
	resolved, err = r.decide(ctx, op, p.clone())
	switch {
	case err != nil:
		return Never(), askable(err)
	case resolved.kind != scoped && resolved.kind != never:
		return Never(), errors.New("the Decide callback returned a requirement that is made with neither Scopes, AnyOf of those, nor Never")
	}
	return resolved, nil
}

// scopes returns every scope that the requirement names.
func (r Requirement) scopes() []string { return slices.Concat(r.alternatives...) }
