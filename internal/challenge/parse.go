package challenge

import (
	"fmt"
	"strings"
)

// SyntaxError is the error of Parse. It tells where reading stopped and why,
// and repeats nothing of the field, which a stranger wrote.
type SyntaxError struct {
	// Value is the index of the field value in what Parse was given.
	Value int
	// Offset is the position in that value, in bytes.
	Offset int
	// Reason says what is wrong there.
	Reason string
}

// Error tells the position and the reason.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("malformed WWW-Authenticate field value %d at byte %d: %s", e.Value, e.Offset, e.Reason)
}

// Parse reads all WWW-Authenticate field values of a response, in their order
// (RFC 9110 §11.6.1). It takes what that grammar asks a recipient to take:
// several challenges in one value, parameters as tokens or quoted strings,
// quoted pairs, white space around "=", and empty list elements. All else is a
// *SyntaxError and no challenge at all, also a parameter name that occurs twice
// in one challenge (§11.2), where two readers would pick different values.
//
// No values, or empty ones, are no challenges and no error.
func Parse(values []string) ([]Challenge, error) {
	var all []Challenge
	for i, value := range values {
		r := reader{text: strings.TrimRight(value, " \t")}
		found, err := r.challenges()
		if err != nil {
			err.Value = i
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// reader walks one field value from left to right, once.
type reader struct {
	text string
	at   int

	found []Challenge
	// open says that the last challenge may take parameters: a comma ends the
	// parameter or the challenge, and only what follows tells which.
	open bool
	// names are the parameter names of the last challenge, in lower case.
	names map[string]bool
}

// challenges reads the list that a field value is. Elements may be empty
// (RFC 9110 §5.6.1.2).
func (r *reader) challenges() ([]Challenge, *SyntaxError) {
	for {
		r.skip(" \t")
		if r.at < len(r.text) && r.text[r.at] != ',' {
			if err := r.element(); err != nil {
				return nil, err
			}
			r.skip(" \t")
		}
		if r.at == len(r.text) {
			return r.found, nil
		}
		if r.text[r.at] != ',' {
			return nil, r.fail("expected a comma")
		}
		r.at++
	}
}

// element reads what stands between two commas: one more parameter of the last
// challenge, or a new challenge up to its first parameter.
func (r *reader) element() *SyntaxError {
	if r.open && r.atParam() {
		return r.param()
	}
	n := tokenLen(r.text[r.at:])
	if n == 0 {
		return r.fail("expected an authentication scheme or a parameter")
	}
	r.found = append(r.found, Challenge{Scheme: r.text[r.at : r.at+n]})
	r.names = nil
	r.at += n
	// Parameters come after a space; after a bare scheme there are none.
	r.open = r.skip(" ") > 0
	rest := r.text[r.at:]
	switch {
	case !r.open, strings.HasPrefix(strings.TrimLeft(rest, " \t"), ","):
		return nil
	case r.atParam():
		return r.param()
	}
	n = token68Len(rest)
	if n == 0 {
		return r.fail("expected a parameter or a token68")
	}
	r.open = false
	r.found[len(r.found)-1].Token68 = rest[:n]
	r.at += n
	return nil
}

// atParam reports whether a parameter stands here: a token, "=", and the first
// byte of a value. Without that byte it can still be a token68 with padding.
func (r *reader) atParam() bool {
	rest := r.text[r.at:]
	n := tokenLen(rest)
	rest, equals := strings.CutPrefix(strings.TrimLeft(rest[n:], " \t"), "=")
	rest = strings.TrimLeft(rest, " \t")
	return n > 0 && equals && rest != "" && (rest[0] == '"' || isTokenByte(rest[0]))
}

// param reads the parameter that atParam has seen.
func (r *reader) param() *SyntaxError {
	n := tokenLen(r.text[r.at:])
	p := Param{Name: r.text[r.at : r.at+n]}
	name := strings.ToLower(p.Name)
	if r.names[name] {
		return r.fail("a parameter name occurs twice in one challenge")
	}
	if r.names == nil {
		r.names = make(map[string]bool)
	}
	r.names[name] = true
	r.at += n
	r.skip(" \t")
	r.at++
	r.skip(" \t")
	if r.text[r.at] == '"' {
		value, err := r.quoted()
		if err != nil {
			return err
		}
		p.Value = value
	} else {
		n := tokenLen(r.text[r.at:])
		p.Value = r.text[r.at : r.at+n]
		r.at += n
	}
	c := &r.found[len(r.found)-1]
	c.Params = append(c.Params, p)
	return nil
}

// quoted reads a quoted string (RFC 9110 §5.6.4).
func (r *reader) quoted() (string, *SyntaxError) {
	r.at++
	var b strings.Builder
	for r.at < len(r.text) {
		c := r.text[r.at]
		if c == '"' {
			r.at++
			return b.String(), nil
		}
		if c == '\\' && r.at+1 < len(r.text) {
			r.at++
			c = r.text[r.at]
		}
		if !isQuotable(c) {
			return "", r.fail("control byte in a quoted string")
		}
		b.WriteByte(c)
		r.at++
	}
	return "", r.fail("quoted string without an end")
}

// skip passes over any of the given bytes and tells how many there were.
func (r *reader) skip(set string) int {
	rest := strings.TrimLeft(r.text[r.at:], set)
	n := len(r.text) - r.at - len(rest)
	r.at += n
	return n
}

func (r *reader) fail(reason string) *SyntaxError {
	return &SyntaxError{Offset: r.at, Reason: reason}
}
