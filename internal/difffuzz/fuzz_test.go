package difffuzz

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	segmentio "github.com/segmentio/encoding/json"
)

// TestLegitimateBodiesRun is the control: what clients send is not refused, and
// each SDK that knows the method runs it at some version.
func TestLegitimateBodiesRun(t *testing.T) {
	all := endpoints()
	dispatched, touched := map[string]bool{}, map[string]bool{}
	for _, body := range legitimate() {
		said, ok := judge([]byte(body))
		if !ok {
			t.Errorf("the gate refuses %s", body)
			continue
		}
		for _, e := range all {
			r := e.post([]byte(body), said)
			r.check(t, e, []byte(body), said)
			dispatched[e.sdk+" "+said.method] = dispatched[e.sdk+" "+said.method] || len(r.dispatched)+len(r.notified) > 0
			touched[e.sdk+" "+said.method] = touched[e.sdk+" "+said.method] || len(r.touched) > 0
		}
	}
	for _, sdk := range []string{"go-sdk", "mcp-go"} {
		for _, method := range methods() {
			// go-sdk has no tasks, and drops notifications or not, as it
			// happens, when it is stateless. mcp-go cancels without a handler.
			known := method != "x/unknown" && method != "notifications/cancelled" && (sdk == "mcp-go" || !strings.HasPrefix(method, "tasks/") && !strings.HasPrefix(method, "notifications/"))
			if known && !dispatched[sdk+" "+method] {
				t.Errorf("%s never ran %s", sdk, method)
			}
		}
		for _, method := range []string{"tools/call", "prompts/get", "resources/read", "completion/complete"} {
			if !touched[sdk+" "+method] {
				t.Errorf("%s ran no handler of %s", sdk, method)
			}
		}
	}
}

// TestHostileBodies proves the forms that made lenient gates holes: refused, or
// what runs is what the gate said.
func TestHostileBodies(t *testing.T) {
	all := endpoints()
	for _, body := range hostile() {
		agree(t, all, []byte(body))
	}
}

// TestLenientGatesAreHoles is the control of the hostile bodies and of what
// records them: a gate that reads with encoding/json, or with the decoder of
// go-sdk, is bypassed in front of both SDKs.
func TestLenientGatesAreHoles(t *testing.T) {
	type call struct {
		Method string `json:"method"`
		Params struct {
			Name string `json:"name"`
		} `json:"params"`
	}
	for name, decode := range map[string]func([]byte) (c call, err error){
		"encoding/json, the first document": func(body []byte) (c call, err error) {
			err = json.NewDecoder(bytes.NewReader(body)).Decode(&c)
			return c, err
		},
		"case-sensitive": func(body []byte) (c call, err error) {
			decoder := segmentio.NewDecoder(bytes.NewReader(body))
			decoder.DontMatchCaseInsensitiveStructFields()
			err = decoder.Decode(&c)
			return c, err
		},
	} {
		bypassed := map[string]int{}
		for _, body := range hostile() {
			c, err := decode([]byte(body))
			if err != nil || c.Method == "tools/call" && c.Params.Name == "danger" {
				continue // refused
			}
			for _, e := range endpoints() {
				r := e.post([]byte(body), operation{method: c.Method, names: []string{c.Params.Name}})
				if slices.Contains(r.touched, "danger") {
					bypassed[e.sdk]++
				}
			}
		}
		t.Logf("%s: %v", name, bypassed)
		if len(bypassed) == 0 {
			t.Errorf("%s: no bypass was seen", name)
		}
	}
}

// agree fails if an SDK runs anything that the gate did not say.
func agree(t *testing.T, all []endpoint, body []byte) {
	t.Helper()
	said, ok := judge(body)
	if !ok {
		return
	}
	for _, e := range all {
		e.post(body, said).check(t, e, body, said)
	}
}

// FuzzBodies mutates bodies as they stand.
func FuzzBodies(f *testing.F) {
	for _, body := range append(legitimate(), hostile()...) {
		f.Add([]byte(body))
	}
	all := endpoints()
	f.Fuzz(func(t *testing.T, body []byte) {
		agree(t, all, body)
	})
}

// FuzzSpellings mutates the choices that a body is spelled by, and so gets
// further into the SDKs than mutated text.
func FuzzSpellings(f *testing.F) {
	f.Add([]byte{})
	for method := range methods() {
		f.Add([]byte{byte(method + 1)})
	}
	for _, seed := range []string{"name twice", "\x01\x02\x03\x04\x05\x06\x07\x08\x09", "\x00\x13\x01\x00\x02\x14\x1a\x01"} {
		f.Add([]byte(seed))
	}
	all := endpoints()
	f.Fuzz(func(t *testing.T, choices []byte) {
		agree(t, all, spell(choices))
	})
}
