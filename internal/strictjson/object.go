// Package strictjson reads JSON objects in the one way that every decoder
// agrees on, and refuses the rest.
//
// encoding/json takes the last of two equal members and matches names without
// regard to case; other decoders take the first, or compare exactly. A gate
// that decides on one reading while the code behind it acts on another is a
// hole, so an object whose meaning depends on the decoder is refused here.
package strictjson

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of what is read. Both are far above what access tokens and JSON-RPC
// envelopes hold, and low enough that the checks stay cheap.
const (
	maxDepth   = 64
	maxMembers = 256
	// usualMembers is what most objects stay below: one allocation then does.
	usualMembers = 12
)

// ErrAmbiguous is wrapped by every refusal of text that is JSON, but that two
// decoders may read differently.
var ErrAmbiguous = errors.New("ambiguous JSON")

// ErrSyntax is wrapped by every refusal of text that is not one JSON object.
var ErrSyntax = errors.New("invalid JSON")

// Member is one name and its value as they stand in the text.
type Member struct {
	// Name is the decoded member name.
	Name string
	// Value is the raw text of the value, without white space around it.
	Value []byte
}

// Object returns the members of the one object that data holds, in their order.
// It refuses text before or after the object, invalid UTF-8, nesting deeper
// than 64, more than 256 members, lone surrogates in names, and two members
// whose names are equal under Unicode case folding.
func Object(data []byte) ([]Member, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrSyntax)
	}
	r := reader{data: data, same: string(data)}
	r.space()
	if !r.take('{') {
		return nil, fmt.Errorf("%w: not an object", ErrSyntax)
	}
	members := make([]Member, 0, usualMembers)
	var seen names
	err := r.members(func(name string, value []byte) error {
		if len(members) == maxMembers {
			return fmt.Errorf("%w: more than %d members", ErrAmbiguous, maxMembers)
		}
		if !seen.add(folded(name)) {
			return fmt.Errorf("%w: two members fold to the same name", ErrAmbiguous)
		}
		members = append(members, Member{Name: name, Value: value})
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.space()
	if r.at != len(data) {
		return nil, fmt.Errorf("%w: text after the object", ErrSyntax)
	}
	return members, nil
}

// names is a set of names. A few are looked through, which is cheaper than a
// map; many are not, which would be dear.
type names struct {
	few  [usualMembers]Hash
	n    int
	many map[Hash]bool
}

// add reports whether the name is new.
func (s *names) add(name Hash) bool {
	if slices.Contains(s.few[:s.n], name) || s.many[name] {
		return false
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	if s.many == nil {
		s.many = make(map[Hash]bool)
	}
	s.many[name] = true
	return true
}

// Lookup returns the raw value of the member of that name in the one object that
// data holds. It reports false where there is none, and refuses a name that
// stands twice, or that differs from the wanted one in case alone.
func Lookup(data []byte, name string) (value []byte, present bool, err error) {
	r := reader{data: data}
	r.space()
	if !r.take('{') {
		return nil, false, fmt.Errorf("%w: not an object", ErrSyntax)
	}
	err = r.members(func(found string, of []byte) error {
		switch {
		case !strings.EqualFold(found, name):
			return nil
		case found != name:
			return fmt.Errorf("%w: a member is named like %q but for its case", ErrAmbiguous, name)
		case present:
			return fmt.Errorf("%w: two members are named %q", ErrAmbiguous, name)
		}
		value, present = of, true
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	return value, present, nil
}

// String decodes the raw text of a JSON string. It reports false for any other
// value and for a string with a lone surrogate, which decoders replace
// differently.
func String(value []byte) (string, bool) {
	r := reader{data: value}
	if len(value) == 0 || value[0] != '"' || !utf8.Valid(value) {
		return "", false
	}
	s, err := r.text()
	return s, err == nil && r.at == len(value)
}

// Strings decodes the raw text of a JSON array that holds nothing but strings.
func Strings(value []byte) ([]string, bool) {
	r := reader{data: value}
	if !utf8.Valid(value) || !r.take('[') {
		return nil, false
	}
	list := []string{}
	r.space()
	if r.take(']') {
		return list, r.at == len(value)
	}
	for {
		r.space()
		if r.peek() != '"' {
			return nil, false
		}
		s, err := r.text()
		if err != nil {
			return nil, false
		}
		list = append(list, s)
		r.space()
		if r.take(',') {
			continue
		}
		return list, r.take(']') && r.at == len(value)
	}
}
