package gate

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
