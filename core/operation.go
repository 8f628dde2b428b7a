package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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
	kind     operationKind
	subject  []byte   // what Name is made of, where somebody asks for it
	nameless bool     // a subscription that doesn't say to which resource
	raw      []byte   // the arguments, or nil where the message has none
	more     []string // further URIs, of subscriptions/listen
	tasks    bool     // whether subscriptions/listen names tasks
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

// Argument returns the argument to which the path of names leads, decoded as
// encoding/json decodes into an any, but with numbers as json.Number. Where the
// path leads through a list, it goes on in each element, and the value is the
// list of what it leads to, nil where that is nothing.
//
// It reports false where the message has no such argument, or null for it, and
// for other messages than tools/call and prompts/get, whose handlers read none. It
// returns an error where a name on the way differs from the path's in case alone,
// since handlers differ in whether they would take it. An object is never
// returned, whose members would have to be looked up with the same care: give the
// path to what is in it.
func (op Operation) Argument(path ...string) (value any, present bool, err error) {
	if op.arguments == nil || len(path) == 0 {
		return nil, false, nil
	}
	return argument(*op.arguments, path)
}

var errArgument = errors.New("an argument can't be decided by")

func argument(raw []byte, path []string) (value any, present bool, err error) {
	switch {
	case string(raw) == "null":
		return nil, false, nil
	case raw[0] == '[':
		value, err = listArgument(raw, path)
		return value, err == nil, err
	case len(path) > 0:
		if raw[0] != '{' {
			return nil, false, fmt.Errorf("%w: there is no %q in what is no object", errArgument, path[0])
		}
		member, present, err := strictjson.Lookup(raw, path[0])
		if err != nil || !present {
			return nil, false, err
		}
		return argument(member, path[1:])
	case raw[0] == '{':
		return nil, false, fmt.Errorf("%w: it is an object, and the path ends before it", errArgument)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, false, errArgument
	}
	return value, true, nil
}

func listArgument(raw []byte, path []string) ([]any, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil, errArgument
	}
	list := make([]any, len(elements))
	for i, element := range elements {
		var err error
		if list[i], _, err = argument(element, path); err != nil {
			return nil, err
		}
	}
	return list, nil
}
