package rpcscan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
)

func TestStrictArguments(t *testing.T) {
	const fine rpcscan.Kind = 0
	for _, c := range []struct {
		name, text string
		want       rpcscan.Kind
	}{
		{"empty", `{}`, fine},
		{"white space", " { \"a\" : [ 1 , { } ] , \"b\" : { \"a\" : \"\" } } ", fine},
		{"one key in many objects", `{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":3}}`, fine},
		{"different keys", `{"path":"/public","paths":[],"ſ":1,"ß":2,"ss":3,"ẞx":4,"é":5,"e":6}`, fine},
		{"pair of surrogates", `{"\ud83d\ude00":"\ud83d\ude00"}`, fine},
		{"many keys", `{"a":1` + manyKeys(1023) + `}`, fine},
		{"64 deep", `{"a":` + nested(63) + `}`, fine},
		{"values of every kind", `{"a":[true,false,null,-1.5e3,"x",[],{}]}`, fine},

		{"two keys", `{"path":"/public","path":"/secret"}`, rpcscan.Duplicate},
		{"two keys, one escaped", `{"path":"/public","p\u0061th":"/secret"}`, rpcscan.Duplicate},
		{"two keys far apart", `{"a":1` + manyKeys(500) + `,"a":2}`, rpcscan.Duplicate},
		{"two keys deep down", `{"a":[[{"b":{"c":1,"d":[{}],"c":2}}]]}`, rpcscan.Duplicate},
		{"two keys around an object", `{"a":1,"b":{"c":1,"d":2},"a":2}`, rpcscan.Duplicate},
		{"two empty keys", `{"":1,"":2}`, rpcscan.Duplicate},
		{"path and PATH", `{"path":"/public","PATH":"/secret"}`, rpcscan.CaseVariant},
		{"path and Path, one escaped", `{"path":"/public","\u0050ath":"/secret"}`, rpcscan.CaseVariant},
		{"case deep down", `{"a":[{"b":{"name":1,"Name":2}}]}`, rpcscan.CaseVariant},
		{"long s", `{"ids":1,"id\u017f":2}`, rpcscan.CaseVariant},
		{"Kelvin sign", "{\"key\":1,\"\u212aey\":2}", rpcscan.CaseVariant},
		{"Greek sigmas", `{"σ":1,"ς":2}`, rpcscan.CaseVariant},
		{"Angstrom sign", "{\"\u00e5\":1,\"\u212b\":2}", rpcscan.CaseVariant},
		{"Cherokee", `{"Ꭰ":1,"ꭰ":2}`, rpcscan.CaseVariant},
		{"Georgian", `{"ა":1,"Ა":2}`, rpcscan.CaseVariant},
		{"Deseret", `{"𐐀":1,"𐐨":2}`, rpcscan.CaseVariant},
		{"ǆ, ǅ and Ǆ", `{"x":1,"ǅ":1,"Ǆ":2}`, rpcscan.CaseVariant},
		{"case before a duplicate", `{"a":1,"A":2,"b":3,"b":4}`, rpcscan.Duplicate},
		{"lone surrogate in a key", `{"\ud800":1}`, rpcscan.Type},
		{"lone surrogate in a value", `{"a":["\ude00\ud83d"]}`, rpcscan.Type},
		{"too many keys", `{"a":1` + manyKeys(1024) + `}`, rpcscan.Limit},
		{"65 deep", `{"a":` + nested(64) + `}`, rpcscan.Depth},
		{"list", `[]`, rpcscan.Type},
		{"null", `null`, rpcscan.Type},
		{"nothing", ``, rpcscan.Syntax},
		{"two objects", `{}{}`, rpcscan.Trailing},
		{"not UTF-8", "{\"a\":\"\xff\"}", rpcscan.Encoding},
		{"wrong bracket", `{"a":[1}}`, rpcscan.Syntax},
		{"wrong brace", `{"a":{"b":1]}`, rpcscan.Syntax},
		{"open object", `{"a":1`, rpcscan.Syntax},
		{"open brace", `{`, rpcscan.Syntax},
		{"comma at the end", `{"a":1,}`, rpcscan.Syntax},
		{"comma at the end of a list", `{"a":[1,]}`, rpcscan.Syntax},
		{"no colon", `{"a"}`, rpcscan.Syntax},
		{"open key", `{"a`, rpcscan.Syntax},
		{"number for a key", `{1:2}`, rpcscan.Syntax},
		{"open list", `{"a":[`, rpcscan.Syntax},
	} {
		t.Run("G7 "+c.name, func(t *testing.T) {
			err := rpcscan.StrictArguments([]byte(c.text))
			if c.want == fine && err != nil || c.want != fine && !errors.Is(err, c.want) {
				t.Errorf("StrictArguments = %v, want %v", err, c.want)
			}
		})
	}
}

func FuzzStrictArguments(f *testing.F) {
	for _, text := range []string{
		`{"path":"/public","PATH":"/secret"}`, `{"a":[{"b":{"name":1,"Name":2}}]}`, `{"a":{"a":[1,{"b":null}]},"b":"\ud83d\ude00"}`,
		`{"ſ":1,"s":2}`, `{"\ud800":1}`, ` {"a":[ ]}`, `{"a":1,"a":2}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := rpcscan.StrictArguments(data)
		// The grammar is Scan's, which tells what these arguments are in a call.
		_, callErr := rpcscan.Scan([]byte(call(`{"arguments":` + string(data) + `}`)))
		switch {
		case err == nil && !strict(data[strings.IndexByte(string(data), '{'):]):
			t.Fatal("arguments that read two ways were accepted")
		case err == nil && callErr != nil && !errors.Is(callErr, rpcscan.Depth):
			t.Fatalf("Scan refuses what StrictArguments accepts: %v", callErr)
		case bounded(err) || callErr != nil:
		case err != nil && strict(data[strings.IndexByte(string(data), '{'):]):
			t.Fatalf("arguments that read one way were refused: %v", err)
		}
	})
}

func TestResourceSubscriptions(t *testing.T) {
	listen := func(params string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":` + params + `}`
	}
	many := strings.Repeat(`"a",`, 1023)
	for _, c := range []struct {
		name, params string
		want         []string
		kind         rpcscan.Kind
	}{
		{"none", `{}`, nil, 0},
		{"no resources", `{"notifications":{"toolsListChanged":true,"x":[{"y":1}]}}`, nil, 0},
		{"empty notifications", `{"notifications":{}}`, nil, 0},
		{"empty list", `{"notifications":{"resourceSubscriptions":[ ]}}`, nil, 0},
		{"two", `{"notifications":{"resourceSubscriptions":[ "a:1" , "b\u003a2" ],"toolsListChanged":false}}`, []string{"a:1", "b:2"}, 0},
		{"as many as may be", `{"notifications":{"resourceSubscriptions":[` + many + `"a"]}}`, slices.Repeat([]string{"a"}, 1024), 0},
		{"too many", `{"notifications":{"resourceSubscriptions":[` + many + `"a","b"]}}`, nil, rpcscan.Limit},
		{"twice", `{"notifications":{"resourceSubscriptions":["a"],"resourceSubscriptions":["b"]}}`, nil, rpcscan.Duplicate},
		{"in another case", `{"notifications":{"resourcesubscriptions":["a"]}}`, nil, rpcscan.CaseVariant},
		{"with a long s", `{"notifications":{"re\u017fourceSubscriptions":["a"]}}`, nil, rpcscan.CaseVariant},
		{"null notifications", `{"notifications":null}`, nil, rpcscan.Type},
		{"null list", `{"notifications":{"resourceSubscriptions":null}}`, nil, rpcscan.Type},
		{"string for a list", `{"notifications":{"resourceSubscriptions":"a"}}`, nil, rpcscan.Type},
		{"null in the list", `{"notifications":{"resourceSubscriptions":["a",null]}}`, nil, rpcscan.Type},
		{"list in the list", `{"notifications":{"resourceSubscriptions":[["a"]]}}`, nil, rpcscan.Type},
		{"lone surrogate", `{"notifications":{"resourceSubscriptions":["\ud800"]}}`, nil, rpcscan.Type},
	} {
		t.Run("G9 "+c.name, func(t *testing.T) {
			m, err := rpcscan.Scan([]byte(listen(c.params)))
			if err != nil {
				t.Fatalf("Scan: %v", err)
			}
			got, err := m.ResourceSubscriptions()
			if c.kind == 0 && err != nil || c.kind != 0 && !errors.Is(err, c.kind) {
				t.Fatalf("ResourceSubscriptions: %v, want %v", err, c.kind)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("ResourceSubscriptions = %q, want %q", got, c.want)
			}
		})
	}
}

// TestErrorsTellNoText proves that a refusal names its reason and its place, and
// nothing of what a stranger wrote.
func TestErrorsTellNoText(t *testing.T) {
	kinds := map[string]bool{}
	for kind := rpcscan.Syntax; kind <= rpcscan.Limit; kind++ {
		kinds[kind.Error()] = true
	}
	if len(kinds) != int(rpcscan.Limit) || kinds[rpcscan.Kind(0).Error()] {
		t.Errorf("the kinds don't each have words of their own: %v", kinds)
	}
	_, err := rpcscan.Scan([]byte(with(`,"METHOD":"attack"`)))
	if want := "ambiguous or invalid JSON: a key differs from another in case alone (at byte 71)"; fmt.Sprint(err) != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}
