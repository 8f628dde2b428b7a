package difffuzz

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/segmentio/encoding/json"
)

// decodeLikeSDK decodes a tools/call as go-sdk does between the bytes and its
// handler, once: DecodeMessage, and params with the decoder and the option that
// its internal/json uses. (Its HTTP handler decodes each message twice, and
// parts of params up to six times more.)
func decodeLikeSDK(data []byte) error {
	message, err := jsonrpc.DecodeMessage(data)
	if err != nil {
		return err
	}
	var params *mcp.CallToolParamsRaw
	decoder := json.NewDecoder(bytes.NewReader(message.(*jsonrpc.Request).Params))
	decoder.DontMatchCaseInsensitiveStructFields()
	return decoder.Decode(&params)
}

type body struct {
	name string
	data []byte
}

// bodies are calls of the sizes that P11 names, and of further shapes that are
// dense with one kind of token.
func bodies() []body {
	const (
		meta = `"_meta":{"progressToken":3,"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1.0.0"},"io.modelcontextprotocol/clientCapabilities":{}}`
		row  = `{"id":123,"name":"some name","tags":["a","b"],"ok":true,"v":1.5},`
		big  = 4<<20 - 500
	)
	call := func(name, arguments string) body {
		return body{name, []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","arguments":` + arguments + `,` + meta + `}}`)}
	}
	list := func(name, token string) body {
		return call(name, `{"a":[`+strings.Repeat(token+",", big/(len(token)+1))+`1]}`)
	}
	text := func(name, characters string) body {
		return call(name, `{"a":"`+strings.Repeat(characters, big/len(characters))+`"}`)
	}
	return []body{
		call("450 B", `{"city":"Berlin","units":"metric","days":5,"note":"`+strings.Repeat("x", 80)+`"}`),
		call("4 KB", `{"rows":[`+strings.Repeat(row, 57)+`null]}`),
		call("4 KB, no two rows alike", `{"rows":[`+rows(54)+`null]}`),
		list("4 MB of numbers", "1"),
		list("4 MB of empty strings", `""`),
		list("4 MB of empty lists", `[]`),
		list("4 MB of objects", `{"a":1,"b":[]}`),
		list("4 MB of all kinds", `"ab","cde",12,true,-1.5e3`),
		list("4 MB, indented", "\n    1"),
		text("4 MB in one string", "x"),
		text("4 MB of escapes", `\n`),
		text("4 MB of Cyrillic", "ж"),
		text("4 MB of Han", "漢"),
	}
}

// rows are objects of differing lengths, in an order that no processor learns.
func rows(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for range n {
		letters := strings.Repeat("x", random.IntN(16))
		fmt.Fprintf(&b, `{"id":%d,"name":"some %s","tags":[%s],"ok":%t,"v":%g},`, random.IntN(1_000_000), letters,
			strings.Repeat(`"a",`, random.IntN(3))+`"b"`, random.IntN(2) == 0, float64(random.IntN(10_000))/100)
	}
	return b.String()
}

// BenchmarkRatio tells what P11 asks for: how long a scan takes, against
// go-sdk's own decode of the same body. Both take turns, and each is as fast as
// its fastest turn.
func BenchmarkRatio(b *testing.B) {
	for _, body := range bodies() {
		b.Run(body.name, func(b *testing.B) {
			repeats := max(1, 20_000/len(body.data))
			var scans, decodes []time.Duration
			for b.Loop() {
				scans = append(scans, timed(b, repeats, func() error { _, err := rpcscan.Scan(body.data); return err }))
				decodes = append(decodes, timed(b, repeats, func() error { return decodeLikeSDK(body.data) }))
			}
			b.ReportMetric(float64(slices.Min(scans))/float64(slices.Min(decodes)), "scan/decode")
		})
	}
}

func timed(t testing.TB, repeats int, f func() error) time.Duration {
	t.Helper()
	start := time.Now()
	for range repeats {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(start) / time.Duration(repeats)
}
