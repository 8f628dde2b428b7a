package strictjson

import (
	"unicode"
	"unicode/utf8"
)

// Fold returns the least of the characters that r is equal to but for its case
// (Unicode simple folding). Two names are equal but for their case if they are
// equal once each character is folded.
func Fold(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// Hash is of a sequence of characters (FNV-1a, by whole characters). Two names
// with one hash count as equal: that is so, or a chance of one in 2^45 for the
// most names that are looked at together, or made on purpose, and then the text
// is refused with no harm.
type Hash uint64

// EmptyHash is of no characters.
const EmptyHash Hash = 14695981039346656037

// With returns the hash of the sequence with one more character.
func (h Hash) With(r rune) Hash { return (h ^ Hash(r)) * 1099511628211 }

// folded is the same for two names that are equal but for their case.
func folded(name string) Hash {
	h := EmptyHash
	for _, r := range name {
		h = h.With(Fold(r))
	}
	return h
}
