package conform

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/cases"
	"github.com/mcpbearer/mcpbearer/internal/requirement"
)

// rules are what the numbers of behaviours stand for.
func rules() map[string]string {
	return map[string]string{
		"S1": "no credentials", "S2": "another scheme", "S3": "a bad token", "S4": "a good token", "S5": "malformed credentials",
		"S6": "a token in another place", "S7": "an expired token", "S8": "a token that lacks a scope", "S9": "scope hierarchy",
		"S10": "alternatives", "S11": "denials that no scope cures", "S12": "outages and faults", "S13": "the body of a denial",
		"S14": "hostile text", "S15": "scopes in a token", "S16": "audience", "S17": "trailing slashes", "S18": "audience policy",
		"S19": "issuer", "S20": "kind of token", "S21": "algorithms and keys", "S22": "crit, nbf and iat", "S23": "scope claims",
		"S24": "the principal", "S25": "scope spelling", "S26": "sender-constrained tokens", "S27": "start and healing",
		"S28": "unknown keys", "S29": "key rotation", "S30": "stale keys", "S31": "bounded fetches, bad keys", "S32": "discovery",
		"S33": "introspection", "S34": "cache", "S35": "metadata", "S36": "where the metadata is", "S37": "metadata at the root",
		"S38": "what the metadata says", "S39": "several resources", "S40": "tools", "S41": "prompts, resources, subscriptions",
		"S42": "header against body", "S43": "ambiguous bodies", "S44": "batches", "S45": "filtered lists", "S46": "what no table names",
		"S47": "anonymous operations", "S48": "whose session", "S49": "whose request", "S50": "streams and expiry", "S51": "Origin and CORS",
		"S52": "fitting into an app", "S53": "patterns in paths", "S54": "other routes", "S55": "concurrency", "S56": "events and log",
		"I": "the token is withheld", "G1": "unread before the token is good", "G2": "methods", "G3": "duplicate and odd header fields",
		"G4": "content codings", "G5": "length", "G6": "one JSON document", "G7": "keys that read two ways", "G8": "values that read two ways",
		"G9": "closed table of methods", "G10": "mirrored header fields", "G11": "two locks", "G12": "cost",
	}
}

func ruleOf(id string) string {
	rule, _, _ := strings.Cut(id, "/")
	return rule
}

// document is docs/conformance.md.
func document(t *testing.T, reports []*report) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# Conformance

<!-- Made by: go test -C examples ./internal/conform -update -->

What a protected MCP server must do is a table of requirements. ` + "`authtest.Conform`" + ` tries them on any server that
trusts a test's issuer, over HTTP alone, each as a subtest named by its id. The kit itself is tried with the same
cases, and with those that need a view from within, by ` + "`internal/requirement`" + ` and ` + "`examples/internal/gate`" + `.

` + "```go\n" + example(t) + "```\n\n")
	writeMatrix(&b, reports[0].results)
	writeBeyond(&b, reports[0].results)
	writeComparison(&b, reports)
	return b.String()
}

// example is the test that the doc comment of Conform shows, which is compiled.
func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "core", "authtest", "conform_example_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	const begin = "// TestNotes tries"
	_, code, ok := strings.Cut(string(text), begin)
	if !ok {
		t.Fatal("the example is not where it was")
	}
	return begin + code
}

// writeMatrix writes clause → row → test.
func writeMatrix(b *strings.Builder, results []authtest.Result) {
	outside, within := make(map[string][]string), make(map[string][]string)
	var clauses []string
	first := make(map[string]string) // id by clause
	note := func(in map[string][]string, clause, id string) {
		in[clause] = append(in[clause], id)
		if known, ok := first[clause]; !ok || cases.CompareIDs(id, known) < 0 {
			first[clause] = id
		}
		if !slices.Contains(clauses, clause) {
			clauses = append(clauses, clause)
		}
	}
	tried := 0
	for _, r := range results {
		if !beyond(r) {
			note(outside, r.Clause, r.ID)
			tried++
		}
	}
	rows := requirement.Rows()
	for i := range rows {
		note(within, rows[i].Clause, rows[i].ID)
	}
	slices.SortFunc(clauses, func(x, y string) int { return cmp.Or(cases.CompareIDs(first[x], first[y]), strings.Compare(x, y)) })
	fmt.Fprintf(b, `## Clause, requirement, test

Conform tries %d requirements, each as `+"`TestYourServer/<id>`"+`. The kit's own test of %d,
`+"`internal/requirement: TestRows/over/<target>/<id>`"+`, compares the whole answer, on core, nethttp, gin, echo and chi.

| clause | tried by Conform | compared within the kit |
| --- | --- | --- |
`, tried, len(rows))
	for _, clause := range clauses {
		fmt.Fprintf(b, "| %s | %s | %s |\n", clause, folded(outside[clause]), folded(within[clause]))
	}
	b.WriteString("\n")
}

// folded writes ids as "S5: two-headers, list".
func folded(ids []string) string {
	slices.SortFunc(ids, cases.CompareIDs)
	var parts []string
	last := ""
	for _, id := range ids {
		rule := ruleOf(id)
		name := strings.TrimPrefix(id, rule+"/")
		if rule == last {
			parts[len(parts)-1] += ", " + name
			continue
		}
		last = rule
		parts = append(parts, rule+": "+name)
	}
	return strings.Join(parts, "; ")
}

const beyondReason = "only the server's own tests can show it: "

// beyond reports whether nothing can be seen of a requirement from outside.
func beyond(r authtest.Result) bool { return strings.HasPrefix(r.NotApplicable, beyondReason) }

func writeBeyond(b *strings.Builder, results []authtest.Result) {
	b.WriteString(`## What Conform can't see

These it lists by name, as not applicable, with the reason. Of the kit, its own tests show them.

| id | requirement | why not from outside |
| --- | --- | --- |
`)
	for _, r := range results {
		if beyond(r) {
			fmt.Fprintf(b, "| %s | %s | %s |\n", r.ID, r.About, strings.TrimPrefix(r.NotApplicable, beyondReason))
		}
	}
	b.WriteString("\n")
}

func writeComparison(b *strings.Builder, reports []*report) {
	b.WriteString(`## Three servers compared

The same MCP server of the official Go SDK, behind three guards:

- **kit**: ` + "`nethttp.Mount`" + ` with a policy.
- **RequireBearerToken**: the SDK's ` + "`auth.RequireBearerToken`" + `, with a verifier of keyfunc and golang-jwt that sets no
  option. It was never meant to know of tools: what it lets through for want of that is counted too.
- **encoding/json gate**: tokens are verified by the kit, as on any route of an app; what a message asks for is read
  with ` + "`json.Unmarshal`" + `.

Each cell is how many requirements fail of those that apply; a hole is a failure in which something was let in, or
ran, for a token that doesn't suffice.

| rule |`)
	for _, r := range reports {
		fmt.Fprintf(b, " %s |", r.name)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(reports)) + "\n")
	var order []string
	for _, r := range reports[0].results {
		if !beyond(r) && !slices.Contains(order, ruleOf(r.ID)) {
			order = append(order, ruleOf(r.ID))
		}
	}
	for _, rule := range append(order, "") {
		title := "**all**"
		if rule != "" {
			title = rule + " " + rules()[rule]
		}
		fmt.Fprintf(b, "| %s |", title)
		for _, r := range reports {
			fmt.Fprintf(b, " %s |", tally(r, rule))
		}
		b.WriteString("\n")
	}
	for _, r := range reports[1:] {
		writeFailures(b, r)
	}
}

// tally counts what failed of a rule, or of all.
func tally(r *report, rule string) string {
	applies, failed, holes := 0, 0, 0
	for _, result := range r.results {
		if result.NotApplicable != "" || rule != "" && ruleOf(result.ID) != rule {
			continue
		}
		applies++
		if result.Failure != "" {
			failed++
		}
		if result.Breach {
			holes++
		}
	}
	switch {
	case applies == 0:
		return "–"
	case failed == 0:
		return fmt.Sprintf("0 of %d", applies)
	case holes == 0:
		return fmt.Sprintf("**%d** of %d", failed, applies)
	case holes == 1:
		return fmt.Sprintf("**%d** of %d, 1 hole", failed, applies)
	}
	return fmt.Sprintf("**%d** of %d, %d holes", failed, applies, holes)
}

func writeFailures(b *strings.Builder, r *report) {
	fmt.Fprintf(b, "\n### %s: what fails\n\n| rule | holes | other failures |\n| --- | --- | --- |\n", r.name)
	holes, others := make(map[string][]string), make(map[string][]string)
	var order []string
	for _, result := range r.results {
		if result.Failure == "" {
			continue
		}
		rule := ruleOf(result.ID)
		in := others
		if result.Breach {
			in = holes
		}
		in[rule] = append(in[rule], strings.TrimPrefix(result.ID, rule+"/"))
		if !slices.Contains(order, rule) {
			order = append(order, rule)
		}
	}
	for _, rule := range order {
		fmt.Fprintf(b, "| %s %s | %s | %s |\n", rule, rules()[rule], strings.Join(holes[rule], ", "), strings.Join(others[rule], ", "))
	}
}
