package difffuzz

import "strings"

// modern is the _meta that protocol version 2026-07-28 wants in each request.
const modern = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`

// methods are those that either SDK knows, and one that neither does.
func methods() []string {
	return []string{
		"tools/call", "prompts/get", "resources/read", "completion/complete", "subscriptions/listen", "resources/subscribe",
		"resources/unsubscribe", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "ping", "initialize",
		"server/discover", "logging/setLevel", "tasks/get", "tasks/list", "tasks/result", "tasks/cancel",
		"notifications/initialized", "notifications/cancelled", "notifications/roots/list_changed", "notifications/progress", "x/unknown",
	}
}

// params are what a client sends with each method that needs some.
func params(method string) string {
	switch method {
	case "tools/call":
		return `"name":"safe","arguments":{"path":"/public"}`
	case "prompts/get":
		return `"name":"safe"`
	case "resources/read", "resources/subscribe", "resources/unsubscribe":
		return `"uri":"x://safe"`
	case "completion/complete":
		return `"ref":{"type":"ref/prompt","name":"safe"},"argument":{"name":"a","value":"b"}`
	case "subscriptions/listen":
		return `"notifications":{"resourceSubscriptions":["x://safe"]}`
	case "initialize":
		return `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}`
	case "logging/setLevel":
		return `"level":"info"`
	case "tasks/get", "tasks/result", "tasks/cancel":
		return `"taskId":"1"`
	case "notifications/cancelled":
		return `"requestId":1`
	case "notifications/progress":
		return `"progressToken":1,"progress":1`
	}
	return ""
}

// request is a client's request, or its notification.
func request(method, params string) string {
	id := `"id":1,`
	if strings.HasPrefix(method, "notifications/") {
		id = ""
	}
	return `{"jsonrpc":"2.0",` + id + `"method":"` + method + `","params":{` + params + `}}`
}

// legitimate are bodies that clients send, at both ages of the protocol.
func legitimate() []string {
	var bodies []string
	for _, method := range methods() {
		bodies = append(bodies, request(method, params(method)))
		if p := params(method); p != "" {
			bodies = append(bodies, request(method, p+","+modern))
		} else {
			bodies = append(bodies, request(method, modern), strings.Replace(request(method, ""), `,"params":{}`, "", 1))
		}
	}
	return append(bodies,
		request("completion/complete", `"ref":{"type":"ref/resource","uri":"t://safe"},"argument":{"name":"any","value":"b"}`),
		request("tools/call", `"name":"safe"`),
		request("tools/call", `"name":"safe","arguments":null`),
		request("tools/call", `"name":"safe","arguments":{},"task":{"ttl":1}`),
		request("tools/call", `"na\u006de":"s\u0061fe"`),
		request("resources/read", `"uri":"t:\/\/\ud83d\ude00/é"`),
		" \r\n\t"+request("tools/call", `"name" : "safe" `)+"\n",
		`{"params":{"name":"safe"},"method":"tools/call","id":"a","jsonrpc":"2.0"}`,
		`{"jsonrpc":"2.0","id":1,"result":{}}`,
		`{"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"no"}}`,
	)
}

// hostile are bodies of which at least one decoder runs danger, or runs
// anything at all, while another reads safe or nothing.
func hostile() []string {
	call := request("tools/call", `"name":"safe"`)
	danger := strings.Replace(call, "safe", "danger", 1)
	bodies := []string{
		call + danger, call + "\n" + danger, danger + " " + call, danger + "x", danger + ",", danger + "\x00",
		"[" + danger + "]", "[" + call + "," + danger + "]", " [" + danger + "]", "[]", "\ufeff" + danger, "null", "null" + danger,
		strings.Replace(danger, "{", "{,", 1), strings.Replace(danger, "}}", ",}}", 1), strings.Replace(danger, "danger", "dan\xffger", 1),
		strings.Replace(danger, `"params"`, `"result":{},"params"`, 1), strings.Replace(danger, `"params"`, `"error":null,"params"`, 1),
		strings.Replace(danger, `"id":1`, `"id":null`, 1), strings.Replace(danger, `"id":1`, `"id":1.5`, 1), strings.Replace(danger, `"id":1`, `"id":{}`, 1),
		strings.Replace(danger, `"2.0"`, `2.0`, 1), strings.Replace(danger, `"jsonrpc":"2.0",`, ``, 1),
		`{"jsonrpc":"2.0","id":1,"method":null,"params":{"name":"danger"}}`,
		request("tools/call", `"name":"danger","arguments":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)),
		request("tools/call", `"name":"safe","arguments":{"path":"/public","PATH":"/secret"}`),
		request("completion/complete", `"ref":{"type":"ref/prompt","name":"safe","NAME":"danger"},"argument":{"name":"a","value":"b"}`),
		request("completion/complete", `"ref":{"type":"ref/prompt","name":"safe","type":"ref/resource","uri":"x://danger"},"argument":{"name":"a","value":"b"}`),
		request("completion/complete", `"ref":{"type":"ref/prompt","name":"danger","uri":"x://safe"},"argument":{"name":"a","value":"b"}`),
		request("completion/complete", `"argument":{"name":"a","value":"b"}`),
		request("subscriptions/listen", `"notifications":{"resourceSubscriptions":["x://safe"],"resourceSubscriptions":["x://danger"]}`),
		request("subscriptions/listen", `"notifications":{"resourceSubscriptions":["x://safe"],"RESOURCESUBSCRIPTIONS":["x://danger"]}`),
		request("subscriptions/listen", `"notifications":{"resourceSubscriptions":["x://safe",null]}`),
	}
	for _, second := range []string{`"name"`, `"NAME"`, `"Name"`, `"n\u0061me"`, `"\u004eame"`, `"name\u0000"`, `"name "`, `"nаme"`} {
		for _, value := range []string{`"danger"`, `null`, `{}`, `["danger"]`, `"\ud800"`} {
			bodies = append(bodies, request("tools/call", `"name":"safe",`+second+`:`+value), request("tools/call", second+`:`+value+`,"name":"safe"`),
				request("prompts/get", `"name":"safe",`+second+`:`+value))
		}
	}
	for _, second := range []string{`"params"`, `"PARAMS"`, `"param\u017f"`, `"paramſ"`, `"p\u0061rams"`} {
		for _, value := range []string{`{"name":"danger"}`, `null`, `{}`, `["danger"]`, `"danger"`} {
			bodies = append(bodies, strings.Replace(call, `"params"`, second+`:`+value+`,"params"`, 1), strings.Replace(call, `}}`, `},`+second+`:`+value+`}`, 1))
		}
	}
	for _, second := range []string{`"method"`, `"METHOD"`, `"m\u0065thod"`, `"Method"`} {
		for _, value := range []string{`"ping"`, `"tools/list"`, `null`, `""`} {
			bodies = append(bodies, strings.Replace(danger, `"params"`, second+`:`+value+`,"params"`, 1), strings.Replace(danger, `"method"`, second+`:`+value+`,"method"`, 1))
		}
	}
	for _, second := range []string{`"uri"`, `"URI"`, `"ur\u0069"`} {
		for _, value := range []string{`"x://danger"`, `null`, `"x://safe\u0000"`} {
			bodies = append(bodies, request("resources/read", `"uri":"x://safe",`+second+`:`+value), request("resources/subscribe", `"uri":"x://safe",`+second+`:`+value))
		}
	}
	for _, second := range []string{`"_META"`, `"_meta"`, `"taſk"`, `"tas\u212a"`, `"argumentſ"`, `"requestState"`} {
		bodies = append(bodies, request("tools/call", `"name":"safe","arguments":{},`+second+`:{},`+modern))
	}
	return bodies
}
