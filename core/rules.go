package core

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yosida95/uritemplate/v3"
)

// maxMatched is how many bytes of URIs one message may have matched against
// templates. Matching takes its time, and no real URI comes near.
const maxMatched = 64 << 10

// rulebook is a policy made ready for look-ups.
type rulebook struct {
	Policy
	templates []template
}

type template struct {
	text    string
	pattern *regexp.Regexp
	rule    Requirement
}

func newRulebook(p Policy) (*rulebook, error) {
	b := &rulebook{Policy: p}
	for text, rule := range p.Resources {
		pattern, err := templateOf(text)
		if err != nil {
			return nil, err
		}
		if pattern != nil {
			b.templates = append(b.templates, template{text, pattern, rule})
		}
	}
	slices.SortFunc(b.templates, func(a, b template) int { return strings.Compare(a.text, b.text) })
	return b, nil
}

// templateOf returns what the text matches as a URI template, or nil where it is
// a URI.
func templateOf(text string) (*regexp.Regexp, error) {
	if !strings.ContainsAny(text, "{}") {
		return nil, nil
	}
	// Both Go SDKs match with this library, so that what a template covers here is
	// what it covers there.
	parsed, err := uritemplate.New(text)
	if err != nil {
		return nil, err
	}
	return parsed.Regexp(), nil
}

// rule is a requirement that an operation must meet.
type rule struct {
	Requirement
	about string // the tool or prompt, or the one URI, that it is for
}

// rules returns every requirement that the operation must meet.
func (b *rulebook) rules(op *operation) []rule {
	var rules []rule
	add := func(about string, all ...Requirement) {
		for _, r := range all {
			rules = append(rules, rule{r, about})
		}
	}
	if r, named := b.method(op.Method); named {
		add(op.Name, r)
	}
	if op.tasks {
		// Each notification of a task says all that tasks/get would (SEP-2663).
		r, named := b.method("tasks/get")
		if !named {
			r = Scopes()
		}
		add("", r)
	}
	switch op.kind {
	case toolOperation:
		add(op.Name, b.listed(b.Tools, op.Name)...)
	case promptOperation:
		add(op.Name, b.listed(b.Prompts, op.Name)...)
	case resourceOperation:
		if len(b.templates) > 0 && op.uriBytes() > maxMatched {
			return []rule{{Never(), op.Name}}
		}
		add(op.Name, b.resource(op.Name)...)
		for _, uri := range op.more {
			add(uri, b.resource(uri)...)
		}
	}
	return rules
}

// method returns the rule of a method, where it has one.
func (b *rulebook) method(name string) (r Requirement, named bool) {
	if r, named = b.Methods[name]; !named && strings.HasPrefix(name, "tasks/") && b.Tools != nil {
		// A task is a tool's call that goes on; which tool's, only the server knows.
		return b.Unlisted, true
	}
	return r, named
}

// listed looks a name up in a table; an unset table has no rules.
func (b *rulebook) listed(table map[string]Requirement, name string) []Requirement {
	if table == nil {
		return nil
	}
	if r, named := table[name]; named {
		return []Requirement{r}
	}
	return []Requirement{b.Unlisted}
}

// resource looks a URI up, or a template that a client names as it is listed.
func (b *rulebook) resource(uri string) []Requirement {
	if _, named := b.Resources[uri]; named || b.Resources == nil {
		return b.listed(b.Resources, uri)
	}
	var rules []Requirement
	for _, t := range b.templates {
		if t.pattern.MatchString(uri) {
			rules = append(rules, t.rule)
		}
	}
	if len(rules) == 0 {
		return []Requirement{b.Unlisted}
	}
	return rules
}
