package cases

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

// Message is one request of the transport.
type Message struct {
	// Name is the rule that it proves, and how: "G7 two names, the first safe".
	Name string
	// Clause is where the rule comes from.
	Clause string
	// Headers are the lines of its header, beside a Content-Type of its own.
	Headers []string
	// Body is what is sent, in chunks if Chunked says so.
	Body    string
	Chunked bool
	// Modern messages are those of MCP 2026-07-28, which has no sessions.
	Modern bool

	Verdict Verdict
	// Status is that of a refusal, and Code that of its JSON-RPC error, if it
	// matters.
	Status int
	Code   string
	// Runs is what runs where the message is let in: "tool purge".
	Runs string
	// Almost is what a Forbidden message almost names, in the same words.
	Almost string
	// Extra says that the message holds arguments of which nobody asked the tool
	// whether it takes them.
	Extra bool
}

// Verdict is what becomes of a message.
type Verdict int

const (
	// Protected messages run with a further scope and are answered 403 without.
	Protected Verdict = iota
	// Honest ones run with the base scope alone.
	Honest
	// Refused ones are refused whatever the token.
	Refused
	// Forbidden ones are answered 403 whatever the token, with no challenge.
	Forbidden
	// Passed ones need the base scope; what the MCP server makes of them is its
	// own business, and no handler runs.
	Passed
	// Silent ones are protected, but MCP servers differ in whether they run, or in
	// whether they answer.
	Silent
)

// Codes of JSON-RPC errors.
const (
	Mismatch = "-32020"
	Parse    = "-32700"
)

// JSONType is the header line of every message that has no other.
const JSONType = "Content-Type: application/json"

// ID is the name in the form of an id: "G7/two-names-the-first-safe".
func (m *Message) ID() string { return ID(m.Name) }

// ID turns "G7 two names" into "G7/two-names".
func ID(name string) string {
	rule, rest, _ := strings.Cut(name, " ")
	words := strings.FieldsFunc(rest, func(c rune) bool {
		return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c)
	})
	return rule + "/" + strings.Join(words, "-")
}

// CompareIDs orders ids: S2 comes before S10.
func CompareIDs(a, b string) int {
	behaviourA, _, _ := strings.Cut(a, "/")
	behaviourB, _, _ := strings.Cut(b, "/")
	return cmp.Or(
		cmp.Compare(behaviourA[0], behaviourB[0]), cmp.Compare(len(behaviourA), len(behaviourB)),
		strings.Compare(behaviourA, behaviourB), strings.Compare(a, b),
	)
}

// Offer is what an MCP server has, as far as messages speak of it.
type Offer struct {
	// Safe is a tool of the base scope, Danger one that needs more, each with
	// arguments that it takes, a JSON object.
	Safe, SafeArguments     string
	Danger, DangerArguments string
	// Prompts and resources, likewise.
	OpenPrompt, ProtectedPrompt     string
	OpenResource, ProtectedResource string
	// Origin is that of the resource.
	Origin string
	// BodyBytes is the greatest length of a body, LongBytes a great one that is
	// still let in.
	BodyBytes, LongBytes int
}

// Messages is the whole table.
func (o *Offer) Messages() []Message {
	return slices.Concat(o.spelled(), o.fields(), o.encodings(), o.documents(), o.keys(), o.values(), o.mirrors())
}

// message is a request with the id 7.
func message(method, params string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"` + method + `","params":` + params + `}`
}

// Request is a JSON-RPC request with the id 7.
func Request(method, params string) string { return message(method, params) }

// Call is a request to run a tool. The name is written as it is, so that it can
// be spelled in unusual ways.
func Call(name, arguments string) string {
	return message("tools/call", `{"name":"`+name+`","arguments":`+arguments+`}`)
}

// Complete is a request to complete an argument of what ref names.
func Complete(ref string) string {
	return message("completion/complete", `{"ref":`+ref+`,"argument":{"name":"a","value":"b"}}`)
}

func (o *Offer) safe() string   { return Call(o.Safe, o.SafeArguments) }
func (o *Offer) danger() string { return Call(o.Danger, o.DangerArguments) }

// named calls the dangerous tool under another spelling.
func (o *Offer) named(name string) string { return Call(name, o.DangerArguments) }

// params calls a tool with these members, and the arguments of the dangerous one.
func (o *Offer) params(members string) string {
	return message("tools/call", `{`+members+`,"arguments":`+o.DangerArguments+`}`)
}

// with calls the dangerous tool with one more argument.
func (o *Offer) with(argument string) string {
	return Call(o.Danger, with(o.DangerArguments, argument))
}

func with(object, member string) string {
	if object == "{}" {
		return "{" + member + "}"
	}
	return object[:len(object)-1] + "," + member + "}"
}

// runs is what runs when the dangerous tool does.
func (o *Offer) runs() string { return "tool " + o.Danger }

// escaped writes the i-th byte of a name as an escape of JSON.
func escaped(name string, i int) string {
	const digits = "0123456789abcdef"
	c := name[i]
	return name[:i] + `\u00` + string(digits[c>>4]) + string(digits[c&15]) + name[i+1:]
}

// turned turns the case of the first letter of a name.
func turned(name string) string {
	for i, c := range name {
		switch {
		case unicode.IsLower(c):
			return name[:i] + strings.ToUpper(string(c)) + name[i+len(string(c)):]
		case unicode.IsUpper(c):
			return name[:i] + strings.ToLower(string(c)) + name[i+len(string(c)):]
		}
	}
	return name + "A"
}

// AsModern adds what MCP 2026-07-28 wants in every message.
func AsModern(body string) string {
	const begin, members = `"params":{"_meta":{`, `"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
		`"io.modelcontextprotocol/clientInfo":{"name":"raw","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}`
	if strings.Contains(body, begin) {
		return strings.Replace(body, begin, begin+members+`,`, 1)
	}
	body = strings.Replace(body, `"params":{`, begin+members+`},`, 1)
	return strings.Replace(body, members+`},}`, members+`}}`, 1)
}

// ModernHeaders are the lines that MCP 2026-07-28 wants.
func ModernHeaders(method, name string) []string {
	h := []string{"MCP-Protocol-Version: 2026-07-28", "Mcp-Method: " + method}
	if name != "" {
		h = append(h, "Mcp-Name: "+name)
	}
	return h
}

// quote writes a text as JSON does.
func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(quoted)
}
