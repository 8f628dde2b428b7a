package challenge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// This file reads a field value by trying every derivation of the ABNF:
//
//	WWW-Authenticate = #challenge                       RFC 9110 §11.6.1
//	challenge        = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
//	auth-param       = token BWS "=" BWS ( token / quoted-string )
//	#element         = [ element ] *( OWS "," OWS [ element ] )   §5.6.1.2
//
// It shares nothing with Parse, decides nothing early, and is slow.

// matched is one way to read some text: up to where, and as what.
type matched[T any] struct {
	end   int
	value T
}

var (
	tokenShape   = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+")
	token68Shape = regexp.MustCompile(`^[-._~+/0-9A-Za-z]+=*`)
	quotedShape  = regexp.MustCompile(`^"(?:[\t !#-\[\]-~\x{80}-\x{ff}]|\\[\t -~\x{80}-\x{ff}])*"`)
	quotedPair   = regexp.MustCompile(`(?s)\\(.)`)
)

// derive returns all different readings of a field value.
func derive(value string) [][]Challenge {
	// Regular expressions read runes: one rune for each byte makes them read
	// bytes. Tokens are ASCII, and quoted text is turned back.
	var runes strings.Builder
	for _, b := range []byte(strings.Trim(value, " \t")) {
		runes.WriteRune(rune(b))
	}
	text := runes.String()
	var whole [][]Challenge
	for _, m := range list(text, 0, challengeAt) {
		if m.end == len(text) && !repeats(m.value) {
			whole = append(whole, m.value)
		}
	}
	return whole
}

func list[T any](text string, at int, element func(string, int) []matched[T]) []matched[[]T] {
	optional := func(before matched[[]T]) []matched[[]T] {
		found := []matched[[]T]{before}
		for _, m := range element(text, before.end) {
			value := slices.Concat(before.value, []T{m.value})
			found = append(found, matched[[]T]{m.end, value})
		}
		return found
	}
	all := optional(matched[[]T]{end: at})
	for i := 0; i < len(all); i++ {
		for _, before := range space(text, all[i].end) {
			if !strings.HasPrefix(text[before:], ",") {
				continue
			}
			for _, after := range space(text, before+1) {
				all = append(all, optional(matched[[]T]{after, all[i].value})...)
			}
		}
		all = distinct(all)
	}
	return all
}

func challengeAt(text string, at int) []matched[Challenge] {
	var found []matched[Challenge]
	for _, scheme := range regular(tokenShape, text, at) {
		c := Challenge{Scheme: text[at:scheme]}
		found = append(found, matched[Challenge]{scheme, c})
		for after := scheme; strings.HasPrefix(text[after:], " "); {
			after++
			for _, end := range regular(token68Shape, text, after) {
				c := Challenge{Scheme: c.Scheme, Token68: text[after:end]}
				found = append(found, matched[Challenge]{end, c})
			}
			for _, m := range list(text, after, paramAt) {
				c := Challenge{Scheme: c.Scheme, Params: m.value}
				found = append(found, matched[Challenge]{m.end, c})
			}
		}
	}
	return distinct(found)
}

func paramAt(text string, at int) []matched[Param] {
	var found []matched[Param]
	for _, name := range regular(tokenShape, text, at) {
		for _, before := range space(text, name) {
			if !strings.HasPrefix(text[before:], "=") {
				continue
			}
			for _, after := range space(text, before+1) {
				for _, end := range regular(tokenShape, text, after) {
					found = append(found, matched[Param]{end, Param{text[at:name], text[after:end]}})
				}
				for _, end := range regular(quotedShape, text, after) {
					value := quotedPair.ReplaceAllString(text[after+1:end-1], "$1")
					found = append(found, matched[Param]{end, Param{text[at:name], bytesOf(value)}})
				}
			}
		}
	}
	return found
}

// space returns all ends of optional white space (OWS, BWS).
func space(text string, at int) []int {
	ends := []int{at}
	for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
		at++
		ends = append(ends, at)
	}
	return ends
}

// regular returns the end of the longest match of a terminal. Shorter ones lead
// nowhere: after each terminal come white space, "=", a comma or the end.
func regular(shape *regexp.Regexp, text string, at int) []int {
	if match := shape.FindStringIndex(text[at:]); match != nil {
		return []int{at + match[1]}
	}
	return nil
}

func bytesOf(runes string) string {
	var text []byte
	for _, r := range runes {
		text = append(text, byte(r))
	}
	return string(text)
}

func distinct[T any](all []matched[T]) []matched[T] {
	seen := make(map[string]bool)
	var kept []matched[T]
	for _, m := range all {
		if key := fmt.Sprintf("%d %#v", m.end, m.value); !seen[key] {
			seen[key] = true
			kept = append(kept, m)
		}
	}
	return kept
}

// repeats reports whether a challenge has two parameters of one name.
func repeats(challenges []Challenge) bool {
	for _, c := range challenges {
		for i, p := range c.Params {
			for _, q := range c.Params[:i] {
				if strings.EqualFold(p.Name, q.Name) {
					return true
				}
			}
		}
	}
	return false
}
