package cases

import (
	"net/http"
	"strings"
)

// documents are rule G6.
func (o *Offer) documents() []Message {
	const clause = "RFC 8259 §2, §8.1; MCP 2026-07-28 transports, one message per POST"
	safe, purge, runs := o.safe(), o.danger(), o.runs()
	nested := func(depth int) string {
		return o.with(`"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth))
	}
	last := len(o.Danger) - 1
	stem := o.Danger[:last]
	table := []Message{
		{Name: "G6 white space around it", Clause: clause, Body: " \t\r\n" + purge + "\n\n ", Runs: runs},
		{Name: "G6 nested as deep as anybody needs", Clause: clause, Body: nested(24), Runs: runs, Extra: true},
	}
	for name, body := range map[string]string{
		"two documents, the first safe": safe + purge, "two documents, the first not": purge + safe,
		"two lines": safe + "\n" + purge, "a text after it": purge + "x", "a NUL after it": purge + "\x00", "a brace after it": purge + "}",
		"a comma after it": purge + ",", "a comma before it": "," + purge, "a record separator": "\x1e" + purge, "a byte order mark": "\ufeff" + purge,
		"a byte order mark after it": purge + "\ufeff", "a no-break space before it": "\u00a0" + purge, "a form feed before it": "\f" + purge,
		"UTF-16 in place of UTF-8": utf16(purge), "bad UTF-8 in a name": o.named(o.Danger + "\xff"), "bad UTF-8 in an argument": o.with("\"path\":\"/public\xc0\xaf\""),
		"bad UTF-8 in a key":         o.params(`"name":"` + o.Danger + "\",\"nam\xe5\":1"),
		"an overlong encoding":       o.named(stem + string([]byte{0xc0 | o.Danger[last]>>6, 0x80 | o.Danger[last]&0x3f})),
		"a surrogate in UTF-8":       o.named(o.Danger + "\xed\xa0\x80"),
		"nothing":                    "",
		"white space":                "  ",
		"null":                       "null",
		"a string":                   `"tools/call"`,
		"a number":                   "7",
		"an unfinished object":       purge[:len(purge)-1],
		"an unfinished string":       purge[:strings.Index(purge, o.Danger)+1],
		"a comma too many":           message("tools/call", `{"name":"`+o.Danger+`","arguments":`+o.DangerArguments+`,}`),
		"a comment":                  message("tools/call", `{"name":"`+o.Safe+`"/*,"name":"`+o.Danger+`"*/,"arguments":`+o.SafeArguments+`}`),
		"a line comment":             "//\n" + purge,
		"single quotes":              strings.ReplaceAll(purge, `"`, `'`),
		"a bare key":                 strings.Replace(purge, `"name"`, `name`, 1),
		"a line feed in a string":    o.named(o.Danger + "\n"),
		"an unknown escape":          o.named(stem + `\` + "x" + o.Danger[last:]),
		"a short escape":             o.named(o.Danger + `\u12`),
		"NaN":                        o.with(`"x":NaN`),
		"a leading zero":             o.with(`"x":01`),
		"a plus sign":                o.with(`"x":+1`),
		"nested too deep":            nested(5000),
		"nested too deep in objects": o.with(`"x":` + strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)),
	} {
		table = append(table, Message{Name: "G6 " + name, Clause: clause, Body: body, Verdict: Refused, Status: http.StatusBadRequest, Code: Parse})
	}
	return table
}

func utf16(text string) string {
	var b strings.Builder
	for _, c := range text {
		b.WriteByte(0)
		b.WriteByte(byte(c))
	}
	return b.String()
}
