package gate

import (
	"slices"
	"strings"
)

// row is one request of the table.
type row struct {
	name    string   // the rule that it proves, and how
	headers []string // beside Content-Type, unless it has its own
	body    string
	modern  bool // MCP 2026-07-28, which has no sessions

	verdict verdict
	status  int    // of a refusal
	code    string // of the JSON-RPC error of a refusal, if it matters
	runs    string // what runs where it is let in
}

// verdict is what becomes of a row.
type verdict int

const (
	// protected rows run with notes:write and are answered 403 without.
	protected verdict = iota
	// honest rows run with the base scope alone.
	honest
	// refused rows are refused whatever the token.
	refused
	// forbidden rows are answered 403 whatever the token, with no challenge.
	forbidden
	// passed rows need the base scope; what the SDK makes of them is its own
	// business, and no handler runs.
	passed
	// silent rows are protected, but the SDKs differ in whether they run, or in
	// whether they answer.
	silent
)

const (
	mismatch = "-32020"
	parse    = "-32700"
	invalid  = "-32600"
)

func message(method, params string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"` + method + `","params":` + params + `}`
}

func call(name string) string { return message("tools/call", `{"name":"`+name+`","arguments":{}}`) }

func readPath(arguments string) string {
	return message("tools/call", `{"name":"read","arguments":`+arguments+`}`)
}

func complete(ref string) string {
	return message("completion/complete", `{"ref":`+ref+`,"argument":{"name":"a","value":"b"}}`)
}

// asModern adds what MCP 2026-07-28 wants in every message.
func asModern(body string) string {
	const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
		`"io.modelcontextprotocol/clientInfo":{"name":"raw","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`
	return strings.Replace(body, `"params":{`, `"params":{`+meta+`,`, 1)
}

// modernHeaders are those that MCP 2026-07-28 wants.
func modernHeaders(method, name string) []string {
	h := []string{"MCP-Protocol-Version: 2026-07-28", "Mcp-Method: " + method}
	if name != "" {
		h = append(h, "Mcp-Name: "+name)
	}
	return h
}

// rows is the whole table.
func rows() []row {
	return slices.Concat(operations(), headerRows(), encodings(), documents(), keys(), argumentKeys(), values(), mirrors())
}

// operations are rule G9: each method that reaches something protected.
func operations() []row {
	table := []row{
		{name: "S40 a tool", body: call("purge"), runs: "tool purge"},
		{name: "S40 a tool of the base scope", body: call("get_weather"), verdict: honest, runs: "tool get_weather"},
		{name: "S41 a prompt", body: message("prompts/get", `{"name":"danger_prompt"}`), runs: "prompt danger_prompt"},
		{name: "S41 a prompt of the base scope", body: message("prompts/get", `{"name":"hello"}`), verdict: honest, runs: "prompt hello"},
		{name: "G9 completion of a prompt", body: complete(`{"type":"ref/prompt","name":"danger_prompt"}`), runs: "complete danger_prompt"},
		{name: "G9 completion of a prompt of the base scope", body: complete(`{"type":"ref/prompt","name":"hello"}`), verdict: honest, runs: "complete hello"},
		{name: "G9 completion of a prompt that names a public URI", body: complete(`{"type":"ref/prompt","name":"danger_prompt","uri":"notes://public"}`), verdict: silent},
		{name: "G9 completion of a template", body: complete(`{"type":"ref/resource","uri":"notes://{id}/draft"}`), runs: "complete notes://{id}/draft"},
		{name: "G9 completion of a template of the base scope", body: complete(`{"type":"ref/resource","uri":"notes://{id}/page"}`), verdict: honest, runs: "complete notes://{id}/page"},
		{name: "G9 completion of a resource", body: complete(`{"type":"ref/resource","uri":"notes://secret"}`), runs: "complete notes://secret"},
		{name: "G9 completion of a tool", body: complete(`{"type":"ref/tool","name":"purge"}`), verdict: refused, status: 400},
		{name: "G9 completion of nothing", body: message("completion/complete", `{"argument":{"name":"a","value":"b"}}`), verdict: refused, status: 400},
		{name: "G9 a tool without a rule", body: call("unheard_of"), verdict: forbidden},
		{name: "G9 a tool in another case", body: call("Purge"), verdict: forbidden},
		{name: "G9 a tool with a space", body: call("purge "), verdict: forbidden},
		{name: "G9 a tool with a NUL", body: call(`purge\u0000`), verdict: forbidden},
		{name: "G9 a tool by a look-alike", body: call(`pur\uff47e`), verdict: forbidden},
		{name: "S11 a tool that is never allowed", body: call("gone"), verdict: forbidden},
		{name: "G9 a prompt without a rule", body: message("prompts/get", `{"name":"Hello"}`), verdict: forbidden},
		{name: "G9 an unknown method", body: message("made/up", `{"name":"purge"}`), verdict: passed},
		{name: "G9 a method in another case", body: message("Tools/Call", `{"name":"purge","arguments":{}}`), verdict: passed},
		{name: "G9 a method with a space", body: message("tools/call ", `{"name":"purge","arguments":{}}`), verdict: passed},
		{name: "G9 a method with two slashes", body: message("tools//call", `{"name":"purge","arguments":{}}`), verdict: passed},
		{name: "G9 tasks/get", body: message("tasks/get", `{"taskId":"1"}`), verdict: forbidden},
		{name: "G9 tasks/result", body: message("tasks/result", `{"taskId":"1"}`), verdict: forbidden},
		{name: "G9 tasks/cancel", body: message("tasks/cancel", `{"taskId":"1"}`), verdict: forbidden},
		{name: "G9 tasks/list", body: message("tasks/list", `{}`), verdict: forbidden},
		{name: "S41 a tool as a task", body: message("tools/call", `{"name":"purge","arguments":{},"task":{"ttl":1000}}`), verdict: silent},
		{name: "G9 ping", body: message("ping", `{}`), verdict: passed},
		{name: "G9 tools/list", body: message("tools/list", `{}`), verdict: passed},
		{
			name: "G9 listening to a protected resource", modern: true, headers: modernHeaders("subscriptions/listen", ""),
			body: asModern(message("subscriptions/listen", `{"notifications":{"resourceSubscriptions":["notes://public","notes://gone"]}}`)), verdict: forbidden,
		},
		{name: "G8 listening to what is no list", body: message("subscriptions/listen", `{"notifications":{"resourceSubscriptions":"notes://secret"}}`), verdict: refused, status: 400},
		{name: "G7 listening twice", body: message("subscriptions/listen", `{"notifications":{"resourceSubscriptions":[],"resourceSubscriptions":["notes://secret"]}}`), verdict: refused, status: 400},
		{name: "G7 listening in two cases", body: message("subscriptions/listen", `{"notifications":{"resourceSubscriptions":[],"ResourceSubscriptions":["notes://secret"]}}`), verdict: refused, status: 400},
	}
	for _, method := range []string{"read", "subscribe", "unsubscribe"} {
		ran := method
		if method == "read" {
			ran = "resource"
			table = append(table,
				row{name: "S41 read a template", body: message("resources/read", `{"uri":"notes://1/draft"}`), runs: "resource notes://1/draft"},
				row{name: "S41 read a template of the base scope", body: message("resources/read", `{"uri":"notes://1/page"}`), verdict: honest, runs: "resource notes://1/page"},
			)
		}
		table = append(table,
			row{name: "S41 " + method, body: message("resources/"+method, `{"uri":"notes://secret"}`), runs: ran + " notes://secret"},
			row{name: "S41 " + method + " with the base scope", body: message("resources/"+method, `{"uri":"notes://public"}`), verdict: honest, runs: ran + " notes://public"},
		)
		for _, uri := range []string{
			"notes://%73ecret", "NOTES://secret", "notes://SECRET", "notes://secret/", "notes:///secret", "notes://secret#x",
			"notes://secret?", "notes://public/../secret", " notes://secret", "notes://secret ", `notes:\\\\secret`, `notes://secret\u0000`, "",
		} {
			table = append(table, row{name: "G9 " + method + " as it is written: " + uri, body: message("resources/"+method, `{"uri":"`+uri+`"}`), verdict: forbidden})
		}
	}
	return table
}

// headerRows are rule G3, and G2.
func headerRows() []row {
	purge := call("purge")
	return []row{
		{name: "G3 two Authorization", headers: []string{"Authorization: Bearer other"}, body: purge, verdict: refused, status: 400},
		{name: "G3 two Content-Type", headers: []string{jsonType, jsonType}, body: purge, verdict: refused, status: 400},
		{name: "G3 two Content-Encoding", headers: []string{"Content-Encoding: identity", "Content-Encoding: identity"}, body: purge, verdict: refused, status: 400},
		{name: "G3 two Mcp-Method", headers: []string{"Mcp-Method: tools/call", "mcp-method: tools/call"}, body: purge, verdict: refused, status: 400},
		{name: "G3 two Mcp-Name", headers: []string{"Mcp-Name: purge", "MCP-NAME: get_weather"}, body: purge, verdict: refused, status: 400},
		{name: "G3 two versions", headers: []string{"MCP-Protocol-Version: 2025-03-26", "MCP-Protocol-Version: 2026-07-28"}, body: purge, verdict: refused, status: 400},
		{name: "G3 two sessions", headers: []string{"Mcp-Session-Id: a", "Mcp-Session-Id: b"}, body: purge, verdict: refused, status: 400},
		{name: "G3 two Origin", headers: []string{"Origin: https://notes.example", "Origin: https://evil.example"}, body: purge, verdict: refused, status: 400},
		{name: "S51 a foreign Origin", headers: []string{"Origin: https://evil.example"}, body: purge, verdict: refused, status: 403},
		{name: "S51 Origin null", headers: []string{"Origin: null"}, body: purge, verdict: refused, status: 403},
		{name: "S51 the resource's own Origin", headers: []string{"Origin: https://notes.example"}, body: purge, runs: "tool purge"},
		{name: "G3 no Content-Type", headers: []string{"Content-Type:"}, body: purge, verdict: refused, status: 415},
		{name: "G3 text/plain", headers: []string{"Content-Type: text/plain"}, body: purge, verdict: refused, status: 415},
		{name: "G3 a list of types", headers: []string{"Content-Type: application/json, text/plain"}, body: purge, verdict: refused, status: 415},
		{name: "G3 a relative of JSON", headers: []string{"Content-Type: application/json-rpc"}, body: purge, verdict: refused, status: 415},
		{name: "G3 a suffix of JSON", headers: []string{"Content-Type: application/vnd.x+json"}, body: purge, verdict: refused, status: 415},
		{name: "G3 UTF-16", headers: []string{"Content-Type: application/json; charset=utf-16"}, body: purge, verdict: refused, status: 415},
		{name: "G3 UTF-7", headers: []string{"Content-Type: application/json; charset=utf-7"}, body: purge, verdict: refused, status: 415},
		{name: "G3 two charsets", headers: []string{"Content-Type: application/json; charset=utf-8; charset=utf-16"}, body: purge, verdict: refused, status: 415},
		{name: "G3 another parameter", headers: []string{"Content-Type: application/json; charset=utf-8; x=y"}, body: purge, verdict: refused, status: 415},
		{name: "G3 UTF-8", headers: []string{"Content-Type: application/json; charset=UTF-8"}, body: purge, runs: "tool purge"},
		{name: "G3 a quoted charset", headers: []string{`Content-Type: application/json;charset="utf-8"`}, body: purge, runs: "tool purge"},
		{name: "G3 the type in capitals", headers: []string{"Content-Type: Application/JSON"}, body: purge, runs: "tool purge"},
		{name: "G2 an override of the method", headers: []string{"X-HTTP-Method-Override: GET"}, body: purge, runs: "tool purge"},
	}
}

// encodings are rules G4 and G5.
func encodings() []row {
	long := strings.Repeat("a", bodyLimit-1000)
	over := strings.Repeat("a", bodyLimit)
	late := `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"arguments":{"x":"` + long + `"},"name":"purge"}}`
	chunked := func(body string) string {
		const size = 0x400
		var b strings.Builder
		for len(body) > size {
			b.WriteString("400\r\n" + body[:size] + "\r\n")
			body = body[size:]
		}
		for i := range len(body) {
			b.WriteString("1\r\n" + body[i:i+1] + "\r\n")
		}
		return b.String() + "0\r\n\r\n"
	}
	inChunks := []string{"Transfer-Encoding: chunked"}
	return []row{
		{name: "G4 gzip", headers: []string{"Content-Encoding: gzip"}, body: call("purge"), verdict: refused, status: 415},
		{name: "G4 deflate", headers: []string{"Content-Encoding: deflate"}, body: call("purge"), verdict: refused, status: 415},
		{name: "G4 a list of encodings", headers: []string{"Content-Encoding: identity, gzip"}, body: call("purge"), verdict: refused, status: 415},
		{name: "G4 identity", headers: []string{"Content-Encoding: identity"}, body: call("purge"), runs: "tool purge"},
		{name: "G5 a name at the end of a long body", body: late, runs: "tool purge"},
		{name: "G5 in chunks", headers: inChunks, body: chunked(call("purge")), runs: "tool purge"},
		{name: "G5 long, in chunks", headers: inChunks, body: chunked(late), runs: "tool purge"},
		{name: "G5 over the limit", body: strings.Replace(late, long, over, 1), verdict: refused, status: 413},
		{name: "G5 over the limit, in chunks", headers: inChunks, body: chunked(strings.Replace(late, long, over, 1)), verdict: refused, status: 413},
		{name: "G5 over the limit by white space", body: call("purge") + strings.Repeat(" ", bodyLimit), verdict: refused, status: 413},
		{name: "G5 up to the limit by white space", body: call("purge") + strings.Repeat(" ", bodyLimit-len(call("purge"))), runs: "tool purge"},
	}
}

// mirrors are rule G10, at every protocol version.
func mirrors() []row {
	var table []row
	for _, version := range []string{"", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "2099-01-01", "junk"} {
		at := func(r row, headers ...string) {
			r.name += " at " + version
			r.headers = headers
			if version != "" {
				r.headers = append(r.headers, "MCP-Protocol-Version: "+version)
			}
			if r.modern = version >= "2026"; r.modern {
				r.body = asModern(r.body)
			}
			table = append(table, r)
		}
		lies := map[string]string{
			"another name": "get_weather", "another name in base64": "=?base64?Z2V0X3dlYXRoZXI=?=", "another case": "Purge",
			"bad base64": "=?base64?!!!?=", "base64 without padding": "=?base64?cHVyZ2V4?=", "an empty name": "", "two names": "get_weather, purge",
			"the sentinel in capitals": "=?BASE64?cHVyZ2U=?=", "a percent escape": "%70urge",
		}
		for name, lie := range lies {
			at(row{name: "G10 " + name, body: call("purge"), verdict: refused, status: 400, code: mismatch}, "Mcp-Method: tools/call", "Mcp-Name: "+lie)
		}
		for name, method := range map[string]string{"another method": "ping", "a method in capitals": "TOOLS/CALL", "no method": ""} {
			at(row{name: "G10 " + name, body: call("purge"), verdict: refused, status: 400, code: mismatch}, "Mcp-Method: "+method, "Mcp-Name: purge")
		}
		at(row{name: "G10 the name of another prompt", body: message("prompts/get", `{"name":"danger_prompt"}`), verdict: refused, status: 400, code: mismatch}, "Mcp-Method: prompts/get", "Mcp-Name: hello")
		at(row{name: "G10 the URI of another resource", body: message("resources/read", `{"uri":"notes://secret"}`), verdict: refused, status: 400, code: mismatch}, "Mcp-Method: resources/read", "Mcp-Name: notes://public")
		at(row{name: "G10 a name for a message without one", body: message("ping", `{"x":1}`), verdict: refused, status: 400, code: mismatch}, "Mcp-Method: ping", "Mcp-Name: ping")
		switch version {
		case "2099-01-01", "junk":
			continue // no SDK serves them
		}
		at(row{name: "G10 agreement", body: call("purge"), runs: "tool purge"}, "Mcp-Method: tools/call", "Mcp-Name: purge")
		encoded := row{name: "G10 agreement in base64", body: call("purge"), runs: "tool purge"}
		if version == "2026-07-28" {
			encoded.verdict = silent // go-sdk wants ASCII as it is
		}
		at(encoded, "Mcp-Method: tools/call", "Mcp-Name: =?base64?cHVyZ2U=?=")
		at(row{name: "G10 agreement about a prompt", body: message("prompts/get", `{"name":"danger_prompt"}`), runs: "prompt danger_prompt"}, "Mcp-Method: prompts/get", "Mcp-Name: danger_prompt")
		at(row{name: "G10 agreement about a URI", body: message("resources/read", `{"uri":"notes://secret"}`), runs: "resource notes://secret"}, "Mcp-Method: resources/read", "Mcp-Name: notes://secret")
		at(row{name: "S44 a batch", body: "[" + call("get_weather") + "," + call("purge") + "]", verdict: refused, status: 400})
		at(row{name: "S44 a batch of one", body: "[" + call("purge") + "]", verdict: refused, status: 400})
		at(row{name: "S44 an empty batch", body: " []", verdict: refused, status: 400})
		at(row{name: "G7 two names", body: message("tools/call", `{"name":"get_weather","name":"purge","arguments":{}}`), verdict: refused, status: 400})
		at(row{name: "G7 a name in capitals", body: message("tools/call", `{"name":"get_weather","NAME":"purge","arguments":{}}`), verdict: refused, status: 400})
	}
	return table
}
