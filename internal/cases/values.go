package cases

import (
	"net/http"
	"strings"
)

// values are rule G8.
func (o *Offer) values() []Message {
	runs := o.runs()
	purge := `"params":{"name":"` + o.Danger + `","arguments":` + o.DangerArguments + `}`
	end := len(o.Danger) - 1
	reading, safe := "resource "+o.ProtectedResource, "tool "+o.Safe
	table := []Message{
		{Name: "G8 an escaped method", Body: strings.Replace(o.danger(), "tools/call", `tools\u002fc\u0061ll`, 1), Runs: runs},
		{Name: "G8 an escaped slash", Body: strings.Replace(o.danger(), "tools/call", `tools\/call`, 1), Runs: runs},
		{Name: "G8 an escaped name", Body: o.named(escaped(escaped(o.Danger, end), end-1)), Runs: runs},
		{Name: "G8 escaped keys", Body: `{"jsonrpc":"2.0","id":7,"\u006dethod":"tools/call","p\u0061rams":{"n\u0061me":"` + o.Danger + `","arguments":` + o.DangerArguments + `}}`, Runs: runs},
		{Name: "G8 an escaped URI", Body: message("resources/read", `{"uri":"`+strings.ReplaceAll(escaped(o.ProtectedResource, len(o.ProtectedResource)-1), "/", `\/`)+`"}`), Runs: reading},
		{Name: "G8 an escaped name with the base scope", Body: Call(escaped(o.Safe, 0), o.SafeArguments), Verdict: Honest, Runs: safe},
		{Name: "G8 no arguments", Body: message("tools/call", `{"name":"`+o.Danger+`"}`), Runs: runs, Extra: o.DangerArguments != "{}"},
		{Name: "G8 a notification", Body: `{"jsonrpc":"2.0","method":"tools/call",` + purge + `}`, Verdict: Silent},
		{Name: "G8 an emoji in an argument", Body: Call(o.Safe, with(o.SafeArguments, `"x":"\ud83d\ude00"`)), Verdict: Honest, Runs: safe, Extra: true},
		{Name: "G8 no name", Body: message("tools/call", `{"arguments":{}}`), Verdict: Refused, Status: http.StatusBadRequest},
		{Name: "G8 no params", Body: `{"jsonrpc":"2.0","id":7,"method":"tools/call"}`, Verdict: Refused, Status: http.StatusBadRequest},
		{Name: "G8 no uri", Body: message("resources/read", `{}`), Verdict: Refused, Status: http.StatusBadRequest},
		{Name: "G8 a name for a uri", Body: message("resources/read", `{"name":"`+o.OpenResource+`"}`), Verdict: Refused, Status: http.StatusBadRequest},
	}
	refused := func(name, body string) {
		table = append(table, Message{Name: "G8 " + name, Body: body, Verdict: Refused, Status: http.StatusBadRequest, Code: Parse})
	}
	for name, id := range map[string]string{
		"null": "null", "true": "true", "a list": "[7]", "an object": "{}", "a fraction": "7.5", "an exponent": "7e2", "minus zero": "-0",
		"a number beyond 64 bits": "18446744073709551616", "a lone surrogate": `"\ud800"`,
	} {
		refused("an id that is "+name, `{"jsonrpc":"2.0","id":`+id+`,"method":"tools/call",`+purge+`}`)
	}
	for name, body := range o.wrongValues(purge) {
		refused(name, body)
	}
	for i := range table {
		table[i].Clause = "JSON-RPC 2.0 §4; RFC 8259 §7"
	}
	return table
}

// wrongValues are bodies whose values are of the wrong type, or no text.
func (o *Offer) wrongValues(purge string) map[string]string {
	reading := func(uri string) string { return message("resources/read", `{"uri":`+uri+`}`) }
	return map[string]string{
		"null for a method":              `{"jsonrpc":"2.0","id":7,"method":null,` + purge + `}`,
		"a number for a method":          `{"jsonrpc":"2.0","id":7,"method":1,` + purge + `}`,
		"a list for a method":            `{"jsonrpc":"2.0","id":7,"method":["tools/call"],` + purge + `}`,
		"an empty method":                message("", `{"name":"`+o.Danger+`"}`),
		"no method":                      `{"jsonrpc":"2.0","id":7,` + purge + `}`,
		"null for a name":                o.params(`"name":null`),
		"a number for a name":            o.params(`"name":1`),
		"a list for a name":              o.params(`"name":["` + o.Danger + `"]`),
		"an object for a name":           o.params(`"name":{"name":"` + o.Danger + `"}`),
		"null for a URI":                 reading(`null`),
		"null params":                    message("tools/call", `null`),
		"a list for params":              message("tools/call", `["`+o.Danger+`"]`),
		"a string for arguments":         Call(o.Danger, quote(o.DangerArguments)),
		"a string for a ref":             Complete(`"` + o.ProtectedPrompt + `"`),
		"null for a ref's name":          Complete(`{"type":"ref/prompt","name":null}`),
		"null for a ref's type":          Complete(`{"type":null,"name":"` + o.ProtectedPrompt + `"}`),
		"a lone surrogate in a name":     o.named(o.Danger + `\ud800`),
		"a turned surrogate in a name":   o.named(o.Danger + `\udc00\ud800`),
		"a lone surrogate in a method":   message(`tools/call\udfff`, `{"name":"`+o.Danger+`"}`),
		"a lone surrogate in a URI":      reading(`"` + o.ProtectedResource + `\ud83d"`),
		"a method beside a result":       `{"jsonrpc":"2.0","id":7,"method":"tools/call",` + purge + `,"result":{}}`,
		"a method beside an error":       `{"jsonrpc":"2.0","id":7,"method":"tools/call",` + purge + `,"error":{"code":1,"message":""}}`,
		"a method beside a null result":  `{"jsonrpc":"2.0","id":7,"method":"tools/call",` + purge + `,"result":null}`,
		"a result beside an error":       `{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1,"message":""}}`,
		"another version":                strings.Replace(o.danger(), "2.0", "1.0", 1),
		"a number for a version":         strings.Replace(o.danger(), `"2.0"`, "2.0", 1),
		"no version":                     strings.Replace(o.danger(), `"jsonrpc":"2.0",`, "", 1),
		"params that are a result's own": `{"jsonrpc":"2.0","id":7,"result":{},` + purge + `}`,
	}
}
