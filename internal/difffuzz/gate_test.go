package difffuzz

import (
	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
)

// operation is what a message asks for, as the gate or as an SDK reads it.
type operation struct {
	method string
	// names are the tool, the prompt, the URIs, or the type and the name of what
	// is to be completed.
	names     []string
	arguments string // of tools/call, raw
}

// judge reads a body as the gate does: the scanner, and then the closed table
// of methods, which refuses a message that doesn't say what it is about. The
// operation has no method where nothing at all may run.
func judge(body []byte) (operation, bool) {
	m, err := rpcscan.Scan(body)
	if err != nil {
		return operation{}, false
	}
	op := operation{method: string(m.Method)}
	switch op.method {
	case "tools/call":
		op.names, op.arguments = []string{string(m.Name)}, string(m.Arguments)
		return op, m.HasName
	case "prompts/get":
		op.names = []string{string(m.Name)}
		return op, m.HasName
	case "resources/read", "resources/subscribe", "resources/unsubscribe":
		op.names = []string{string(m.URI)}
		return op, m.HasURI
	case "completion/complete":
		switch string(m.Ref.Type) {
		case "ref/prompt":
			op.names = []string{"ref/prompt", string(m.Ref.Name)}
			return op, m.Ref.HasName
		case "ref/resource":
			op.names = []string{"ref/resource", string(m.Ref.URI)}
			return op, m.Ref.HasURI
		}
		return op, false
	case "subscriptions/listen":
		op.names, err = m.ResourceSubscriptions()
		return op, err == nil
	}
	return op, true
}
