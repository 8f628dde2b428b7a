package cases

import (
	"net/http"
	"strings"
)

// fields are rule G3, and G2 and S51 as far as a single message shows them.
func (o *Offer) fields() []Message {
	const clause = "RFC 9110 §5.3; MCP 2026-07-28 transports"
	purge, runs := o.danger(), o.runs()
	var table []Message
	refused := func(name string, status int, headers ...string) {
		table = append(table, Message{Name: name, Clause: clause, Headers: headers, Body: purge, Verdict: Refused, Status: status})
	}
	let := func(name string, headers ...string) {
		table = append(table, Message{Name: name, Clause: clause, Headers: headers, Body: purge, Runs: runs})
	}
	refused("G3 two Authorization", http.StatusBadRequest, "Authorization: Bearer other")
	refused("G3 two Content-Type", http.StatusBadRequest, JSONType, JSONType)
	refused("G3 two Content-Encoding", http.StatusBadRequest, "Content-Encoding: identity", "Content-Encoding: identity")
	refused("G3 two Mcp-Method", http.StatusBadRequest, "Mcp-Method: tools/call", "mcp-method: tools/call")
	refused("G3 two Mcp-Name", http.StatusBadRequest, "Mcp-Name: "+o.Danger, "MCP-NAME: "+o.Safe)
	refused("G3 two versions", http.StatusBadRequest, "MCP-Protocol-Version: 2025-03-26", "MCP-Protocol-Version: 2026-07-28")
	refused("G3 two sessions", http.StatusBadRequest, "Mcp-Session-Id: a", "Mcp-Session-Id: b")
	refused("G3 two Origin", http.StatusBadRequest, "Origin: "+o.Origin, "Origin: https://evil.example")
	refused("S51 a foreign Origin", http.StatusForbidden, "Origin: https://evil.example")
	refused("S51 Origin null", http.StatusForbidden, "Origin: null")
	let("S51 the resource's own Origin", "Origin: "+o.Origin)
	for name, value := range map[string]string{
		"no Content-Type": "", "text plain": " text/plain", "a list of types": " application/json, text/plain",
		"a relative of JSON": " application/json-rpc", "a suffix of JSON": " application/vnd.x+json",
		"UTF-16": " application/json; charset=utf-16", "UTF-7": " application/json; charset=utf-7",
		"two charsets":      " application/json; charset=utf-8; charset=utf-16",
		"another parameter": " application/json; charset=utf-8; x=y",
	} {
		refused("G3 "+name, http.StatusUnsupportedMediaType, "Content-Type:"+value)
	}
	let("G3 UTF-8", "Content-Type: application/json; charset=UTF-8")
	let("G3 a quoted charset", `Content-Type: application/json;charset="utf-8"`)
	let("G3 the type in capitals", "Content-Type: Application/JSON")
	let("G2 an override of the method", "X-HTTP-Method-Override: GET")
	return table
}

// encodings are rules G4 and G5.
func (o *Offer) encodings() []Message {
	const coded, sized = "RFC 9110 §8.4, §15.5.16", "RFC 9110 §15.5.14"
	purge, runs := o.danger(), o.runs()
	late := func(length int) string {
		const name = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"_meta":{"x":"`
		return name + strings.Repeat("a", length) + `"},"arguments":` + o.DangerArguments + `,"name":"` + o.Danger + `"}}`
	}
	space := func(length int) string { return strings.Repeat(" ", length) }
	table := []Message{
		{Name: "G4 identity", Headers: []string{"Content-Encoding: identity"}, Body: purge, Runs: runs},
	}
	for name, value := range map[string]string{"gzip": "gzip", "deflate": "deflate", "a list of encodings": "identity, gzip"} {
		table = append(table, Message{
			Name: "G4 " + name, Headers: []string{"Content-Encoding: " + value}, Body: purge,
			Verdict: Refused, Status: http.StatusUnsupportedMediaType,
		})
	}
	for i := range table {
		table[i].Clause = coded
	}
	const tooLong = http.StatusRequestEntityTooLarge
	return append(table,
		Message{Name: "G5 a name at the end of a long body", Clause: sized, Body: late(o.LongBytes), Runs: runs},
		Message{Name: "G5 in chunks", Clause: sized, Chunked: true, Body: purge, Runs: runs},
		Message{Name: "G5 long, in chunks", Clause: sized, Chunked: true, Body: late(o.LongBytes), Runs: runs},
		Message{Name: "G5 over the limit", Clause: sized, Body: late(o.BodyBytes), Verdict: Refused, Status: tooLong},
		Message{Name: "G5 over the limit, in chunks", Clause: sized, Chunked: true, Body: late(o.BodyBytes), Verdict: Refused, Status: tooLong},
		Message{Name: "G5 over the limit by white space", Clause: sized, Body: purge + space(o.BodyBytes), Verdict: Refused, Status: tooLong},
		Message{Name: "G5 up to the limit by white space", Clause: sized, Body: purge + space(o.BodyBytes-len(purge)), Runs: runs},
	)
}
