package cases

import (
	"net/http"
	"strings"
)

const uniqueKeys = "RFC 8259 §4; JSON-RPC 2.0 §4"

// keys are rule G7 for the envelope and params.
func (o *Offer) keys() []Message {
	call, runs := `"method":"tools/call"`, o.runs()
	safe := `"params":{"name":"` + o.Safe + `","arguments":` + o.SafeArguments + `}`
	purge := `"params":{"name":"` + o.Danger + `","arguments":` + o.DangerArguments + `}`
	table := []Message{
		{Name: "G7 an unknown key", Body: o.params(`"name":"` + o.Danger + `","other":1,"nam":2,"names":3`), Runs: runs},
		{Name: "G7 an unknown key that isn't ASCII", Body: o.params(`"name":"` + o.Danger + `","\u00e4":1,"\u00c4":2`), Runs: runs},
		{Name: "G7 an argument called name", Body: o.with(`"name":"` + o.Safe + `","NAME":"x"`), Runs: runs, Extra: true},
		{Name: "G7 a tool's own business", Body: Call(o.Safe, with(o.SafeArguments, `"a":1,"a":2,"A":3`)), Verdict: Honest, Runs: "tool " + o.Safe, Extra: true},
		{Name: "G7 a name in _meta", Body: o.params(`"_meta":{"name":"` + o.Safe + `","Name":"` + o.Safe + `"},"name":"` + o.Danger + `"`), Runs: runs},
		{Name: "G7 params before the method", Body: `{"params":{"arguments":` + o.DangerArguments + `,"name":"` + o.Danger + `"},"method":"tools/call","id":7,"jsonrpc":"2.0"}`, Runs: runs},
	}
	for name, body := range o.twins(call, safe, purge) {
		table = append(table, Message{Name: "G7 " + name, Body: body, Verdict: Refused, Status: http.StatusBadRequest, Code: Parse})
	}
	for i := range table {
		table[i].Clause = uniqueKeys
	}
	return table
}

// twins are bodies with keys that two decoders take for the same, or not.
func (o *Offer) twins(call, safe, purge string) map[string]string {
	envelope := func(members string) string { return `{"jsonrpc":"2.0","id":7,` + members + `}` }
	hello, danger := `"ref":{"type":"ref/prompt","name":"`+o.OpenPrompt+`"}`, `"ref":{"type":"ref/prompt","name":"`+o.ProtectedPrompt+`"}`
	completing := func(refs string) string {
		return message("completion/complete", `{`+refs+`,"argument":{"name":"a","value":"b"}}`)
	}
	reading := func(members string) string { return message("resources/read", `{`+members+`}`) }
	name := func(key, value string) string { return `"` + key + `":"` + value + `"` }
	two := func(key1, value1, key2, value2 string) string {
		return o.params(name(key1, value1) + "," + name(key2, value2))
	}
	arguments := func(second string) string {
		return message("tools/call", `{"name":"`+o.Danger+`","arguments":`+o.DangerArguments+`,"`+second+`":{"path":"/secret"}}`)
	}
	return map[string]string{
		"two methods":                         envelope(`"method":"ping","method":"tools/call",` + purge),
		"two methods, turned round":           envelope(`"method":"tools/call","method":"ping",` + purge),
		"two methods, one escaped":            envelope(`"method":"ping","meth\u006fd":"tools/call",` + purge),
		"method and METHOD":                   envelope(`"method":"tools/call","METHOD":"ping",` + purge),
		"METHOD and method":                   envelope(`"METHOD":"ping","method":"tools/call",` + purge),
		"Method alone":                        envelope(`"Method":"tools/call",` + purge),
		"two params":                          envelope(call + "," + safe + "," + purge),
		"two params, turned round":            envelope(call + "," + purge + "," + safe),
		"two params that add up":              envelope(call + `,"params":{"name":"` + o.Danger + `"},"params":{"arguments":` + o.DangerArguments + `}`),
		"params and Params":                   envelope(call + "," + safe + "," + strings.Replace(purge, "params", "Params", 1)),
		"params and a long s":                 envelope(call + "," + safe + "," + strings.Replace(purge, "params", "param\u017f", 1)),
		"params and an escaped long s":        envelope(call + "," + safe + "," + strings.Replace(purge, "params", `param\u017f`, 1)),
		"a long s alone":                      envelope(call + "," + strings.Replace(purge, "params", "param\u017f", 1)),
		"jsonrpc with a long s":               `{"jsonrpc":"2.0","j\u017fonrpc":"2.0","id":7,` + call + "," + purge + "}",
		"two ids":                             `{"jsonrpc":"2.0","id":7,"id":8,` + call + "," + purge + "}",
		"id and ID":                           `{"jsonrpc":"2.0","id":7,"ID":8,` + call + "," + purge + "}",
		"two names, the first safe":           two("name", o.Safe, "name", o.Danger),
		"two names, the last safe":            two("name", o.Danger, "name", o.Safe),
		"two names alike":                     two("name", o.Danger, "name", o.Danger),
		"two names, one escaped":              two("name", o.Safe, `n\u0061me`, o.Danger),
		"two names, one null":                 o.params(name("name", o.Danger) + `,"name":null`),
		"name and NAME":                       two("name", o.Safe, "NAME", o.Danger),
		"NAME and name":                       two("NAME", o.Danger, "name", o.Safe),
		"name and an escaped Name":            two("name", o.Safe, `\u004eame`, o.Danger),
		"name and a harmless NAME":            two("name", o.Danger, "NAME", o.Safe),
		"name and a harmless escaped Name":    two("name", o.Danger, `\u004eame`, o.Safe),
		"params and harmless Params":          envelope(call + "," + purge + "," + strings.Replace(safe, "params", "Params", 1)),
		"params and a harmless long s":        envelope(call + "," + purge + "," + strings.Replace(safe, "params", "param\u017f", 1)),
		"uri and a harmless URI":              reading(name("uri", o.ProtectedResource) + "," + name("URI", o.OpenResource)),
		"NAME alone":                          o.params(name("NAME", o.Danger)),
		"two names far apart":                 message("tools/call", `{"name":"`+o.Safe+`","_meta":{"x":"`+strings.Repeat("a", 5000)+`"},"arguments":`+o.DangerArguments+`,"name":"`+o.Danger+`"}`),
		"uri and URI":                         reading(name("uri", o.OpenResource) + "," + name("URI", o.ProtectedResource)),
		"two URIs":                            reading(name("uri", o.OpenResource) + "," + name("uri", o.ProtectedResource)),
		"two arguments":                       arguments("arguments"),
		"arguments and a long s":              arguments("argument\u017f"),
		"arguments and Arguments":             arguments("Arguments"),
		"two refs":                            completing(hello + "," + danger),
		"ref and REF":                         completing(hello + "," + strings.Replace(danger, "ref", "REF", 1)),
		"a ref with two names":                completing(strings.Replace(hello, `}`, `,`+name("name", o.ProtectedPrompt)+`}`, 1)),
		"a ref with name and Name":            completing(strings.Replace(hello, `}`, `,`+name("Name", o.ProtectedPrompt)+`}`, 1)),
		"a ref with two types":                completing(`"ref":{"type":"ref/resource","type":"ref/prompt",` + name("name", o.ProtectedPrompt) + `,` + name("uri", o.OpenResource) + `}`),
		"a ref with type and TYPE":            completing(`"ref":{"type":"ref/resource","TYPE":"ref/prompt",` + name("name", o.ProtectedPrompt) + `,` + name("uri", o.OpenResource) + `}`),
		"taskId and a Kelvin sign":            message("tasks/get", "{\"taskId\":\"1\",\"tas\u212aId\":\"2\"}"),
		"an escaped Kelvin sign":              message("tasks/get", `{"taskId":"1","tas\u212aId":"2"}`),
		"unknown keys that stand twice":       o.params(name("name", o.Danger) + `,"other":1,"other":2`),
		"unknown keys of the envelope, twice": envelope(call + "," + purge + `,"x":1,"x":2`),
	}
}
