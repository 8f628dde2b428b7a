package cases

import (
	"strings"
	"unicode"
)

// spelled are the part of rule G9 about names that are almost those of protected
// things: they are other names, as nobody normalises any.
func (o *Offer) spelled() []Message {
	last := len(o.Danger) - 1
	tools := map[string]string{
		"in another case": turned(o.Danger), "with a space after it": o.Danger + " ", "with a space before it": " " + o.Danger,
		"with a NUL after it": o.Danger + `\u0000`,
	}
	if c := rune(o.Danger[last]); unicode.IsLetter(c) || unicode.IsDigit(c) {
		const wide = 0xfee0 // from ASCII to its full-width look-alikes
		tools["by a look-alike"] = o.Danger[:last] + string(c+wide)
	}
	var table []Message
	add := func(name, almost, body string) {
		table = append(table, Message{
			Name: "G9 " + name, Body: body, Verdict: Forbidden, Almost: almost,
			Clause: "MCP 2026-07-28 tools, prompts and resources; RFC 3986 §6.2.1",
		})
	}
	for how, name := range tools {
		add("a tool "+how, o.runs(), o.named(name))
	}
	add("a prompt in another case", "prompt "+o.ProtectedPrompt, message("prompts/get", `{"name":"`+turned(o.ProtectedPrompt)+`"}`))
	for _, method := range []string{"read", "subscribe", "unsubscribe"} {
		for how, uri := range spelledURIs(o.ProtectedResource, o.OpenResource) {
			add(method+" "+how, "resource "+o.ProtectedResource, message("resources/"+method, `{"uri":"`+uri+`"}`))
		}
	}
	return table
}

// spelledURIs are URIs that some would take for the protected one.
func spelledURIs(protected, open string) map[string]string {
	scheme, rest, _ := strings.Cut(protected, ":")
	end := len(protected) - 1
	return map[string]string{
		"a URI with a percent escape":       protected[:end] + percent(protected[end:]),
		"a URI with its scheme in capitals": strings.ToUpper(scheme) + ":" + rest,
		"a URI with all else in capitals":   scheme + ":" + strings.ToUpper(rest),
		"a URI with a slash after it":       protected + "/",
		"a URI with a slash too many":       strings.Replace(protected, "://", ":///", 1),
		"a URI with a fragment":             protected + "#x",
		"a URI with an empty query":         protected + "?",
		"a URI with a dot segment":          open + "/../" + strings.TrimLeft(rest, "/"),
		"a URI with a space before it":      " " + protected,
		"a URI with a space after it":       protected + " ",
		"a URI with backslashes":            scheme + ":" + strings.ReplaceAll(rest, "/", `\\`),
		"a URI with a NUL after it":         protected + `\u0000`,
		"no URI at all":                     "",
	}
}
