package difffuzz

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// speller writes a body from a sequence of choices. The choice 0, which is also
// what comes after the last, is always the one that a client makes; the others
// are spellings that some decoder reads in its own way.
type speller struct {
	choices []byte
	out     strings.Builder
}

// spell writes the body that the choices stand for.
func spell(choices []byte) []byte {
	s := &speller{choices: choices}
	s.document()
	switch s.choose(24) {
	case 1:
		s.document()
	case 2:
		s.out.WriteString("\n")
		s.document()
	case 3:
		s.out.WriteString(s.pick(",", "}", "]", "\x00", "\u00a0", "//", "null", "\ufeff"))
	case 4:
		return []byte("[" + s.out.String() + "]")
	case 5:
		return []byte("\ufeff" + s.out.String())
	}
	return []byte(s.out.String())
}

// choose returns the next choice of n.
func (s *speller) choose(n int) int {
	if len(s.choices) == 0 {
		return 0
	}
	choice := int(s.choices[0]) % n
	s.choices = s.choices[1:]
	return choice
}

func (s *speller) pick(options ...string) string { return options[s.choose(len(options))] }

// document writes one message.
func (s *speller) document() {
	method := s.pick(append([]string{"tools/call"}, methods()...)...)
	members := []pair{
		{"jsonrpc", func() { s.value(`"2.0"`, `"2\u002e0"`, `"2.00"`, `2.0`, `null`) }},
		{"id", func() {
			s.value(`1`, `"1"`, `1.0`, `1e0`, `-0`, `1.5`, `9007199254740993`, `9223372036854775807`, `null`, `{}`, `"\ud800"`)
		}},
		{"method", func() {
			s.value(quote(method), quote(method), `"ping"`, `"tools/call"`, `"tools\/call"`, `null`, `""`, `"TOOLS/CALL"`)
		}},
		{"params", func() { s.params(method) }},
	}
	if strings.HasPrefix(method, "notifications/") && s.choose(8) != 7 {
		members = slices.Delete(members, 1, 2)
	}
	s.object(members, []string{"method", "params", "id", "result", "error", "jsonrpc", "x"})
}

// params writes the params of a method, with or without the modern _meta.
func (s *speller) params(method string) {
	if s.choose(32) == 31 {
		s.out.WriteString(s.pick(`null`, `[]`, `["danger"]`, `"danger"`))
		return
	}
	var members []pair
	switch method {
	case "resources/read", "resources/subscribe", "resources/unsubscribe":
		members = append(members, pair{"uri", func() { s.name("x://safe", "x://danger", "t://danger") }})
	case "completion/complete":
		members = append(members, pair{"ref", s.ref}, pair{"argument", func() { s.out.WriteString(`{"name":"a","value":"b"}`) }})
	case "subscriptions/listen":
		members = append(members, pair{"notifications", s.notifications})
	default:
		members = append(members, pair{"name", func() { s.name("safe", "danger") }}, pair{"arguments", s.arguments})
	}
	if s.choose(2) == 1 {
		members = append(members, pair{"_meta", func() { s.out.WriteString(strings.TrimPrefix(modern, `"_meta":`)) }})
	}
	s.object(members, []string{"name", "uri", "arguments", "ref", "notifications", "_meta", "task", "requestState", "inputResponses", "cursor", "x"})
}

func (s *speller) ref() {
	s.object([]pair{
		{"type", func() { s.value(`"ref/prompt"`, `"ref/resource"`, `"ref\/prompt"`, `"REF/PROMPT"`, `null`) }},
		{s.pick("name", "uri"), func() { s.name("safe", "x://safe", "danger", "x://danger") }},
	}, []string{"name", "uri", "type", "x"})
}

func (s *speller) notifications() {
	s.object([]pair{
		{"resourceSubscriptions", func() { s.value(`["x://safe"]`, `["x://safe","x://danger"]`, `[]`, `[null]`, `null`, `"x://danger"`) }},
	}, []string{"resourceSubscriptions", "toolsListChanged", "x"})
}

func (s *speller) arguments() {
	s.value(`{}`, `{"path":"/public"}`, `{"path":"/public","path":"/secret"}`, `null`, `[]`, `{"name":"danger","method":"ping"}`, `{"a":"\ud800"}`, `{"a":[{"b":{}}]}`)
}

// pair is a member, and what writes its value.
type pair struct {
	key   string
	value func()
}

// object writes an object of the members, in some order, some of them left out,
// and of up to two more whose keys are from others.
func (s *speller) object(members []pair, others []string) {
	for range s.choose(16) % 3 * (s.choose(4) & 1) {
		other := pair{s.pick(others...), func() {
			s.value(`"danger"`, `"x://danger"`, `null`, `{}`, `{"name":"danger"}`, `"ping"`, `1`, `[]`, `"tools/call"`, `["x://danger"]`, `{"type":"ref/prompt","name":"danger"}`)
		}}
		at := s.choose(len(members) + 1)
		members = append(members[:at:at], append([]pair{other}, members[at:]...)...)
	}
	s.out.WriteString("{")
	for i, m := range members {
		if s.choose(64) == 63 {
			continue
		}
		if i > 0 {
			s.out.WriteString("," + s.space())
		}
		s.out.WriteString(quote(s.key(m.key)) + s.space() + ":" + s.space())
		m.value()
	}
	s.out.WriteString(s.space() + "}")
}

func (s *speller) space() string {
	if s.choose(8) != 7 {
		return ""
	}
	return s.pick(" ", "\n", "\t\r", "\f", "\u00a0", "/**/", "\x00")
}

// key spells a key: as it is, or so that some decoders take it for the same.
func (s *speller) key(name string) string {
	at := s.choose(256) % len(name)
	before, letter, after := name[:at], name[at:at+1], name[at+1:]
	switch s.choose(32) {
	case 20:
		return strings.ToUpper(name)
	case 21, 22:
		return before + strings.ToUpper(letter) + after
	case 23:
		return strings.Replace(name, "s", "\u017f", 1)
	case 24:
		return strings.Replace(name, "k", "\u212a", 1)
	case 25:
		return before + `\u00` + hex(letter[0]) + after
	case 26:
		return before + `\u00` + hex(letter[0]&^0x20) + after
	case 27:
		return before + s.pick(`\u0000`, `\ud800`, ` `, `\u00ad`, `\u200b`, `\u0301`, `\n`, "\xff", "\x00", `\\`, `\"`) + letter + after
	case 28:
		return name + s.pick(` `, `\u0000`, `.`, `[]`, `\t`)
	case 29:
		return strings.NewReplacer("s", `\u017F`, "k", `\u212A`).Replace(name)
	}
	return name
}

// name writes a name: one of those known to the SDKs, or a spelling that some
// decoder may take for it.
func (s *speller) name(options ...string) {
	name := s.pick(options...)
	switch s.choose(24) {
	case 16:
		s.out.WriteString("null")
	case 17:
		s.out.WriteString(s.pick(`1`, `true`, `{}`, `[]`, `["danger"]`, `{"name":"danger"}`))
	case 18:
		s.out.WriteString(quote(name + s.pick(`\u0000`, `\ud800`, `\udfff`, `\ud83d\ude00`, `\ude00\ud83d`, `\ufffd`, "\xff", "\ufffd", `\n`, "\n", " ")))
	case 19:
		s.out.WriteString(quote(`\u00` + hex(name[0]) + name[1:]))
	case 20:
		s.out.WriteString(quote(`\U00` + hex(name[0]) + name[1:]))
	case 21:
		s.out.WriteString(`'` + name + `'`)
	case 22:
		s.out.WriteString(quote(strings.ToUpper(name)))
	default:
		s.out.WriteString(quote(name))
	}
}

// value writes one of the options: mostly the first.
func (s *speller) value(options ...string) {
	if s.choose(4) != 3 {
		s.out.WriteString(options[0])
		return
	}
	s.out.WriteString(s.pick(options...))
}

func quote(text string) string { return `"` + text + `"` }

func hex(c byte) string {
	const digits = "0123456789abcdef"
	if c >= utf8.RuneSelf {
		return "3f"
	}
	return string([]byte{digits[c>>4], digits[c&15]})
}
