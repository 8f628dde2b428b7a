package gate

import "strings"

// documents are rule G6.
func documents() []row {
	safe, purge := call("get_weather"), call("purge")
	nested := func(depth int) string {
		return readPath(`{"path":"/secret","x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`)
	}
	table := []row{
		{name: "G6 white space around it", body: " \t\r\n" + purge + "\n\n ", verdict: protected, runs: "tool purge"},
		{name: "G6 nested as deep as anybody needs", body: nested(24), verdict: protected, runs: "tool read /secret"},
	}
	for name, body := range map[string]string{
		"two documents, the first safe": safe + purge, "two documents, the first not": purge + safe,
		"two lines": safe + "\n" + purge, "a text after it": purge + "x", "a NUL after it": purge + "\x00", "a brace after it": purge + "}",
		"a comma after it": purge + ",", "a comma before it": "," + purge, "a record separator": "\x1e" + purge, "a byte order mark": "\ufeff" + purge,
		"a byte order mark after it": purge + "\ufeff", "a no-break space before it": "\u00a0" + purge, "a form feed before it": "\f" + purge,
		"UTF-16": utf16(purge), "bad UTF-8 in a name": call("purge\xff"), "bad UTF-8 in an argument": readPath("{\"path\":\"/public\xc0\xaf\"}"),
		"bad UTF-8 in a key":         message("tools/call", "{\"name\":\"purge\",\"nam\xe5\":1,\"arguments\":{}}"),
		"an overlong encoding":       call("pur\xc1\xa7e"),
		"a surrogate in UTF-8":       call("purge\xed\xa0\x80"),
		"nothing":                    "",
		"white space":                "  ",
		"null":                       "null",
		"a string":                   `"tools/call"`,
		"a number":                   "7",
		"an unfinished object":       purge[:len(purge)-1],
		"an unfinished string":       purge[:len(purge)-20],
		"a comma too many":           message("tools/call", `{"name":"purge","arguments":{},}`),
		"a comment":                  message("tools/call", `{"name":"get_weather"/*,"name":"purge"*/,"arguments":{}}`),
		"a line comment":             "//\n" + purge,
		"single quotes":              strings.ReplaceAll(purge, `"`, `'`),
		"a bare key":                 strings.Replace(purge, `"name"`, `name`, 1),
		"a line feed in a string":    call("purge\n"),
		"an unknown escape":          call(`p\urge`),
		"a short escape":             call(`purge\u12`),
		"NaN":                        readPath(`{"path":"/public","x":NaN}`),
		"a leading zero":             readPath(`{"path":"/public","x":01}`),
		"a plus sign":                readPath(`{"path":"/public","x":+1}`),
		"nested too deep":            nested(5000),
		"nested too deep in objects": readPath(strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)),
	} {
		table = append(table, row{name: "G6 " + name, body: body, verdict: refused, status: 400, code: parse})
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

// keys are rule G7 for the envelope and params.
func keys() []row {
	envelope := func(members string) string { return `{"jsonrpc":"2.0","id":7,` + members + `}` }
	const call, safe, purge = `"method":"tools/call"`, `"params":{"name":"get_weather","arguments":{}}`, `"params":{"name":"purge","arguments":{}}`
	named := func(members string) string { return message("tools/call", `{`+members+`,"arguments":{}}`) }
	hello, danger := `"ref":{"type":"ref/prompt","name":"hello"}`, `"ref":{"type":"ref/prompt","name":"danger_prompt"}`
	completing := func(refs string) string {
		return message("completion/complete", `{`+refs+`,"argument":{"name":"a","value":"b"}}`)
	}
	table := []row{
		{name: "G7 an unknown key", body: message("tools/call", `{"name":"purge","arguments":{},"other":1,"nam":2,"names":3}`), runs: "tool purge"},
		{name: "G7 an unknown key that isn't ASCII", body: message("tools/call", `{"name":"purge","arguments":{},"\u00e4":1,"\u00c4":2}`), runs: "tool purge"},
		{name: "G7 an argument called name", body: message("tools/call", `{"name":"purge","arguments":{"name":"get_weather","NAME":"x"}}`), runs: "tool purge"},
		{name: "G7 a tool's own business", body: message("tools/call", `{"name":"get_weather","arguments":{"a":1,"a":2,"A":3}}`), verdict: honest, runs: "tool get_weather"},
		{name: "G7 a name in _meta", body: message("tools/call", `{"_meta":{"name":"get_weather","Name":"get_weather"},"name":"purge","arguments":{}}`), runs: "tool purge"},
		{name: "G7 params before the method", body: `{"params":{"arguments":{},"name":"purge"},"method":"tools/call","id":7,"jsonrpc":"2.0"}`, runs: "tool purge"},
	}
	for name, body := range map[string]string{
		"two methods":                         envelope(`"method":"ping","method":"tools/call",` + purge),
		"two methods, turned round":           envelope(`"method":"tools/call","method":"ping",` + purge),
		"two methods, one escaped":            envelope(`"method":"ping","meth\u006fd":"tools/call",` + purge),
		"method and METHOD":                   envelope(`"method":"tools/call","METHOD":"ping",` + purge),
		"METHOD and method":                   envelope(`"METHOD":"ping","method":"tools/call",` + purge),
		"Method alone":                        envelope(`"Method":"tools/call",` + purge),
		"two params":                          envelope(call + "," + safe + "," + purge),
		"two params, turned round":            envelope(call + "," + purge + "," + safe),
		"two params that add up":              envelope(call + `,"params":{"name":"purge"},"params":{"arguments":{}}`),
		"params and Params":                   envelope(call + "," + safe + "," + strings.Replace(purge, "params", "Params", 1)),
		"params and a long s":                 envelope(call + "," + safe + "," + strings.Replace(purge, "params", "param\u017f", 1)),
		"params and an escaped long s":        envelope(call + "," + safe + "," + strings.Replace(purge, "params", `param\u017f`, 1)),
		"a long s alone":                      envelope(call + "," + strings.Replace(purge, "params", "param\u017f", 1)),
		"jsonrpc with a long s":               `{"jsonrpc":"2.0","j\u017fonrpc":"2.0","id":7,` + call + "," + purge + "}",
		"two ids":                             `{"jsonrpc":"2.0","id":7,"id":8,` + call + "," + purge + "}",
		"id and ID":                           `{"jsonrpc":"2.0","id":7,"ID":8,` + call + "," + purge + "}",
		"two names, the first safe":           named(`"name":"get_weather","name":"purge"`),
		"two names, the last safe":            named(`"name":"purge","name":"get_weather"`),
		"two names alike":                     named(`"name":"purge","name":"purge"`),
		"two names, one escaped":              named(`"name":"get_weather","n\u0061me":"purge"`),
		"two names, one null":                 named(`"name":"purge","name":null`),
		"name and NAME":                       named(`"name":"get_weather","NAME":"purge"`),
		"NAME and name":                       named(`"NAME":"purge","name":"get_weather"`),
		"name and an escaped Name":            named(`"name":"get_weather","\u004eame":"purge"`),
		"NAME alone":                          named(`"NAME":"purge"`),
		"two names far apart":                 message("tools/call", `{"name":"get_weather","arguments":{"x":"`+strings.Repeat("a", 5000)+`"},"name":"purge"}`),
		"uri and URI":                         message("resources/read", `{"uri":"notes://public","URI":"notes://secret"}`),
		"two URIs":                            message("resources/read", `{"uri":"notes://public","uri":"notes://secret"}`),
		"two arguments":                       message("tools/call", `{"name":"read","arguments":{"path":"/public"},"arguments":{"path":"/secret"}}`),
		"arguments and a long s":              message("tools/call", "{\"name\":\"read\",\"arguments\":{\"path\":\"/public\"},\"argument\u017f\":{\"path\":\"/secret\"}}"),
		"arguments and Arguments":             message("tools/call", `{"name":"read","arguments":{"path":"/public"},"Arguments":{"path":"/secret"}}`),
		"two refs":                            completing(hello + "," + danger),
		"ref and REF":                         completing(hello + "," + strings.Replace(danger, "ref", "REF", 1)),
		"a ref with two names":                completing(`"ref":{"type":"ref/prompt","name":"hello","name":"danger_prompt"}`),
		"a ref with name and Name":            completing(`"ref":{"type":"ref/prompt","name":"hello","Name":"danger_prompt"}`),
		"a ref with two types":                completing(`"ref":{"type":"ref/resource","type":"ref/prompt","name":"danger_prompt","uri":"notes://public"}`),
		"a ref with type and TYPE":            completing(`"ref":{"type":"ref/resource","TYPE":"ref/prompt","name":"danger_prompt","uri":"notes://public"}`),
		"taskId and a Kelvin sign":            message("tasks/get", "{\"taskId\":\"1\",\"tas\u212aId\":\"2\"}"),
		"an escaped Kelvin sign":              message("tasks/get", `{"taskId":"1","tas\u212aId":"2"}`),
		"unknown keys that stand twice":       named(`"name":"purge","other":1,"other":2`),
		"unknown keys of the envelope, twice": envelope(call + "," + purge + `,"x":1,"x":2`),
	} {
		table = append(table, row{name: "G7 " + name, body: body, verdict: refused, status: 400, code: parse})
	}
	return table
}

// argumentKeys are rule G7 where the need depends on the arguments.
func argumentKeys() []row {
	table := []row{
		{name: "G7 an argument that needs more", body: readPath(`{"path":"/secret"}`), runs: "tool read /secret"},
		{name: "G7 an argument that needs more, escaped", body: readPath(`{"p\u0061th":"\/secret"}`), runs: "tool read /secret"},
		{name: "G7 an argument that needs no more", body: readPath(`{"path":"/public"}`), verdict: honest, runs: "tool read /public"},
		{name: "G7 no argument", body: readPath(`{}`), runs: "tool read "},
		{name: "G7 null arguments", body: readPath(`null`), runs: "tool read "},
		{name: "G7 the argument deeper down", body: readPath(`{"x":{"path":"/public"},"path":"/secret"}`), runs: "tool read /secret"},
		{name: "G7 the argument in capitals alone", body: readPath(`{"PATH":"/secret"}`), verdict: forbidden},
		{name: "G7 the argument as a list", body: readPath(`{"path":["/public"]}`), runs: "tool read undecodable"},
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
		table = append(table, row{name: "G7 arguments: " + name, body: readPath(arguments), verdict: refused, status: 400, code: parse})
	}
	return table
}

// values are rule G8.
func values() []row {
	const purge = `"params":{"name":"purge","arguments":{}}`
	table := []row{
		{name: "G8 an escaped method", body: message(`tools\u002fc\u0061ll`, `{"name":"purge","arguments":{}}`), runs: "tool purge"},
		{name: "G8 an escaped slash", body: message(`tools\/call`, `{"name":"purge","arguments":{}}`), runs: "tool purge"},
		{name: "G8 an escaped name", body: call(`pur\u0067\u0065`), runs: "tool purge"},
		{name: "G8 escaped keys", body: `{"jsonrpc":"2.0","id":7,"\u006dethod":"tools/call","p\u0061rams":{"n\u0061me":"purge","arguments":{}}}`, runs: "tool purge"},
		{name: "G8 an escaped URI", body: message("resources/read", `{"uri":"notes:\/\/s\u0065cret"}`), runs: "resource notes://secret"},
		{name: "G8 an escaped name with the base scope", body: call(`get\u005fweather`), verdict: honest, runs: "tool get_weather"},
		{name: "G8 no arguments", body: message("tools/call", `{"name":"purge"}`), runs: "tool purge"},
		{name: "G8 a notification", body: `{"jsonrpc":"2.0","method":"tools/call",` + purge + `}`, verdict: silent},
		{name: "G8 an emoji in an argument", body: readPath(`{"path":"/public","x":"\ud83d\ude00"}`), verdict: honest, runs: "tool read /public"},
		{name: "G8 no name", body: message("tools/call", `{"arguments":{}}`), verdict: refused, status: 400},
		{name: "G8 no params", body: `{"jsonrpc":"2.0","id":7,"method":"tools/call"}`, verdict: refused, status: 400},
		{name: "G8 no uri", body: message("resources/read", `{}`), verdict: refused, status: 400},
		{name: "G8 a name for a uri", body: message("resources/read", `{"name":"notes://public"}`), verdict: refused, status: 400},
	}
	for name, id := range map[string]string{
		"null": "null", "true": "true", "a list": "[7]", "an object": "{}", "a fraction": "7.5", "an exponent": "7e2", "minus zero": "-0",
		"a number beyond 64 bits": "18446744073709551616", "a lone surrogate": `"\ud800"`,
	} {
		table = append(table, row{name: "G8 an id that is " + name, body: `{"jsonrpc":"2.0","id":` + id + `,"method":"tools/call",` + purge + `}`, verdict: refused, status: 400, code: parse})
	}
	for name, body := range map[string]string{
		"null for a method":              `{"jsonrpc":"2.0","id":7,"method":null,` + purge + `}`,
		"a number for a method":          `{"jsonrpc":"2.0","id":7,"method":1,` + purge + `}`,
		"a list for a method":            `{"jsonrpc":"2.0","id":7,"method":["tools/call"],` + purge + `}`,
		"an empty method":                message("", `{"name":"purge"}`),
		"no method":                      `{"jsonrpc":"2.0","id":7,` + purge + `}`,
		"null for a name":                message("tools/call", `{"name":null,"arguments":{}}`),
		"a number for a name":            message("tools/call", `{"name":1,"arguments":{}}`),
		"a list for a name":              message("tools/call", `{"name":["purge"],"arguments":{}}`),
		"an object for a name":           message("tools/call", `{"name":{"name":"purge"},"arguments":{}}`),
		"null for a URI":                 message("resources/read", `{"uri":null}`),
		"null params":                    message("tools/call", `null`),
		"a list for params":              message("tools/call", `["purge"]`),
		"a string for arguments":         message("tools/call", `{"name":"read","arguments":"{\"path\":\"/secret\"}"}`),
		"a string for a ref":             complete(`"danger_prompt"`),
		"null for a ref's name":          complete(`{"type":"ref/prompt","name":null}`),
		"null for a ref's type":          complete(`{"type":null,"name":"danger_prompt"}`),
		"a lone surrogate in a name":     call(`purge\ud800`),
		"a turned surrogate in a name":   call(`purge\udc00\ud800`),
		"a lone surrogate in a method":   message(`tools/call\udfff`, `{"name":"purge"}`),
		"a lone surrogate in a URI":      message("resources/read", `{"uri":"notes://secret\ud83d"}`),
		"a method beside a result":       `{"jsonrpc":"2.0","id":7,"method":"tools/call",` + purge + `,"result":{}}`,
		"a method beside an error":       `{"jsonrpc":"2.0","id":7,"method":"tools/call",` + purge + `,"error":{"code":1,"message":""}}`,
		"a method beside a null result":  `{"jsonrpc":"2.0","id":7,"method":"tools/call",` + purge + `,"result":null}`,
		"a result beside an error":       `{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1,"message":""}}`,
		"another version":                strings.Replace(call("purge"), "2.0", "1.0", 1),
		"a number for a version":         strings.Replace(call("purge"), `"2.0"`, "2.0", 1),
		"no version":                     strings.Replace(call("purge"), `"jsonrpc":"2.0",`, "", 1),
		"params that are a result's own": `{"jsonrpc":"2.0","id":7,"result":{},` + purge + `}`,
	} {
		table = append(table, row{name: "G8 " + name, body: body, verdict: refused, status: 400, code: parse})
	}
	return table
}
