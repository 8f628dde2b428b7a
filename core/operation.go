package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// Operation is what a message asks an MCP server to do. It is zero where the
// decision was made without reading the message.
type Operation struct {
	// Method is the JSON-RPC method, such as "tools/call".
	Method string
	// Name is the tool or prompt, or the URI of the resource.
	Name string

	arguments *[]byte // for Argument, where a callback decides by them
}

// operation is an Operation with what the gate has read of it besides.
type operation struct {
	Operation
	kind    operationKind
	subject []byte   // what Name is made of, where somebody asks for it
	raw     []byte   // the arguments, or nil where the message has none
	more    []string // further URIs, of subscriptions/listen
}

// name makes the Name.
func (op *operation) name() {
	if op.Name == "" {
		op.Name = string(op.subject)
	}
}

// uriBytes is the length of all URIs together.
func (op *operation) uriBytes() int {
	n := len(op.Name)
	for _, uri := range op.more {
		n += len(uri)
	}
	return n
}

type operationKind int

const (
	plainOperation operationKind = iota
	toolOperation
	promptOperation
	resourceOperation
)

// shown is the operation as a callback sees it that decides about one subject.
func (op *operation) shown(about string) Operation {
	shown := Operation{Method: op.Method, Name: about}
	if op.raw != nil {
		raw := slices.Clone(op.raw) // a callback may keep it for longer than the body lasts
		shown.arguments = &raw
	}
	return shown
}

// Argument returns the argument of that name, decoded as encoding/json decodes
// into an any, but with numbers as json.Number. It reports false where the
// message has no such argument, and an error where an argument's name differs
// in case alone, since handlers differ in whether they would take it.
func (op Operation) Argument(name string) (value any, present bool, err error) {
	if op.arguments == nil {
		return nil, false, nil
	}
	members, err := strictjson.Object(*op.arguments)
	if err != nil {
		return nil, false, err
	}
	for _, m := range members {
		if !strings.EqualFold(m.Name, name) {
			continue
		}
		if m.Name != name {
			return nil, false, fmt.Errorf("%w: an argument is named like %q but for its case", strictjson.ErrAmbiguous, name)
		}
		decoder := json.NewDecoder(bytes.NewReader(m.Value))
		decoder.UseNumber()
		if err := decoder.Decode(&value); err != nil {
			return nil, false, errors.New("an argument can't be decoded")
		}
		return value, true, nil
	}
	return nil, false, nil
}
