package rpcscan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
)

func ExampleScan() {
	m, _ := rpcscan.Scan([]byte(`{"jsonrpc":"2.0","id":1,"\u006dethod":"tools/call","params":{"name":"purge"}}`))
	fmt.Printf("%s %s\n", m.Method, m.Name)

	_, err := rpcscan.Scan([]byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","NAME":"purge"}}`))
	fmt.Println(errors.Is(err, rpcscan.CaseVariant))
	// Output:
	// tools/call purge
	// true
}

// call is a tools/call with the given text in the place of its params.
func call(params string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":` + params + `}`
}

// with is a tools/call with more text in its envelope.
func with(more string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe"}` + more + `}`
}

// identified is a tools/call with the given text in the place of its id.
func identified(id string) string {
	return `{"jsonrpc":"2.0","id":` + id + `,"method":"tools/call","params":{"name":"safe"}}`
}

// complete is a completion/complete with the given text in the place of its ref.
func complete(ref string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":` + ref + `,"argument":{"name":"a","value":"b"}}}`
}

func nested(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth)
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	return b.String()
}

func TestScanRefuses(t *testing.T) {
	for _, c := range []struct {
		row, name, text string
		want            rpcscan.Kind
	}{
		{"G6", "nothing", "", rpcscan.Syntax},
		{"G6", "white space alone", " \n", rpcscan.Syntax},
		{"G6", "a null", "null", rpcscan.Type},
		{"G6", "a string", `"tools/call"`, rpcscan.Type},
		{"G6", "a number", `-1.5e3`, rpcscan.Type},
		{"G6", "a half word", `nul`, rpcscan.Syntax},
		{"G6", "batch", "[" + with("") + "]", rpcscan.Batch},
		{"G6", "batch after white space", " \r\n[]", rpcscan.Batch},
		{"G6", "open batch", "[", rpcscan.Batch},
		{"G6", "two documents", with("") + with(""), rpcscan.Trailing},
		{"G6", "two lines", with("") + "\n" + with(""), rpcscan.Trailing},
		{"G6", "NUL after", with("") + "\x00", rpcscan.Trailing},
		{"G6", "form feed after", with("") + "\f", rpcscan.Trailing},
		{"G6", "no-break space after", with("") + "\u00a0", rpcscan.Trailing},
		{"G6", "closing brace after", with("") + "}", rpcscan.Trailing},
		{"G6", "byte order mark", "\ufeff" + with(""), rpcscan.Encoding},
		{"G6", "byte order mark within", strings.Replace(with(""), ",", ",\ufeff", 1), rpcscan.Encoding},
		{"G6", "UTF-16 with a mark", "\xff\xfe{\x00", rpcscan.Encoding},
		{"G6", "UTF-16 without a mark", "{\x00\"\x00", rpcscan.Syntax},
		{"G6", "UTF-16, big end first", "\x00{\x00\"", rpcscan.Syntax},
		{"G6", "Latin-1 in a value", with(",\"x\":\"\xe9\""), rpcscan.Encoding},
		{"G6", "Latin-1 in a name", call("{\"name\":\"\xe9\"}"), rpcscan.Encoding},
		{"G6", "Latin-1 in a key", with(",\"\xe9\":1"), rpcscan.Encoding},
		{"G6", "Latin-1 deep in arguments", call("{\"name\":\"a\",\"arguments\":{\"b\":[{\"c\":\"\xe9\"}]}}"), rpcscan.Encoding},
		{"G6", "Latin-1 between members", with(",\xe9\"x\":1"), rpcscan.Encoding},
		{"G6", "overlong slash", with(",\"x\":\"\xc0\xaf\""), rpcscan.Encoding},
		{"G6", "encoded surrogate", with(",\"x\":\"\xed\xa0\x80\""), rpcscan.Encoding},
		{"G6", "beyond Unicode", with(",\"x\":\"\xf4\x90\x80\x80\""), rpcscan.Encoding},
		{"G6", "cut character", with(",\"x\":\"\xe2\x82"), rpcscan.Encoding},
		{"G6", "cut character before a quote", with(",\"x\":\"\xd0\""), rpcscan.Encoding},
		{"G6", "65 deep", call(`{"name":"a","arguments":{"b":` + nested(62) + `}}`), rpcscan.Depth},
		{"G6", "65 deep in the envelope", with(`,"x":` + nested(64)), rpcscan.Depth},
		{"G6", "a million deep", with(`,"x":` + strings.Repeat("[", 1e6)), rpcscan.Depth},
		{"G6", "a million objects deep", with(`,"x":` + strings.Repeat(`{"a":`, 1e6)), rpcscan.Depth},

		{"G7", "two names", call(`{"name":"safe","name":"danger"}`), rpcscan.Duplicate},
		{"G7", "two equal names", call(`{"name":"safe","name":"safe"}`), rpcscan.Duplicate},
		{"G7", "two names, one escaped", call(`{"name":"safe","\u006eame":"danger"}`), rpcscan.Duplicate},
		{"G7", "two escaped names", call(`{"n\u0061me":"safe","n\u0061me":"danger"}`), rpcscan.Duplicate},
		{"G7", "two methods", with(`,"method":"ping"`), rpcscan.Duplicate},
		{"G7", "two ids", with(`,"id":2`), rpcscan.Duplicate},
		{"G7", "two versions", with(`,"jsonrpc":"2.0"`), rpcscan.Duplicate},
		{"G7", "two params", with(`,"params":{"name":"danger"}`), rpcscan.Duplicate},
		{"G7", "two params, one null", with(`,"params":null`), rpcscan.Duplicate},
		{"G7", "two arguments", call(`{"name":"a","arguments":{},"arguments":{}}`), rpcscan.Duplicate},
		{"G7", "two strangers in the envelope", with(`,"x":1,"x":1`), rpcscan.Duplicate},
		{"G7", "two strangers in params", call(`{"name":"a","x":1,"x":2}`), rpcscan.Duplicate},
		{"G7", "two strangers, one escaped", call(`{"name":"a","\/":1,"/":2}`), rpcscan.Duplicate},
		{"G7", "two empty keys", call(`{"name":"a","":1,"":2}`), rpcscan.Duplicate},
		{"G7", "two strangers beyond the BMP", call(`{"name":"a","😀":1,"\ud83d\ude00":2}`), rpcscan.Duplicate},
		{"G7", "name and NAME", call(`{"name":"safe","NAME":"danger"}`), rpcscan.CaseVariant},
		{"G7", "NAME and name", call(`{"NAME":"danger","name":"safe"}`), rpcscan.CaseVariant},
		{"G7", "Name alone", call(`{"Name":"danger"}`), rpcscan.CaseVariant},
		{"G7", "Name escaped", call(`{"name":"safe","\u004eame":"danger"}`), rpcscan.CaseVariant},
		{"G7", "METHOD", with(`,"METHOD":"ping"`), rpcscan.CaseVariant},
		{"G7", "Params", with(`,"Params":{"name":"danger"}`), rpcscan.CaseVariant},
		{"G7", "paramſ", with(`,"paramſ":{"name":"danger"}`), rpcscan.CaseVariant},
		{"G7", "paramſ escaped", with(`,"param\u017F":{"name":"danger"}`), rpcscan.CaseVariant},
		{"G7", "reſult", with(`,"re\u017fult":{}`), rpcscan.CaseVariant},
		{"G7", "jſonrpc", with(`,"jſonrpc":"1.0"`), rpcscan.CaseVariant},
		{"G7", "JSONRPC", with(`,"JSONRPC":"1.0"`), rpcscan.CaseVariant},
		{"G7", "ID", with(`,"ID":2`), rpcscan.CaseVariant},
		{"G7", "Error", with(`,"Error":null`), rpcscan.CaseVariant},
		{"G7", "argumentſ", call(`{"name":"a","argumentſ":{}}`), rpcscan.CaseVariant},
		{"G7", "taſK", call(`{"name":"a","ta\u017f\u212A":{}}`), rpcscan.CaseVariant},
		{"G7", "URI", call(`{"uri":"a","URI":"b"}`), rpcscan.CaseVariant},
		{"G7", "Ref", complete(`{"type":"ref/prompt","name":"a"},"Ref":{"type":"ref/prompt","name":"b"}`), rpcscan.CaseVariant},
		{"G7", "_META", call(`{"name":"a","_META":{}}`), rpcscan.CaseVariant},
		{"G7", "Cursor", call(`{"Cursor":""}`), rpcscan.CaseVariant},
		{"G7", "requeststate", call(`{"name":"a","requeststate":""}`), rpcscan.CaseVariant},
		{"G7", "inputResponseſ", call(`{"name":"a","inputResponseſ":{}}`), rpcscan.CaseVariant},
		{"G7", "two names in a ref", complete(`{"type":"ref/prompt","name":"a","name":"b"}`), rpcscan.Duplicate},
		{"G7", "NAME in a ref", complete(`{"type":"ref/prompt","name":"a","NAME":"b"}`), rpcscan.CaseVariant},
		{"G7", "Type in a ref", complete(`{"type":"ref/prompt","name":"a","Type":"ref/resource"}`), rpcscan.CaseVariant},
		{"G7", "lone surrogate in a key", with(`,"\ud800":1`), rpcscan.Type},
		{"G7", "halves the wrong way in a key", call(`{"name":"a","\ude00\ud83d":1}`), rpcscan.Type},

		{"G8", "null method", `{"jsonrpc":"2.0","id":1,"method":null}`, rpcscan.Type},
		{"G8", "number for a method", `{"jsonrpc":"2.0","id":1,"method":1}`, rpcscan.Type},
		{"G8", "empty method", `{"jsonrpc":"2.0","id":1,"method":""}`, rpcscan.Type},
		{"G8", "lone surrogate in the method", `{"jsonrpc":"2.0","id":1,"method":"ping\ud800"}`, rpcscan.Type},
		{"G8", "null name", call(`{"name":null}`), rpcscan.Type},
		{"G8", "object for a name", call(`{"name":{"name":"a"}}`), rpcscan.Type},
		{"G8", "list for a name", call(`{"name":["a"]}`), rpcscan.Type},
		{"G8", "true for a name", call(`{"name":true}`), rpcscan.Type},
		{"G8", "lone surrogate in a name", call(`{"name":"\udfff"}`), rpcscan.Type},
		{"G8", "surrogate before another escape", call(`{"name":"\ud83d\n"}`), rpcscan.Type},
		{"G8", "two high surrogates", call(`{"name":"\ud83d\ud83d\ude00"}`), rpcscan.Type},
		{"G8", "null uri", call(`{"uri":null}`), rpcscan.Type},
		{"G8", "number for a uri", call(`{"uri":1}`), rpcscan.Type},
		{"G8", "lone surrogate in a uri", call(`{"uri":"\ud800x"}`), rpcscan.Type},
		{"G8", "null id", identified("null"), rpcscan.Type},
		{"G8", "true for an id", identified("true"), rpcscan.Type},
		{"G8", "object for an id", identified("{}"), rpcscan.Type},
		{"G8", "list for an id", identified("[1]"), rpcscan.Type},
		{"G8", "fraction for an id", identified("1.5"), rpcscan.Type},
		{"G8", "fraction of nothing for an id", identified("1.0"), rpcscan.Type},
		{"G8", "exponent in an id", identified("1e0"), rpcscan.Type},
		{"G8", "negative zero for an id", identified("-0"), rpcscan.Type},
		{"G8", "id beyond int64", identified("9223372036854775808"), rpcscan.Type},
		{"G8", "id that rounds beyond int64", identified("9223372036854775807"), rpcscan.Type},
		{"G8", "negative id beyond int64", identified("-9223372036854775809"), rpcscan.Type},
		{"G8", "id of a hundred digits", identified("1" + strings.Repeat("0", 99)), rpcscan.Type},
		{"G8", "lone surrogate in an id", identified(`"\ud800"`), rpcscan.Type},
		{"G8", "method beside a result", with(`,"result":{}`), rpcscan.Type},
		{"G8", "method beside a null result", with(`,"result":null`), rpcscan.Type},
		{"G8", "method beside an error", with(`,"error":{"code":1,"message":""}`), rpcscan.Type},
		{"G8", "params beside a result", `{"jsonrpc":"2.0","id":1,"result":{},"params":{}}`, rpcscan.Type},
		{"G8", "result beside an error", `{"jsonrpc":"2.0","id":1,"result":{},"error":{}}`, rpcscan.Type},
		{"G8", "result without an id", `{"jsonrpc":"2.0","result":{}}`, rpcscan.Type},
		{"G8", "nothing but an id", `{"jsonrpc":"2.0","id":1}`, rpcscan.Type},
		{"G8", "empty object", `{}`, rpcscan.Type},
		{"G8", "no version", `{"id":1,"method":"ping"}`, rpcscan.Type},
		{"G8", "version 1.0", `{"jsonrpc":"1.0","id":1,"method":"ping"}`, rpcscan.Type},
		{"G8", "version as a number", `{"jsonrpc":2.0,"id":1,"method":"ping"}`, rpcscan.Type},
		{"G8", "null params", call("null"), rpcscan.Type},
		{"G8", "list for params", call(`["safe"]`), rpcscan.Type},
		{"G8", "string for params", call(`"safe"`), rpcscan.Type},
		{"G8", "list for arguments", call(`{"name":"a","arguments":[]}`), rpcscan.Type},
		{"G8", "string for arguments", call(`{"name":"a","arguments":"{}"}`), rpcscan.Type},
		{"G8", "false for arguments", call(`{"name":"a","arguments":false}`), rpcscan.Type},
		{"G8", "null ref", complete("null"), rpcscan.Type},
		{"G8", "string for a ref", complete(`"ref/prompt"`), rpcscan.Type},
		{"G8", "null name in a ref", complete(`{"type":"ref/prompt","name":null}`), rpcscan.Type},
		{"G8", "null type of a ref", complete(`{"type":null,"name":"a"}`), rpcscan.Type},
		{"G8", "number for the uri of a ref", complete(`{"type":"ref/resource","uri":1}`), rpcscan.Type},
		{"G8", "lone surrogate in a ref", complete(`{"type":"ref/prompt","name":"\ud800"}`), rpcscan.Type},

		{"G12", "65 keys in the envelope", with(manyKeys(61)), rpcscan.Limit},
		{"G12", "65 keys in params", call(`{"name":"a"` + manyKeys(64) + `}`), rpcscan.Limit},
		{"G12", "65 keys in a ref", complete(`{"type":"ref/prompt"` + manyKeys(64) + `}`), rpcscan.Limit},
		{"G12", "long key", with(`,"` + strings.Repeat("k", 257) + `":1`), rpcscan.Limit},
	} {
		t.Run(c.row+" "+c.name, func(t *testing.T) {
			refuses(t, c.text, c.want)
		})
	}
}

// refuses checks the error of Scan, and that it repeats nothing of the text.
func refuses(t *testing.T, text string, want rpcscan.Kind) {
	t.Helper()
	m, err := rpcscan.Scan([]byte(text))
	var refusal *rpcscan.Error
	if !errors.As(err, &refusal) || refusal.Kind != want || !errors.Is(err, want) {
		t.Fatalf("Scan(%.120q) = %v, want %v", text, err, want)
	}
	if m.Method != nil || m.ID != nil || m.Name != nil {
		t.Errorf("Scan(%.120q) returns a message beside its error", text)
	}
	if refusal.Offset < 0 || refusal.Offset > len(text) {
		t.Errorf("Scan(%.120q): offset %d", text, refusal.Offset)
	}
}

// TestScanGrammar proves the part of G6 that is RFC 8259: what is no JSON is
// refused as such, wherever it stands.
func TestScanGrammar(t *testing.T) {
	for _, value := range []string{
		"", "+1", "01", "-", "-a", "1.", ".5", "1.e1", "1e", "1e+", "0x10", "1_000", "--1", "00", "-01", "NaN", "Infinity",
		"True", "tru", "truex", "nul", "nullx", "falsE", "undefined", "'a'", `"a`, `"\x41"`, `"\u12"`, `"\u12g4"`, `"\u"`, `"\`, `"\"`,
		"\"\x00\"", "\"\n\"", "\"\x1f\"", "\"tab\t\"", "\"12345678\n\"", "[", "[1", "[1,", "[,1]", "[1,]", "[1 2]", "[1}", "[}", "{", "{]", `{"a"}`, `{"a":}`, `{"a":1`, `{"a":1,}`, `{,}`,
		`{"a":1]`, `{a:1}`, `{1:1}`, `{"a" 1}`, `{"a"::1}`, `{"a":1 "b":2}`, `{"a":1,,"b":2}`, `{null:1}`, "/**/1", "//", "1 // one", "#", "\x00", "\u00a0", "\u2028", "\v", "`a`", "[[[1]]", `[{"a":[}]}]`,
	} {
		for _, text := range []string{with(`,"x":` + value), call(`{"name":"a","x":` + value + `}`), call(`{"name":"a","arguments":{"x":[1,` + value + `]}}`)} {
			if json.Valid([]byte(text)) {
				t.Fatalf("%q is JSON", text)
			}
			refuses(t, text, rpcscan.Syntax)
		}
	}
}

func TestScanReads(t *testing.T) {
	for _, c := range []struct{ row, name, text string }{
		{"G6", "white space", " \t\r\n{ \"jsonrpc\" : \"2.0\" , \"id\"\n:\t1 , \"method\" : \"tools/call\" , \"params\" : { \"name\" : \"safe\" , \"arguments\" : { } } } \r\n\t "},
		{"G6", "much white space", strings.ReplaceAll(with(""), ",", ","+strings.Repeat(" ", 1000)+"\n")},
		{"G6", "64 deep", call(`{"name":"a","arguments":{"b":` + nested(61) + `}}`)},
		{"G6", "64 deep in the envelope", with(`,"x":` + nested(63))},
		{"G6", "every kind of value", with(`,"x":[0,-0,1,-1.5,1e5,1E-5,0.1e+9,12345678901234567890,true,false,null,"",[],{},[[]],{"a":{}},"\"\\\/\b\f\n\r\t\u0000\uABcd",{"":[{"a":1,"b":[1,2]}]}]`)},
		{"G6", "characters of every length", with(`,"x":"é€😀߿ࠀ\uffff😀` + "\U0010ffff\u0080\u07ff\u0800\uffff" + `"`)},
		{"G6", "byte order mark in a string", with(",\"x\":\"\ufeff\"")},
		{"G6", "lone surrogates where nothing is decided", call(`{"name":"a","arguments":{"b":"\ud800","\udfff":1}}`)},
		{"G7", "duplicates within arguments", call(`{"name":"a","arguments":{"b":1,"b":2,"B":3,"name":"c"}}`)},
		{"G7", "duplicates within _meta", call(`{"name":"a","_meta":{"b":1,"b":2}}`)},
		{"G7", "reserved names elsewhere", call(`{"name":"a","method":"ping","id":2,"jsonrpc":"1.0","x":{"name":"b","NAME":"c"}}`)},
		{"G7", "strangers that differ in case", call(`{"name":"a","x":1,"X":2}`)},
		{"G7", "near misses of reserved names", call(`{"name":"a","names":1,"nam":2,"na me":3,"ñame":4,"nаme":5,"name ":6}`)},
		{"G7", "NUL in keys", call(`{"name":"a","name\u0000":"b","\u0000name":"c"}`)},
		{"G8", "escapes", `{"\u006ethod":1,"jsonrpc":"2\u002e0","id":"\u0031","\u006dethod":"tools\/call","params":{"n\u0061me":"\ud83d\ude00 \"\\\b\f\n\r\té","uri":"\u0000"}}`},
		{"G8", "id of zero", identified("0")},
		{"G8", "negative id", identified("-12")},
		{"G8", "greatest id", identified("9223372036854774784")},
		{"G8", "least id", identified("-9223372036854774784")},
		{"G8", "string for an id", identified(`"a\"\ud83d\ude00"`)},
		{"G8", "empty id", identified(`""`)},
		{"G8", "notification", `{"jsonrpc":"2.0","method":"notifications/initialized"}`},
		{"G8", "no params", `{"jsonrpc":"2.0","id":1,"method":"ping"}`},
		{"G8", "empty params", `{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}`},
		{"G8", "members in any order", `{"params":{"arguments":{"a":1},"name":"a"},"method":"tools/call","id":1,"jsonrpc":"2.0"}`},
		{"G8", "null arguments", call(`{"name":"a","arguments":null}`)},
		{"G8", "result", `{"jsonrpc":"2.0","id":1,"result":{"method":"tools/call"}}`},
		{"G8", "null result", `{"jsonrpc":"2.0","id":1,"result":null}`},
		{"G8", "error", `{"jsonrpc":"2.0","id":"1","error":{"code":-32601,"message":"no"}}`},
		{"G8", "error without an id", `{"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}}`},
		{"G8", "empty names", call(`{"name":"","uri":""}`)},
		{"G9", "prompt's ref", complete(`{"type":"ref/prompt","name":"a","title":"A"}`)},
		{"G9", "resource's ref", complete(`{"type":"ref\/resource","uri":"file:///\u0061"}`)},
		{"G9", "ref of another method", `{"jsonrpc":"2.0","id":1,"method":"x/checkout","params":{"ref":"main"}}`},
		{"G9", "no ref", `{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{}}`},
		{"G9", "subscriptions", `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["a"]}}}`},
		{"G12", "64 keys in the envelope", with(manyKeys(60))},
		{"G12", "64 keys in params", call(`{"name":"a"` + manyKeys(63) + `}`)},
		{"G12", "long key", with(`,"` + strings.Repeat("k", 256) + `":1`)},
		{"G12", "long values", call(`{"name":"` + strings.Repeat("ab", 1000) + `","arguments":{"` + strings.Repeat("é", 1000) + `":1}}`)},
	} {
		t.Run(c.row+" "+c.name, func(t *testing.T) {
			want, ok := reference([]byte(c.text))
			if !ok {
				t.Fatal("the reference refuses it")
			}
			got, err := rpcscan.Scan([]byte(c.text))
			if err != nil {
				t.Fatalf("Scan: %v", err)
			}
			same(t, got, want)
		})
	}
}

// same compares messages, nil slices apart from empty ones.
func same(t *testing.T, got, want rpcscan.Message) {
	t.Helper()
	if g, w := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want); g != w {
		t.Errorf("Scan read\n%s, want\n%s", g, w)
	}
}

// TestScanPointsIntoText proves that what needs no decoding is not copied.
func TestScanPointsIntoText(t *testing.T) {
	data := []byte(call(`{"name":"safe","uri":"a\u0062","arguments":{"a":1}}`))
	m, err := rpcscan.Scan(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if m.Name[0] != 0 || m.Method[0] != 0 || m.ID[0] != 0 || m.Arguments[0] != 0 {
		t.Error("a slice without escapes was copied")
	}
	if string(m.URI) != "ab" {
		t.Errorf("uri = %q", m.URI)
	}
}

// TestFoldingIsComplete proves that U+017F and U+212A are all the characters
// outside of ASCII that fold into names of ASCII letters (G7).
func TestFoldingIsComplete(t *testing.T) {
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		folds := false
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			folds = folds || other < utf8.RuneSelf
		}
		if folds != (r == '\u017f' || r == '\u212a') {
			t.Errorf("%U folds into ASCII: %v", r, folds)
		}
	}
}

// TestScanFolds proves G7 for every reserved name: with the case of each of its
// letters changed it is refused, and without it is read.
func TestScanFolds(t *testing.T) {
	for place, names := range map[string]string{
		`{"jsonrpc":"2.0","id":1,"method":"ping",%s:1}`:                                                                         envelopeNames,
		`{"jsonrpc":"2.0","id":1,"method":"ping","params":{%s:1}}`:                                                              paramsNames,
		`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{%s:1}}}`:                                       refNames,
		`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":[],%s:1}}}`: notificationsNames,
	} {
		for _, name := range strings.Fields(names) {
			for i, r := range name {
				for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
					for _, spelling := range []string{string(other), fmt.Sprintf(`\u%04x`, other)} {
						key := `"` + name[:i] + spelling + name[i+1:] + `"`
						m, err := rpcscan.Scan([]byte(fmt.Sprintf(place, key)))
						if err == nil {
							_, err = m.ResourceSubscriptions()
						}
						if !errors.Is(err, rpcscan.CaseVariant) {
							t.Errorf("%s: %v, want %v", key, err, rpcscan.CaseVariant)
						}
					}
				}
			}
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range seeds() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := rpcscan.Scan(data)
		want, ok := reference(data)
		switch {
		case err == nil && !ok:
			t.Fatalf("Scan accepts what the reference refuses")
		case err == nil:
			same(t, got, want)
		case errors.Is(err, rpcscan.Syntax) && json.Valid(data) && utf8.Valid(data):
			t.Fatalf("it is JSON, but was refused: %v", err)
		case errors.Is(err, rpcscan.Encoding) && utf8.Valid(data) && !strings.Contains(string(data), "\ufeff"):
			t.Fatalf("it is UTF-8, but was refused: %v", err)
		case ok && !bounded(err) && !hasLone(data):
			t.Fatalf("the reference accepts it, but it was refused: %v", err)
		}
	})
}

// bounded reports whether a refusal is one that the reference knows nothing of.
func bounded(err error) bool {
	return errors.Is(err, rpcscan.Depth) || errors.Is(err, rpcscan.Limit)
}

func seeds() []string {
	return []string{
		with(""), call(`{"name":"safe","name":"danger"}`), call(`{"name":"safe","NAME":"danger"}`), with(`,"METHOD":"ping"`), with("") + with(""),
		"[" + with("") + "]", complete(`{"type":"ref/prompt","name":"a\ud83d\ude00"}`), identified("1.0"), identified(`"\ud800"`), with(`,"result":{}`),
		`{"jsonrpc":"2.0","id":1,"result":[1,-2.5e-3,true,false,null,"é€😀"]}`, call(`{"uri":"a","arguments":{"x":[{"y":{}}]},"_meta":{}}`),
		`{"jsonrpc":"2.0","error":{}}`, "\ufeff{}", `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["a"]}}}`,
	}
}
