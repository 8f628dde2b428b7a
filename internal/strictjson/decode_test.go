package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

type decoded struct {
	Name  string   `json:"name"`
	Count int      `json:"max_count"`
	List  []string `json:"list"`
}

func TestDecode(t *testing.T) {
	var got decoded
	if err := strictjson.Decode([]byte(`{"name":"n","MAX_COUNT":7,"max-count":8,"list":["a"],"more":{}}`), &got); err != nil {
		t.Fatal(err)
	}
	if want := (decoded{Name: "n", List: []string{"a"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for text, want := range map[string]error{`{"name":"a","name":"b"}`: strictjson.ErrAmbiguous, `{"name":"a","Name":"b"}`: strictjson.ErrAmbiguous, `[]`: strictjson.ErrSyntax} {
		if err := strictjson.Decode([]byte(text), &got); !errors.Is(err, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	var kind *json.UnmarshalTypeError
	if err := strictjson.Decode([]byte(`{"name":1}`), &got); !errors.As(err, &kind) {
		t.Errorf("a number for a name: %v", err)
	}
}

// FuzzDecode checks that what is taken is what encoding/json takes, wherever the
// names are spelled as they are.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"n","max_count":7,"list":["a"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var ours, theirs decoded
		if strictjson.Decode(data, &ours) != nil {
			return
		}
		if err := json.Unmarshal(data, &theirs); err == nil && string(data) == strings.ToLower(string(data)) && !strings.ContainsAny(string(data), "\\\u017f\u212a") && !reflect.DeepEqual(ours, theirs) {
			t.Errorf("%s: %+v, encoding/json has %+v", data, ours, theirs)
		}
	})
}
