package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// maxPolicy bounds the file that POLICY names, in bytes.
const maxPolicy = 1 << 20

// filePolicy is a policy that was read from a file.
type filePolicy struct {
	core.Policy
	scopes []string // all that it names
}

// readPolicy reads the policy that a file describes:
//
//	{
//	  "tools": {
//	    "get_weather": [],
//	    "purge":       ["notes:write"],
//	    "export":      {"any_of": [["export"], ["notes:read", "notes:write"]]},
//	    "status":      "anonymous",
//	    "wipe":        "never"
//	  },
//	  "prompts":   {},
//	  "resources": {"notes://{id}": ["notes:read"]},
//	  "methods":   {"logging/setLevel": "never"},
//	  "unlisted":  []
//	}
//
// A list of scopes is needed beside SCOPES. All members are optional: without
// "prompts" SCOPES suffice for all prompts, with an empty one no prompt may be
// used, unless "unlisted" says what a table that is there doesn't name needs.
func readPolicy(path string) (*filePolicy, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: name a JSON file that can be read", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxPolicy+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxPolicy {
		return nil, fmt.Errorf("it is longer than %d bytes: split the server, or let unlisted tools fall under \"unlisted\"", maxPolicy)
	}
	return parsePolicy(text)
}

// parsePolicy returns the policy, or every mistake in it. What isn't understood
// is refused: a rule that was skipped would be a hole.
func parsePolicy(text []byte) (*filePolicy, error) {
	members, err := strictjson.Object(text)
	if err != nil {
		return nil, fmt.Errorf("it is not one JSON object that reads one way: %w", err)
	}
	policy := &filePolicy{}
	var mistakes []error
	for _, m := range members {
		switch m.Name {
		case "tools":
			policy.Tools, err = policy.table(m)
		case "prompts":
			policy.Prompts, err = policy.table(m)
		case "resources":
			policy.Resources, err = policy.table(m)
		case "methods":
			policy.Methods, err = policy.table(m)
		case "unlisted":
			policy.Unlisted, err = policy.requirement(m.Name, m.Value)
		default:
			err = fmt.Errorf("unknown member %q: there are tools, prompts, resources, methods and unlisted", m.Name)
		}
		mistakes = append(mistakes, err)
	}
	if slices.ContainsFunc(members, func(m strictjson.Member) bool { return m.Name == "unlisted" }) &&
		policy.Tools == nil && policy.Prompts == nil && policy.Resources == nil {
		mistakes = append(mistakes, errors.New(`"unlisted" stands alone, and holds for nothing: add "tools", "prompts" or "resources", an empty one if need be`))
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return policy, nil
}

func (p *filePolicy) table(of strictjson.Member) (map[string]core.Requirement, error) {
	members, err := strictjson.Object(of.Value)
	if err != nil {
		return nil, fmt.Errorf("%s is not an object of names and what they need: %w", of.Name, err)
	}
	table := make(map[string]core.Requirement, len(members))
	var mistakes []error
	for _, m := range members {
		table[m.Name], err = p.requirement(fmt.Sprintf("%s[%q]", of.Name, m.Name), m.Value)
		mistakes = append(mistakes, err)
	}
	return table, errors.Join(mistakes...)
}

// requirement reads what one name needs; where is its place in the file.
func (p *filePolicy) requirement(where string, value []byte) (core.Requirement, error) {
	wrong := fmt.Errorf(`%s: write a list of scopes, {"any_of": [a list of scopes, …]}, "anonymous" or "never"`, where)
	if word, ok := strictjson.String(value); ok {
		switch word {
		case "anonymous":
			return core.Anonymous(), nil
		case "never":
			return core.Never(), nil
		}
		return core.Never(), wrong
	}
	if scopes, ok := strictjson.Strings(value); ok {
		return p.all(scopes), nil
	}
	members, err := strictjson.Object(value)
	if err != nil || len(members) != 1 || members[0].Name != "any_of" {
		return core.Never(), wrong
	}
	var lists []json.RawMessage
	if err := json.Unmarshal(members[0].Value, &lists); err != nil || len(lists) == 0 {
		return core.Never(), wrong
	}
	alternatives := make([]core.Requirement, len(lists))
	for i, list := range lists {
		scopes, ok := strictjson.Strings(list)
		if !ok {
			return core.Never(), wrong
		}
		alternatives[i] = p.all(scopes)
	}
	return core.AnyOf(alternatives...), nil
}

func (p *filePolicy) all(scopes []string) core.Requirement {
	p.scopes = append(p.scopes, scopes...)
	return core.Scopes(scopes...)
}
