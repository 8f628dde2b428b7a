package gate

import (
	"fmt"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// argumentKeys are rule G7 where the need depends on the arguments.
func argumentKeys() []row {
	table := []row{
		{Name: "G7 an argument that needs more", Body: readPath(`{"path":"/secret"}`), Runs: "tool read /secret"},
		{Name: "G7 an argument that needs more, escaped", Body: readPath(`{"p\u0061th":"\/secret"}`), Runs: "tool read /secret"},
		{Name: "G7 an argument that needs no more", Body: readPath(`{"path":"/public"}`), Verdict: honest, Runs: "tool read /public"},
		{Name: "G7 no argument", Body: readPath(`{}`), Runs: "tool read "},
		{Name: "G7 null arguments", Body: readPath(`null`), Runs: "tool read "},
		{Name: "G7 the argument deeper down", Body: readPath(`{"x":{"path":"/public"},"path":"/secret"}`), Runs: "tool read /secret"},
		{Name: "G7 the argument in capitals alone", Body: readPath(`{"PATH":"/secret"}`), Verdict: forbidden},
		{Name: "G7 the argument as a list", Body: readPath(`{"path":["/public"]}`), Runs: "tool read undecodable"},
	}
	for name, arguments := range map[string]string{
		"path and PATH":            `{"path":"/public","PATH":"/secret"}`,
		"PATH and path":            `{"PATH":"/secret","path":"/public"}`,
		"path and an escaped Path": `{"path":"/public","\u0050ath":"/secret"}`,
		"two paths":                `{"path":"/public","path":"/secret"}`,
		"two paths, one escaped":   `{"path":"/public","pat\u0068":"/secret"}`,
		"a twin deep down":         `{"path":"/public","x":[{"y":{"z":1,"z":2}}]}`,
		"a case twin deep down":    `{"path":"/public","x":[{"y":{"z":1,"Z":2}}]}`,
		"a long s":                 "{\"path\":\"/public\",\"s\":1,\"\u017f\":2}",
		"a Kelvin sign":            "{\"path\":\"/public\",\"k\":1,\"\u212a\":2}",
		"a final sigma":            "{\"path\":\"/public\",\"\u03c3\":1,\"\u03c2\":2}",
	} {
		table = append(table, row{Name: "G7 arguments: " + name, Body: readPath(arguments), Verdict: refused, Status: 400, Code: parse})
	}
	return table
}

// costs are the part of rule G12 that a single message shows: what would take long
// to compare is refused, and what comes close to it is read.
func costs() []row {
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":%d`, i, i)
		}
		return b.String()
	}
	long := func(n int) string { return `,"` + strings.Repeat("k", n) + `":1` }
	params := func(more string) string { return message("tools/call", `{"name":"purge","arguments":{}`+more+`}`) }
	envelope := func(more string) string {
		return strings.Replace(call("purge"), `"jsonrpc":"2.0"`, `"jsonrpc":"2.0"`+more, 1)
	}
	table := []row{
		{Name: "G12 as many keys in params as may be", Body: params(members(62)), Runs: "tool purge"},
		{Name: "G12 as many keys in the envelope as may be", Body: envelope(members(60)), Runs: "tool purge"},
		{Name: "G12 a key as long as may be", Body: params(long(256)), Runs: "tool purge"},
		{Name: "G12 many keys in arguments that decide nothing", Body: cases.Call("purge", "{"+members(1000)[1:]+"}"), Runs: "tool purge"},
		{Name: "G12 deep arguments that decide nothing", Body: cases.Call("purge", strings.Repeat(`{"x":`, 60)+"1"+strings.Repeat("}", 60)), Runs: "tool purge"},
	}
	for name, body := range map[string]string{
		"too many keys in params": params(members(63)), "too many keys in the envelope": envelope(members(61)), "too long a key": params(long(257)),
		"too long a key of the envelope": envelope(long(257)),
	} {
		table = append(table, row{Name: "G12 " + name, Body: body, Verdict: refused, Status: 400, Code: parse})
	}
	return table
}
