// Package challenge writes and reads WWW-Authenticate challenges
// (RFC 9110 §11.2 to §11.6; the Bearer parameters are those of RFC 6750 §3).
//
// The writer has one spelling and can't be made to leave a parameter: whatever
// a value holds, the result is one challenge with the parameters that it was
// given. The reader takes all that the grammar allows and nothing else, because
// what it hands over decides where a client sends its user.
package challenge

import "strings"

// Param is one authentication parameter of a challenge (RFC 9110 §11.2).
type Param struct {
	// Name is a token. It is compared without regard to case.
	Name string
	// Value is the text itself, without quotes and escapes.
	Value string
}

// Challenge is one challenge of a WWW-Authenticate field (RFC 9110 §11.3).
type Challenge struct {
	// Scheme is the authentication scheme as it was sent; Is compares it.
	Scheme string
	// Token68 is the single credential-like text that some schemes, such as
	// Negotiate, carry instead of parameters. Empty for all others.
	Token68 string
	// Params are the parameters in their order; nil where there are none.
	Params []Param
}

// Is reports whether c is of the given scheme, in any case
// (RFC 9110 §11.1: schemes are case-insensitive).
func (c Challenge) Is(scheme string) bool {
	return strings.EqualFold(c.Scheme, scheme)
}

// Get returns the value of the first parameter with this name, in any case
// (RFC 9110 §11.2), and whether there is one.
func (c Challenge) Get(name string) (string, bool) {
	for _, p := range c.Params {
		if strings.EqualFold(p.Name, name) {
			return p.Value, true
		}
	}
	return "", false
}

// String returns c as a WWW-Authenticate field value, such as
//
//	Bearer error="invalid_token", scope="a b"
//
// Every value is a quoted string (RFC 9110 §5.6.4) with quotes and backslashes
// escaped. Whatever is not a printable ASCII character or a space is written as
// a question mark, so a value can neither end its field nor run together or
// fall apart into other scope tokens.
//
// Left out are parameters without a value, since no Bearer parameter means
// anything when empty; parameters whose name is not a token; and all but the
// first parameter of a name, which a challenge may hold once only.
//
// The empty string stands for a challenge that the grammar has no way to write:
// its scheme is not a token, its Token68 is not a token68, or it has both
// Token68 and Params.
func (c Challenge) String() string {
	if !isToken(c.Scheme) {
		return ""
	}
	if c.Token68 != "" {
		if len(c.Params) > 0 || token68Len(c.Token68) != len(c.Token68) {
			return ""
		}
		return c.Scheme + " " + c.Token68
	}
	var b strings.Builder
	b.Grow(256) // enough for what a resource server has to say
	b.WriteString(c.Scheme)
	separator := " "
	for i, p := range c.Params {
		if p.Value == "" || !isToken(p.Name) || has(c.Params[:i], p.Name) {
			continue
		}
		b.WriteString(separator)
		b.WriteString(p.Name)
		b.WriteByte('=')
		writeQuoted(&b, p.Value)
		separator = ", "
	}
	return b.String()
}

// has reports whether a parameter of this name is written before. One without
// a value is not, and must not hide a later one that has it.
func has(written []Param, name string) bool {
	for _, p := range written {
		if p.Value != "" && strings.EqualFold(p.Name, name) {
			return true
		}
	}
	return false
}

// isPlain reports whether the byte stands for itself between quotes.
func isPlain(c byte) bool { return c >= ' ' && c <= '~' && c != '"' && c != '\\' }

func writeQuoted(b *strings.Builder, value string) {
	b.WriteByte('"')
	// Almost every value is as it should be; only the rest is gone through.
	plain := 0
	for plain < len(value) && isPlain(value[plain]) {
		plain++
	}
	b.WriteString(value[:plain])
	for _, r := range value[plain:] {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r > '~':
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}
