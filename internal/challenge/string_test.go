package challenge

import (
	"reflect"
	"strings"
	"testing"
)

func bearer(pairs ...string) Challenge {
	c := Challenge{Scheme: "Bearer"}
	for i := 0; i < len(pairs); i += 2 {
		c.Params = append(c.Params, Param{Name: pairs[i], Value: pairs[i+1]})
	}
	return c
}

func TestString(t *testing.T) {
	for _, test := range []struct {
		row, name string
		challenge Challenge
		want      string
	}{
		{"S1", "without error", bearer("resource_metadata", "https://mcp.example/m", "scope", "a b"), `Bearer resource_metadata="https://mcp.example/m", scope="a b"`},
		{"S3", "with error", bearer("error", "invalid_token", "scope", "a b"), `Bearer error="invalid_token", scope="a b"`},
		{"S11", "empty value omitted", bearer("error", "", "scope", "", "realm", "x"), `Bearer realm="x"`},
		{"S1", "no parameter", bearer(), `Bearer`},
		{"S1", "nothing but empty values", bearer("scope", ""), `Bearer`},
		{"S14", "the ends of what is printable", bearer("realm", " a~"), `Bearer realm=" a~"`},
		{"S14", "quote", bearer("realm", `a", error="x`), `Bearer realm="a\", error=\"x"`},
		{"S14", "backslash before quote", bearer("realm", `a\", b="c`), `Bearer realm="a\\\", b=\"c"`},
		{"S14", "backslash at the end", bearer("realm", `a\`, "scope", "b"), `Bearer realm="a\\", scope="b"`},
		{"S14", "line breaks", bearer("realm", "a\r\nSet-Cookie: b\nc"), `Bearer realm="a??Set-Cookie: b?c"`},
		{"S14", "control bytes", bearer("realm", "\x00\t\x1b\x7f"), `Bearer realm="????"`},
		{"S14", "not ASCII", bearer("realm", "é\u0085\u2028\xff\xfe"), `Bearer realm="?????"`},
		{"S14", "a byte in a scope neither joins nor splits", bearer("scope", "a\nb"), `Bearer scope="a?b"`},
		{"S14", "name is not a token", bearer("a=\"b\", c", "d", "", "e", "realm", "x"), `Bearer realm="x"`},
		{"S14", "one parameter of a name", bearer("scope", "a", "SCOPE", "b"), `Bearer scope="a"`},
		{"S14", "an empty value hides no other", bearer("scope", "", "scope", "b"), `Bearer scope="b"`},
		{"S14", "scheme is not a token", Challenge{Scheme: "Be arer"}, ``},
		{"S14", "no scheme", Challenge{}, ``},
		{"C14", "token68", Challenge{Scheme: "Negotiate", Token68: "a.B-1_~+/=="}, `Negotiate a.B-1_~+/==`},
		{"S14", "token68 is none", Challenge{Scheme: "Negotiate", Token68: "a, b"}, ``},
		{"S14", "token68 of padding alone", Challenge{Scheme: "Negotiate", Token68: "=="}, ``},
		{"S14", "token68 and parameters", Challenge{Scheme: "Negotiate", Token68: "a", Params: []Param{{"b", "c"}}}, ``},
	} {
		t.Run(test.row+" "+test.name, func(t *testing.T) {
			if got := test.challenge.String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestGet(t *testing.T) {
	c := bearer("Scope", "a", "scope", "b", "realm", "")
	for _, test := range []struct {
		name, want string
		ok         bool
	}{
		{"scope", "a", true},
		{"SCOPE", "a", true},
		{"REALM", "", true},
		{"error", "", false},
		{"", "", false},
	} {
		if got, ok := c.Get(test.name); got != test.want || ok != test.ok {
			t.Errorf("C14: Get(%q) = %q, %v; want %q, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}

func TestIs(t *testing.T) {
	for scheme, want := range map[string]bool{"Bearer": true, "bEARER": true, "Basic": false, "": false, "Bearers": false} {
		if got := bearer().Is(scheme); got != want {
			t.Errorf("C14: Is(%q) = %v, want %v", scheme, got, want)
		}
	}
}

// FuzzString writes hostile challenges: what comes out reads back as the same
// parameters, with only the documented losses.
func FuzzString(f *testing.F) {
	f.Add("Bearer", "error", "invalid_token", "scope", "a b")
	f.Add("Bearer", "realm", "a\", b=\"c\\", "Realm", "\r\n")
	f.Add("Bearer", "", "x", "a b", "")
	f.Add("B r", "é", "é", "~", "\x00\xff")
	f.Fuzz(func(t *testing.T, scheme, name1, value1, name2, value2 string) {
		c := Challenge{Scheme: scheme, Params: []Param{{name1, value1}, {name2, value2}}}
		text := c.String()
		if text == "" {
			if isToken(scheme) {
				t.Fatalf("nothing written for scheme %q", scheme)
			}
			return
		}
		for i := range len(text) {
			if text[i] < ' ' || text[i] > '~' {
				t.Fatalf("byte %#x in %q", text[i], text)
			}
		}
		got, err := Parse([]string{text})
		if err != nil {
			t.Fatalf("%q doesn't read back: %v", text, err)
		}
		if want := []Challenge{writable(c)}; !reflect.DeepEqual(got, want) {
			t.Fatalf("%q reads back as %q, want %q", text, got, want)
		}
		if again := got[0].String(); again != text {
			t.Fatalf("%q is written anew as %q", text, again)
		}
	})
}

// writable is c after the losses that String documents.
func writable(c Challenge) Challenge {
	kept := Challenge{Scheme: c.Scheme}
	for _, p := range c.Params {
		if _, twice := kept.Get(p.Name); twice || p.Value == "" || !isToken(p.Name) {
			continue
		}
		var value strings.Builder
		for _, r := range p.Value {
			if r < 0x20 || r > 0x7e {
				r = '?'
			}
			value.WriteRune(r)
		}
		kept.Params = append(kept.Params, Param{p.Name, value.String()})
	}
	return kept
}
