package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	kind     operationKind
	nameless bool     // the message doesn't say which tool, prompt or resource
	raw      []byte   // the arguments, or nil where the message has none
	more     []string // further URIs, of subscriptions/listen
}

type operationKind int

const (
	plainOperation operationKind = iota
	toolOperation
	promptOperation
	resourceOperation
)

// withArguments is the operation as a callback sees it.
func (op *operation) withArguments() Operation {
	shown := op.Operation
	if op.raw != nil {
		shown.arguments = &op.raw
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
