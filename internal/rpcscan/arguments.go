package rpcscan

import (
	"cmp"
	"slices"

	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// maxArgumentKeys is how many keys one object within arguments may have, where
// they are looked at.
const maxArgumentKeys = 1024

// StrictArguments refuses arguments that two decoders would read differently:
// with two keys of one object, at any depth, that are equal or differ in case
// alone (Unicode simple folding), or with a surrogate that stands alone in any
// string. It is for operations whose requirement depends on their arguments.
// raw is one JSON object, such as Message.Arguments. The error is an *Error.
func StrictArguments(raw []byte) error {
	a := arguments{scanner: scanner{data: raw}}
	if a.read() < 0 {
		return a.err()
	}
	return nil
}

// arguments reads a value and compares the keys of every object in it.
type arguments struct {
	scanner
	open  [MaxDepth]container
	depth int
}

// container is an open array or object.
type container struct {
	closing byte
	keys    int // where those of an object start
}

// key stands for a key of an object: two have one fold if they are equal but
// for their case, and one plain if they are equal (see object.seen).
type key struct{ fold, plain strictjson.Hash }

func (a *arguments) read() int {
	i := a.space(0)
	if a.peek(i) != '{' {
		return a.mistyped(i)
	}
	// The keys of all open objects, outermost first. They are handed on and
	// back, since Go would allocate what a field points to.
	var some [32]key
	keys := some[:0]
	for i >= 0 {
		// Here a value starts at i.
		switch c := a.peek(i); c {
		case '{', '[':
			if i = a.enter(i, container{closing: c + 2, keys: len(keys)}); i < 0 {
				return -1
			}
			if a.peek(i) != c+2 {
				i, keys = a.member(i, keys)
				continue
			}
		case '"':
			i = a.string(i)
		default:
			i = a.scalar(i, c)
		}
		// Here one ended.
		if i, keys = a.leave(i, keys); i >= 0 && a.depth == 0 {
			return a.end(i)
		}
	}
	return -1
}

// enter opens the container at i.
func (a *arguments) enter(i int, c container) int {
	if a.depth == MaxDepth {
		return a.fail(Depth, i)
	}
	a.open[a.depth] = c
	a.depth++
	return a.space(i + 1)
}

// leave goes on from the end of a value at i to the next value, and closes the
// containers that end before it.
func (a *arguments) leave(i int, keys []key) (int, []key) {
	for i >= 0 && a.depth > 0 {
		inner := a.open[a.depth-1]
		i = a.space(i)
		switch a.peek(i) {
		case ',':
			return a.member(a.space(i+1), keys)
		case inner.closing:
			i = a.compare(keys[inner.keys:], i+1)
			keys = keys[:inner.keys]
			a.depth--
		default:
			return a.unexpected(i), keys
		}
	}
	return i, keys
}

// member goes on from where a member starts to its value: in an object, past
// its key.
func (a *arguments) member(i int, keys []key) (int, []key) {
	inner := a.open[a.depth-1]
	if inner.closing != '}' {
		return i, keys
	}
	if a.peek(i) != '"' {
		return a.unexpected(i), keys
	}
	end := a.text(i)
	if end < 0 {
		return -1, keys
	}
	if len(keys)-inner.keys == maxArgumentKeys {
		return a.fail(Limit, i), keys
	}
	k := key{fold: strictjson.EmptyHash, plain: strictjson.EmptyHash}
	for raw := a.data[i+1 : end-1]; len(raw) > 0; {
		r, size := decodeRune(raw)
		if r < 0 {
			return a.fail(Type, i), keys
		}
		k.fold, k.plain, raw = k.fold.With(strictjson.Fold(r)), k.plain.With(r), raw[size:]
	}
	return a.colon(end), append(keys, k)
}

// string skips the string at i.
func (a *arguments) string(i int) int {
	end := a.text(i)
	if end >= 0 && a.escaped && !whole(a.data[i+1:end-1]) {
		return a.fail(Type, i)
	}
	return end
}

// compare compares the keys of the object that ends before i.
func (a *arguments) compare(keys []key, i int) int {
	if len(keys) < 2 {
		return i
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.fold, b.fold), cmp.Compare(a.plain, b.plain))
	})
	found := i
	for k := 1; k < len(keys); k++ {
		switch {
		case keys[k] == keys[k-1]:
			return a.fail(Duplicate, i)
		case keys[k].fold == keys[k-1].fold:
			found = a.fail(CaseVariant, i)
		}
	}
	return found
}
