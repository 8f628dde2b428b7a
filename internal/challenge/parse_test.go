package challenge

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	basic := Challenge{Scheme: "Basic", Params: []Param{{"realm", "x"}}}
	bare := func(scheme string) Challenge { return Challenge{Scheme: scheme} }
	token68 := func(scheme, text string) Challenge { return Challenge{Scheme: scheme, Token68: text} }
	for _, test := range []struct {
		name   string
		values []string
		want   []Challenge
	}{
		{"no field", nil, nil},
		{"empty field", []string{""}, nil},
		{"nothing but commas", []string{" , ,\t,"}, nil},
		{"quoted", []string{`Bearer error="invalid_token", scope="a b"`}, []Challenge{bearer("error", "invalid_token", "scope", "a b")}},
		{"token values", []string{`Bearer error=invalid_token,scope=a`}, []Challenge{bearer("error", "invalid_token", "scope", "a")}},
		{"scheme and names kept as sent", []string{`bEARER Error="x"`}, []Challenge{{Scheme: "bEARER", Params: []Param{{"Error", "x"}}}}},
		{"quoted pairs", []string{`Bearer realm="a\"b\\c\d\,"`}, []Challenge{bearer("realm", `a"b\cd,`)}},
		{"empty quoted string", []string{`Bearer realm=""`}, []Challenge{bearer("realm", "")}},
		{"tab and obs-text in a quoted string", []string{"Bearer realm=\"a\t\xe9\\\xff\""}, []Challenge{bearer("realm", "a\t\xe9\xff")}},
		{"comma and scheme inside quotes", []string{`Bearer realm="a, Basic realm=b"`}, []Challenge{bearer("realm", "a, Basic realm=b")}},
		{"space around equals", []string{"Bearer error =\t\"x\" , scope \t= y"}, []Challenge{bearer("error", "x", "scope", "y")}},
		{"space around the field", []string{" \tBearer error=x \t"}, []Challenge{bearer("error", "x")}},
		{"several spaces after the scheme", []string{"Bearer   error=x"}, []Challenge{bearer("error", "x")}},
		{"bare scheme", []string{"Bearer"}, []Challenge{bare("Bearer")}},
		{"bare schemes", []string{"Bearer, Basic ,Digest"}, []Challenge{bare("Bearer"), bare("Basic"), bare("Digest")}},
		{"two challenges in one value", []string{`Bearer error="x", scope=y, Basic realm="x"`}, []Challenge{bearer("error", "x", "scope", "y"), basic}},
		{"Basic first", []string{`Basic realm="x", Bearer error="x"`}, []Challenge{basic, bearer("error", "x")}},
		{"two values", []string{`Basic realm="x"`, `Bearer error="x"`}, []Challenge{basic, bearer("error", "x")}},
		{"a name again in another challenge", []string{`Basic realm="x", Bearer realm="x"`}, []Challenge{basic, bearer("realm", "x")}},
		{"a name that is the scheme", []string{`Bearer Bearer=x, Basic=y`}, []Challenge{bearer("Bearer", "x", "Basic", "y")}},
		{"empty elements", []string{`,, Bearer error="x",, ,scope=y, ,Basic realm=x,`}, []Challenge{bearer("error", "x", "scope", "y"), basic}},
		{"empty element first among parameters", []string{`Bearer , error=x`}, []Challenge{bearer("error", "x")}},
		{"token68", []string{"Negotiate YWJj=="}, []Challenge{token68("Negotiate", "YWJj==")}},
		{"token68 of the ends of what it may hold", []string{"Negotiate AZaz09-._~+/"}, []Challenge{token68("Negotiate", "AZaz09-._~+/")}},
		{"token68 that looks like a name", []string{"Negotiate abc="}, []Challenge{token68("Negotiate", "abc=")}},
		{"token68 without padding", []string{"Negotiate abc, Bearer"}, []Challenge{token68("Negotiate", "abc"), bare("Bearer")}},
		{"token68 with slash and plus", []string{"Bearer scope=a, Negotiate /+a/= , Basic realm=x"}, []Challenge{bearer("scope", "a"), token68("Negotiate", "/+a/="), basic}},
		{"unusual token bytes", []string{"!#$ %&'=*+-.^_`|~"}, []Challenge{{Scheme: "!#$", Params: []Param{{"%&'", "*+-.^_`|~"}}}}},
	} {
		t.Run("C14 "+test.name, func(t *testing.T) {
			got, err := Parse(test.values)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []string
		value  int
		offset int
	}{
		{"name twice", []string{`Bearer scope=a, scope=b`}, 0, 16},
		{"name twice in another case", []string{`Bearer scope=a, error=x, SCOPE="b"`}, 0, 25},
		{"name twice with the same value", []string{`Bearer scope=a, scope=a`}, 0, 16},
		{"no scheme", []string{`error="x"`}, 0, 5},
		{"second value without a scheme", []string{`Bearer`, `error="x"`}, 1, 5},
		{"parameter after a bare scheme", []string{`Bearer, error="x"`}, 0, 13},
		{"parameter after a token68", []string{`Negotiate abc=, error="x"`}, 0, 21},
		{"two token68", []string{"Negotiate abc def"}, 0, 14},
		{"no comma", []string{`Bearer error="x" scope="y"`}, 0, 17},
		{"semicolon", []string{`Bearer error="x"; scope="y"`}, 0, 16},
		{"no end of the quotes", []string{`Bearer error="x`}, 0, 15},
		{"no end after an escaped quote", []string{`Bearer error="x\"`}, 0, 17},
		{"backslash at the end", []string{`Bearer error="x\`}, 0, 16},
		{"text after the quotes", []string{`Bearer error="x"y`}, 0, 16},
		{"single quotes around a space", []string{`Bearer scope='a b'`}, 0, 16},
		{"URL without quotes", []string{`Bearer resource_metadata=https://mcp.example/`}, 0, 30},
		{"no value", []string{`Bearer error="x", scope=`}, 0, 23},
		{"no value before a comma", []string{`Bearer error=x, scope=, a=b`}, 0, 21},
		{"no name", []string{`Bearer ="x"`}, 0, 7},
		{"tab after the scheme", []string{"Bearer\terror=x"}, 0, 7},
		{"tab after the space", []string{"Bearer \terror=x"}, 0, 7},
		{"line break", []string{"Bearer error=x\r\n, scope=y"}, 0, 14},
		{"line break in quotes", []string{"Bearer error=\"x\r\n\""}, 0, 15},
		{"escaped line break in quotes", []string{"Bearer error=\"x\\\n\""}, 0, 16},
		{"null byte in quotes", []string{"Bearer error=\"\x00\""}, 0, 14},
		{"no-break space", []string{"Bearer\u00a0error=x"}, 0, 6},
		{"not ASCII outside quotes", []string{"Bearer error=é"}, 0, 13},
		{"a good value before a bad one", []string{`Bearer error="x"`, `"`}, 1, 0},
	} {
		t.Run("C14 "+test.name, func(t *testing.T) {
			got, err := Parse(test.values)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %q and error %v, want a *SyntaxError", got, err)
			}
			if got != nil {
				t.Errorf("challenges beside the error: %q", got)
			}
			if syntax.Value != test.value || syntax.Offset != test.offset {
				t.Errorf("stopped at byte %d of value %d, want byte %d of value %d: %v", syntax.Offset, syntax.Value, test.offset, test.value, err)
			}
		})
	}
}

// A hostile server may send megabytes of header; the time for each parameter
// must not grow with their number.
func BenchmarkParseManyParameters(b *testing.B) {
	for _, count := range []int{1 << 8, 1 << 16} {
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			var value strings.Builder
			value.WriteString("Bearer first=x")
			for i := range count {
				value.WriteString(",p" + strconv.Itoa(i) + "=x")
			}
			for b.Loop() {
				if _, err := Parse([]string{value.String()}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count), "ns/param")
		})
	}
}

// FuzzParse holds Parse against the grammar itself.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`Bearer error="invalid_token", scope="a b"`,
		`Basic realm="x", Bearer error = x ,, scope="a\"\\b"`,
		`Negotiate abc==, A , b=c, D =`,
		"A \t, b\t= c, A , ,b=\"\x80\t\", B c= , d",
		`A a=b, a=c`, `A, a=b`, `a= b`, `A a= , b=c`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, err := Parse([]string{value})
		// The reference takes every path that the grammar has, so its input
		// has to be short.
		if len(value) > 48 {
			return
		}
		want := derive(value)
		switch {
		case len(want) > 1:
			t.Fatalf("the grammar reads %q in several ways: %q", value, want)
		case len(want) == 0 && err == nil:
			t.Fatalf("%q is read as %q, the grammar has no such text", value, got)
		case len(want) == 1 && err != nil:
			t.Fatalf("%q is refused (%v), the grammar reads %q", value, err, want[0])
		case len(want) == 1 && !reflect.DeepEqual(got, want[0]):
			t.Fatalf("%q is read as %q, the grammar reads %q", value, got, want[0])
		}
	})
}
