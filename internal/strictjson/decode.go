package strictjson

import (
	"encoding/json"
	"strings"
)

// Decode reads the one object that data holds into v, a pointer to a struct
// whose members all have lower-case names, as OAuth documents have them.
//
// encoding/json would take "Issuer" for "issuer"; here any name with another
// letter in it is not one of the members. The error is that of Object, or tells
// which member is of another type.
func Decode(data []byte, v any) error {
	members, err := Object(data)
	if err != nil {
		return err
	}
	named := make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		if strings.Trim(m.Name, "abcdefghijklmnopqrstuvwxyz_") == "" {
			named[m.Name] = m.Value
		}
	}
	text, err := json.Marshal(named)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}
