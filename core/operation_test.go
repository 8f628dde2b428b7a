package core

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// TestG7ArgumentsLeadToOneValue, at every depth, or to an error.
func TestG7ArgumentsLeadToOneValue(t *testing.T) {
	for name, c := range map[string]struct {
		arguments, path, want string // of want, JSON, or "" for none
		err                   error
	}{
		"a string":                      {`{"path":"/a"}`, "path", `"/a"`, nil},
		"an escaped name":               {`{"p\u0061th":"/a"}`, "path", `"/a"`, nil},
		"a number as it is written":     {`{"n":12345678901234567890.10}`, "n", `12345678901234567890.10`, nil},
		"a list":                        {`{"paths":["/a","/b"]}`, "paths", `["/a","/b"]`, nil},
		"none":                          {`{"other":1}`, "path", "", nil},
		"null":                          {`{"path":null}`, "path", "", nil},
		"deeper":                        {`{"options":{"path":"/a"}}`, "options path", `"/a"`, nil},
		"deeper, none":                  {`{"options":{}}`, "options path", "", nil},
		"deeper, null":                  {`{"options":null}`, "options path", "", nil},
		"in each of a list":             {`{"edits":[{"path":"/a"},{"path":"/b"},{},null]}`, "edits path", `["/a","/b",null,null]`, nil},
		"lists in lists":                {`{"x":[[{"y":1}],[]]}`, "x y", `[[1],[]]`, nil},
		"another case":                  {`{"PATH":"/a"}`, "path", "", strictjson.ErrAmbiguous},
		"both cases":                    {`{"path":"/a","PATH":"/b"}`, "path", "", strictjson.ErrAmbiguous},
		"twice":                         {`{"path":"/a","path":"/b"}`, "path", "", strictjson.ErrAmbiguous},
		"a long s":                      {"{\"u\u017fer\":1}", "user", "", strictjson.ErrAmbiguous},
		"another case deeper":           {`{"options":{"PATH":"/a"}}`, "options path", "", strictjson.ErrAmbiguous},
		"another case of the way":       {`{"Options":{"path":"/a"}}`, "options path", "", strictjson.ErrAmbiguous},
		"another case in a list":        {`{"edits":[{"path":"/a"},{"Path":"/b"}]}`, "edits path", "", strictjson.ErrAmbiguous},
		"an object":                     {`{"options":{"path":"/a"}}`, "options", "", errArgument},
		"an object in a list":           {`{"edits":[1,{}]}`, "edits", "", errArgument},
		"the way through a string":      {`{"options":"x"}`, "options path", "", errArgument},
		"the way through a list of any": {`{"edits":["x"]}`, "edits path", "", errArgument},
	} {
		t.Run(name, func(t *testing.T) {
			raw := []byte(c.arguments)
			value, present, err := Operation{arguments: &raw}.Argument(strings.Fields(c.path)...)
			if !errors.Is(err, c.err) || present != (c.want != "") {
				t.Fatalf("present %v, error %v, want %v", present, err, c.err)
			}
			if !present {
				return
			}
			if got, err := json.Marshal(value); err != nil || string(got) != c.want {
				t.Errorf("%s, error %v, want %s", got, err, c.want)
			}
		})
	}
	for _, op := range []Operation{{}, {arguments: new([]byte)}} {
		if _, present, err := op.Argument(); present || err != nil {
			t.Errorf("no path: present %v, error %v", present, err)
		}
	}
}
