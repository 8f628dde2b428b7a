// Package discreet prepares texts for the failures of tests, which must not hold
// a token, and should be short enough to be read.
package discreet

import (
	"slices"
	"strconv"
	"strings"
)

// Redact removes every token, and every part of one that says something of it,
// from a text.
func Redact(text string, tokens []string) string {
	for _, token := range tokens {
		text = strings.ReplaceAll(text, token, "‹token›")
	}
	for _, token := range tokens {
		for _, part := range Telling(token) {
			text = strings.ReplaceAll(text, part, "‹part of a token›")
		}
	}
	return text
}

// Telling are the parts of a token that say something of it.
func Telling(token string) []string {
	return slices.DeleteFunc(strings.Split(token, "."), func(part string) bool { return len(part) < 16 })
}

// Shorten cuts a text that is too long to be read.
func Shorten(text string) string {
	const most = 400
	if len(text) > most {
		return text[:most] + "… (" + strconv.Itoa(len(text)) + " bytes)"
	}
	return text
}
