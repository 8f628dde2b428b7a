package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

func Example() {
	_, err := strictjson.Object([]byte(`{"name":"safe","NAME":"danger"}`))
	fmt.Println(errors.Is(err, strictjson.ErrAmbiguous))

	members, _ := strictjson.Object([]byte(`{"name":"safe","id":1}`))
	for _, m := range members {
		fmt.Printf("%s %s\n", m.Name, m.Value)
	}
	// Output:
	// true
	// name "safe"
	// id 1
}

func TestObjectRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":                     {"", strictjson.ErrSyntax},
		"array":                     {"[]", strictjson.ErrSyntax},
		"byte order mark":           {"\ufeff{}", strictjson.ErrSyntax},
		"not UTF-8":                 {"{\"a\":\"\xff\"}", strictjson.ErrSyntax},
		"text after":                {"{} {}", strictjson.ErrSyntax},
		"trailing comma":            {`{"a":1,}`, strictjson.ErrSyntax},
		"unquoted name":             {`{a:1}`, strictjson.ErrSyntax},
		"single quotes":             {`{'a':1}`, strictjson.ErrSyntax},
		"leading zero":              {`{"a":01}`, strictjson.ErrSyntax},
		"plus sign":                 {`{"a":+1}`, strictjson.ErrSyntax},
		"bare fraction":             {`{"a":1.}`, strictjson.ErrSyntax},
		"NaN":                       {`{"a":NaN}`, strictjson.ErrSyntax},
		"control byte":              {"{\"a\":\"\x01\"}", strictjson.ErrSyntax},
		"unknown escape":            {`{"a":"\x41"}`, strictjson.ErrSyntax},
		"short escape":              {`{"a":"\u00"}`, strictjson.ErrSyntax},
		"NUL escape letter":         {"{\"a\":\"\\\x00\"}", strictjson.ErrSyntax},
		"unterminated":              {`{"a":"b`, strictjson.ErrSyntax},
		"duplicate":                 {`{"a":1,"a":2}`, strictjson.ErrAmbiguous},
		"case variant":              {`{"iss":1,"ISS":2}`, strictjson.ErrAmbiguous},
		"long s":                    {`{"iss":1,"i\u017fs":2}`, strictjson.ErrAmbiguous},
		"kelvin sign":               {`{"kid":1,"\u212Aid":2}`, strictjson.ErrAmbiguous},
		"duplicate through escapes": {`{"a":1,"\u0061":2}`, strictjson.ErrAmbiguous},
		"lone surrogate in a name":  {`{"\ud800":1}`, strictjson.ErrAmbiguous},
		"halves the wrong way":      {`{"\udc00\ud800":1}`, strictjson.ErrAmbiguous},
		"too deep":                  {`{"a":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`, strictjson.ErrAmbiguous},
		"too many members":          {manyMembers(257), strictjson.ErrAmbiguous},
		"duplicate of many":         {strings.TrimSuffix(manyMembers(200), "}") + `,"m150":0}`, strictjson.ErrAmbiguous},
		"case variant of many":      {strings.TrimSuffix(manyMembers(200), "}") + `,"M150":0}`, strictjson.ErrAmbiguous},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := strictjson.Object([]byte(c.text)); !errors.Is(err, c.want) {
				t.Errorf("Object(%q) = %v, want %v", c.text, err, c.want)
			}
		})
	}
}

func TestObjectReads(t *testing.T) {
	for _, text := range []string{
		`{}`,
		" \t\r\n{ } ",
		`{"a":null,"b":true,"c":false,"d":-0.5e+10,"e":"\ud83d\ude00 \\ \" \/","f":{"a":1,"a":2},"g":[[],{}]}`,
		`{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
		`{"a":[` + strings.Repeat("[],{},", 100) + `[]]}`,
		manyMembers(256),
	} {
		members, err := strictjson.Object([]byte(text))
		if err != nil {
			t.Errorf("Object(%.60q): %v", text, err)
			continue
		}
		want := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if len(members) != len(want) {
			t.Errorf("Object(%.60q) has %d members, want %d", text, len(members), len(want))
		}
		for _, m := range members {
			if string(m.Value) != string(want[m.Name]) {
				t.Errorf("member %q is %s, want %s", m.Name, m.Value, want[m.Name])
			}
		}
	}
}

func TestString(t *testing.T) {
	for text, want := range map[string]struct {
		s  string
		ok bool
	}{
		`"a\u0062c"`:     {"abc", true},
		`""`:             {"", true},
		`"\ud83d\ude00"`: {"😀", true},
		`"\ud83d"`:       {"", false},
		`null`:           {"", false},
		`1`:              {"", false},
		``:               {"", false},
		`"a" `:           {"", false},
		`"a`:             {"", false},
	} {
		if s, ok := strictjson.String([]byte(text)); s != want.s && want.ok || ok != want.ok {
			t.Errorf("String(%s) = %q, %v, want %q, %v", text, s, ok, want.s, want.ok)
		}
	}
}

func TestStrings(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:              "[]",
		`[ "a" , "b c" ]`: "[a b c]",
		`["a",1]`:         "refused",
		`["a",]`:          "refused",
		`["a"`:            "refused",
		`["a"]x`:          "refused",
		`[null]`:          "refused",
		`[["a"]]`:         "refused",
		`"a"`:             "refused",
	} {
		got := "refused"
		if list, ok := strictjson.Strings([]byte(text)); ok {
			got = fmt.Sprint(list)
		}
		if got != want {
			t.Errorf("Strings(%s) = %s, want %s", text, got, want)
		}
	}
}

// FuzzObject holds the reader against encoding/json: whatever is accepted here
// must be valid there and mean the same, and whatever is valid there and
// refused here must be refused as ambiguous.
func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":"\u0061","c":[{"d":null}]}`))
	f.Add([]byte(`{"a":1,"A":2}`))
	f.Add([]byte("{\"\\ud800\":1}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		members, err := strictjson.Object(text)
		var want map[string]json.RawMessage
		stdErr := json.Unmarshal(text, &want)
		if err != nil {
			if errors.Is(err, strictjson.ErrSyntax) && stdErr == nil && want != nil && json.Valid(text) && isUTF8(text) {
				t.Fatalf("%q is an object, but was refused: %v", text, err)
			}
			return
		}
		if stdErr != nil {
			t.Fatalf("%q was read, but is no object: %v", text, stdErr)
		}
		if len(members) != len(want) {
			t.Fatalf("%d members, want %d", len(members), len(want))
		}
		for _, m := range members {
			if raw, ok := want[m.Name]; !ok || string(raw) != string(m.Value) {
				t.Fatalf("member %q is %q, want %q", m.Name, m.Value, raw)
			}
		}
	})
}

// TestEveryByteCounts tries each text with every byte left out, replaced and
// doubled by another, and holds the readers against encoding/json (S3: what a token
// says has one reading, and what is no JSON has none).
func TestEveryByteCounts(t *testing.T) {
	const bytes = " \t\n\r\x00\x1f{}[]:,\"\\/ux09-+.eEaAfFgGznrtl\x7f\xc3"
	for _, text := range []string{
		`{"a":"\u0041\uFf0a\n","bc":[-0.5e+10,0,90]}`, ` { "b" : [ ] , "c" : { } } `, `{"a":[ { "b" : null , "c" : true } , false ]}`,
		`{"a":"\ud83d\ude00\udBFF\uDFff"}`, `[ "a\u0062" , "c" ]`, `"\u00e9\uABCD\""`, `"\ud83d\uDE09"`, `"\uD990\udc99"`, `["\uDAC9\uDFFF"]`, `{"n":10.05E-09}`, `{"n":1e5}`,
	} {
		for i := range len(text) + 1 {
			agree(t, text[:i])
			if i < len(text) {
				agree(t, text[:i]+text[i+1:])
			}
			for _, c := range []byte(bytes) {
				agree(t, text[:i]+string(rune(c))+text[i:])
				if i < len(text) {
					agree(t, text[:i]+string([]byte{c})+text[i+1:])
				}
			}
		}
	}
}

// agree reports what is read here and is nothing for encoding/json, or the other
// way about.
func agree(t *testing.T, text string) {
	t.Helper()
	valid := json.Valid([]byte(text)) && isUTF8([]byte(text))
	trimmed := strings.TrimSpace(text)
	_, err := strictjson.Object([]byte(text))
	if object := valid && trimmed[0] == '{'; errors.Is(err, strictjson.ErrSyntax) == object || err == nil && !object {
		t.Fatalf("Object(%q): %v, while it is an object: %v", text, err, object)
	}
	if text != trimmed {
		return // the values of members have no white space around them
	}
	var one string
	isOne := valid && text[0] == '"' && json.Unmarshal([]byte(text), &one) == nil && !strings.Contains(one, "\ufffd")
	if got, ok := strictjson.String([]byte(text)); ok != isOne || ok && got != one {
		t.Fatalf("String(%q) = %q, %v, while encoding/json has %q, %v", text, got, ok, one, isOne)
	}
	var list []*string
	areMany := valid && text[0] == '[' && json.Unmarshal([]byte(text), &list) == nil && !slices.Contains(list, nil)
	got, ok := strictjson.Strings([]byte(text))
	for i := range list {
		areMany = areMany && !strings.Contains(*list[i], "\ufffd")
		ok = ok && (!areMany || got[i] == *list[i])
	}
	if ok != areMany {
		t.Fatalf("Strings(%q) = %q, %v, while encoding/json reads them: %v", text, got, ok, areMany)
	}
}

// TestLookup finds one member, or refuses what might be another's.
func TestLookup(t *testing.T) {
	for text, want := range map[string]struct {
		value string
		err   error
	}{
		`{"x":1,"name":"a"}`:        {`"a"`, nil},
		`{"n\u0061me": {"y":[1]} }`: {`{"y":[1]}`, nil},
		`{}`:                        {"", nil},
		`{"x":{"name":"a"}}`:        {"", nil},
		`{"x":1,"X":2}`:             {"", nil},
		`{"name":1,"name":1}`:       {"", strictjson.ErrAmbiguous},
		`{"name":1,"NAME":1}`:       {"", strictjson.ErrAmbiguous},
		`{"Name":1}`:                {"", strictjson.ErrAmbiguous},
		`["name"]`:                  {"", strictjson.ErrSyntax},
		`{"name":1`:                 {"", strictjson.ErrSyntax},
	} {
		value, present, err := strictjson.Lookup([]byte(text), "name")
		if string(value) != want.value || present != (want.value != "") || !errors.Is(err, want.err) {
			t.Errorf("%s: %q, present %v, error %v, want %q, %v", text, value, present, err, want.value, want.err)
		}
	}
}

// FuzzFold holds Fold against strings.EqualFold.
func FuzzFold(f *testing.F) {
	f.Add("name", "NAME")
	f.Add("\u212as\u03c3", "k\u017f\u03c2")
	f.Add("a", "b")
	f.Add("@az[{`", "@AZ[{`")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !isUTF8([]byte(a)) || !isUTF8([]byte(b)) {
			return
		}
		if got, want := strings.Map(strictjson.Fold, a) == strings.Map(strictjson.Fold, b), strings.EqualFold(a, b); got != want {
			t.Errorf("%q and %q are equal: %v, want %v", a, b, got, want)
		}
	})
}

func isUTF8(text []byte) bool { return strings.ToValidUTF8(string(text), "") == string(text) }

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",\"m%d\":%d", i, i)
	}
	return "{" + b.String()[1:] + "}"
}
