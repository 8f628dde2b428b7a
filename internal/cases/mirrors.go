package cases

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// Versions are the protocol versions that clients name, "" where they name
// none, and two that nobody serves.
func Versions() []string {
	return []string{"", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "2099-01-01", "junk"}
}

// Served reports whether there are MCP servers of a version.
func Served(version string) bool { return version != "2099-01-01" && version != "junk" }

// mirrors are rule G10, S42 and S44, at every protocol version.
func (o *Offer) mirrors() []Message {
	var table []Message
	for _, version := range Versions() {
		lies := o.lies()
		if Served(version) {
			lies = append(append(lies, o.agreements(version)...), o.batches()...)
		}
		for i := range lies {
			lies[i].at(version)
		}
		table = append(table, lies...)
	}
	return table
}

// at makes a message one of that protocol version.
func (m *Message) at(version string) {
	if version == "" {
		m.Name += " without a version"
		return
	}
	m.Name += " at " + version
	m.Headers = append(m.Headers, "MCP-Protocol-Version: "+version)
	if m.Modern = version >= "2026"; m.Modern {
		m.Body = AsModern(m.Body)
	}
}

const mirrored = "MCP 2026-07-28 transports, Mcp-Method and Mcp-Name"

// lies are header fields that don't agree with the body.
func (o *Offer) lies() []Message {
	sentinel := func(text string) string { return "=?base64?" + text + "?=" }
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	var table []Message
	lie := func(name, body, method, subject string) {
		table = append(table, Message{
			Name: "G10 " + name, Clause: mirrored, Body: body, Headers: []string{"Mcp-Method: " + method, "Mcp-Name: " + subject},
			Verdict: Refused, Status: http.StatusBadRequest, Code: Mismatch,
		})
	}
	for name, subject := range map[string]string{
		"another name": o.Safe, "another name in base64": sentinel(encode(o.Safe)), "another case": turned(o.Danger),
		"bad base64": sentinel("!!!"), "base64 without padding": sentinel(strings.TrimRight(encode(padded(o.Danger)), "=")), "an empty name": "",
		"two names": o.Safe + ", " + o.Danger, "the sentinel in capitals": strings.Replace(sentinel(encode(o.Danger)), "base64", "BASE64", 1),
		"a percent escape": percent(o.Danger),
	} {
		lie(name, o.danger(), "tools/call", subject)
	}
	for name, method := range map[string]string{"another method": "ping", "a method in capitals": "TOOLS/CALL", "no method": ""} {
		lie(name, o.danger(), method, o.Danger)
	}
	lie("the name of another prompt", message("prompts/get", `{"name":"`+o.ProtectedPrompt+`"}`), "prompts/get", o.OpenPrompt)
	lie("the URI of another resource", message("resources/read", `{"uri":"`+o.ProtectedResource+`"}`), "resources/read", o.OpenResource)
	lie("a name for a message without one", message("ping", `{"x":1}`), "ping", "ping")
	return table
}

// padded is a name, or one like it, whose base64 has padding.
func padded(name string) string {
	if len(name)%3 == 0 {
		return name + "x"
	}
	return name
}

func percent(name string) string { return "%" + strings.TrimPrefix(escaped(name, 0), `\u00`) }

// agreements are header fields that agree with the body.
func (o *Offer) agreements(version string) []Message {
	agree := func(name, method, params, subject, runs string) Message {
		return Message{
			Name: "G10 " + name, Clause: mirrored, Body: message(method, params), Runs: runs,
			Headers: []string{"Mcp-Method: " + method, "Mcp-Name: " + subject},
		}
	}
	call := `{"name":"` + o.Danger + `","arguments":` + o.DangerArguments + `}`
	encoded := agree("agreement in base64", "tools/call", call, "=?base64?"+base64.StdEncoding.EncodeToString([]byte(o.Danger))+"?=", o.runs())
	if version == "2026-07-28" {
		encoded.Verdict = Silent // go-sdk wants ASCII as it is
	}
	return []Message{
		agree("agreement", "tools/call", call, o.Danger, o.runs()),
		encoded,
		agree("agreement about a prompt", "prompts/get", `{"name":"`+o.ProtectedPrompt+`"}`, o.ProtectedPrompt, "prompt "+o.ProtectedPrompt),
		agree("agreement about a URI", "resources/read", `{"uri":"`+o.ProtectedResource+`"}`, o.ProtectedResource, "resource "+o.ProtectedResource),
	}
}

// batches are S44, and two forms of G7 that versions might treat differently.
func (o *Offer) batches() []Message {
	refused := func(name, body string) Message {
		clause := "MCP 2025-06-18 changelog: JSON-RPC batching is removed"
		if !strings.HasPrefix(name, "S44") {
			clause = uniqueKeys
		}
		return Message{Name: name, Clause: clause, Body: body, Verdict: Refused, Status: http.StatusBadRequest}
	}
	// Of two requests with one id that are under way together, a server may run
	// both or refuse one.
	second := strings.Replace(o.danger(), `"id":7`, `"id":"second"`, 1)
	return []Message{
		refused("S44 a batch", "["+o.safe()+","+second+"]"),
		refused("S44 a batch of one", "["+o.danger()+"]"),
		refused("S44 an empty batch", " []"),
		refused("G7 two names", o.params(`"name":"`+o.Safe+`","name":"`+o.Danger+`"`)),
		refused("G7 a name in capitals", o.params(`"name":"`+o.Safe+`","NAME":"`+o.Danger+`"`)),
	}
}
