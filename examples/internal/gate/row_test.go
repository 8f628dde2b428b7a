package gate

import (
	"slices"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// row is one request of the table.
type row = cases.Message

const (
	protected = cases.Protected
	honest    = cases.Honest
	refused   = cases.Refused
	forbidden = cases.Forbidden
	passed    = cases.Passed
	silent    = cases.Silent
)

const parse = cases.Parse

func message(method, params string) string { return cases.Request(method, params) }

func call(name string) string { return cases.Call(name, "{}") }

func readPath(arguments string) string { return cases.Call("read", arguments) }

func complete(ref string) string { return cases.Complete(ref) }

// offer is what the table of hostile and honest spellings is about.
func offer() *cases.Offer {
	return &cases.Offer{
		Safe: "get_weather", SafeArguments: "{}", Danger: "purge", DangerArguments: "{}",
		OpenPrompt: "hello", ProtectedPrompt: "danger_prompt", OpenResource: "notes://public", ProtectedResource: "notes://secret",
		Origin: "https://notes.example", BodyBytes: bodyLimit, LongBytes: bodyLimit - 1000,
	}
}

// rows is the whole table.
func rows() []row {
	return slices.Concat(operations(), argumentKeys(), costs(), offer().Messages())
}

// operations are rule G9: each method that reaches something protected.
func operations() []row {
	table := []row{
		{Name: "S40 a tool", Body: call("purge"), Runs: "tool purge"},
		{Name: "S40 a tool of the base scope", Body: call("get_weather"), Verdict: honest, Runs: "tool get_weather"},
		{Name: "S41 a prompt", Body: message("prompts/get", `{"name":"danger_prompt"}`), Runs: "prompt danger_prompt"},
		{Name: "S41 a prompt of the base scope", Body: message("prompts/get", `{"name":"hello"}`), Verdict: honest, Runs: "prompt hello"},
		{Name: "G9 completion of a prompt", Body: complete(`{"type":"ref/prompt","name":"danger_prompt"}`), Runs: "complete danger_prompt"},
		{Name: "G9 completion of a prompt of the base scope", Body: complete(`{"type":"ref/prompt","name":"hello"}`), Verdict: honest, Runs: "complete hello"},
		{Name: "G9 completion of a prompt that names a public URI", Body: complete(`{"type":"ref/prompt","name":"danger_prompt","uri":"notes://public"}`), Verdict: silent},
		{Name: "G9 completion of a template", Body: complete(`{"type":"ref/resource","uri":"notes://{id}/draft"}`), Runs: "complete notes://{id}/draft"},
		{Name: "G9 completion of a template of the base scope", Body: complete(`{"type":"ref/resource","uri":"notes://{id}/page"}`), Verdict: honest, Runs: "complete notes://{id}/page"},
		{Name: "G9 completion of a resource", Body: complete(`{"type":"ref/resource","uri":"notes://secret"}`), Runs: "complete notes://secret"},
		{Name: "G9 completion of a tool", Body: complete(`{"type":"ref/tool","name":"purge"}`), Verdict: refused, Status: 400},
		{Name: "G9 completion of nothing", Body: message("completion/complete", `{"argument":{"name":"a","value":"b"}}`), Verdict: refused, Status: 400},
		{Name: "S10 a tool with alternatives", Body: call("export"), Runs: "tool export"},
		{Name: "S46 a tool without a rule", Body: call("spare"), Verdict: forbidden},
		{Name: "G9 a tool that doesn't exist", Body: call("unheard_of"), Verdict: forbidden},
		{Name: "S11 a tool that is never allowed", Body: call("gone"), Verdict: forbidden},
		{Name: "G9 an unknown method", Body: message("made/up", `{"name":"purge"}`), Verdict: passed},
		{Name: "G9 a method in another case", Body: message("Tools/Call", `{"name":"purge","arguments":{}}`), Verdict: passed},
		{Name: "G9 a method with a space", Body: message("tools/call ", `{"name":"purge","arguments":{}}`), Verdict: passed},
		{Name: "G9 a method with two slashes", Body: message("tools//call", `{"name":"purge","arguments":{}}`), Verdict: passed},
		{Name: "G9 tasks/get", Body: message("tasks/get", `{"taskId":"1"}`), Verdict: forbidden},
		{Name: "G9 tasks/result", Body: message("tasks/result", `{"taskId":"1"}`), Verdict: forbidden},
		{Name: "G9 tasks/cancel", Body: message("tasks/cancel", `{"taskId":"1"}`), Verdict: forbidden},
		{Name: "G9 tasks/list", Body: message("tasks/list", `{}`), Verdict: forbidden},
		{Name: "S41 a tool as a task", Body: message("tools/call", `{"name":"purge","arguments":{},"task":{"ttl":1000}}`), Verdict: silent},
		{Name: "G9 ping", Body: message("ping", `{}`), Verdict: passed},
		{Name: "G9 tools/list", Body: message("tools/list", `{}`), Verdict: passed},
		{
			Name: "G9 listening to a protected resource", Modern: true, Headers: cases.ModernHeaders("subscriptions/listen", ""),
			Body: cases.AsModern(message("subscriptions/listen", `{"notifications":{"resourceSubscriptions":["notes://public","notes://gone"]}}`)), Verdict: forbidden,
		},
		{
			Name: "G9 listening to a task", Modern: true, Headers: cases.ModernHeaders("subscriptions/listen", ""),
			Body: cases.AsModern(message("subscriptions/listen", `{"notifications":{"taskIds":["1"]}}`)), Verdict: forbidden,
		},
		{Name: "G8 listening to what is no list", Body: message("subscriptions/listen", `{"notifications":{"resourceSubscriptions":"notes://secret"}}`), Verdict: refused, Status: 400},
		{Name: "G7 listening twice", Body: message("subscriptions/listen", `{"notifications":{"resourceSubscriptions":[],"resourceSubscriptions":["notes://secret"]}}`), Verdict: refused, Status: 400},
		{Name: "G7 listening in two cases", Body: message("subscriptions/listen", `{"notifications":{"resourceSubscriptions":[],"ResourceSubscriptions":["notes://secret"]}}`), Verdict: refused, Status: 400},
	}
	for _, method := range []string{"read", "subscribe", "unsubscribe"} {
		ran := method
		if method == "read" {
			ran = "resource"
			table = append(table,
				row{Name: "S41 read a template", Body: message("resources/read", `{"uri":"notes://1/draft"}`), Runs: "resource notes://1/draft"},
				row{Name: "S41 read a template of the base scope", Body: message("resources/read", `{"uri":"notes://1/page"}`), Verdict: honest, Runs: "resource notes://1/page"},
			)
		}
		table = append(table,
			row{Name: "S41 " + method, Body: message("resources/"+method, `{"uri":"notes://secret"}`), Runs: ran + " notes://secret"},
			row{Name: "S41 " + method + " with the base scope", Body: message("resources/"+method, `{"uri":"notes://public"}`), Verdict: honest, Runs: ran + " notes://public"},
		)
	}
	return table
}
