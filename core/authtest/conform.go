package authtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// Target is a protected MCP server, as [Conform] needs to know it.
type Target struct {
	// Start brings the server up and returns once it accepts connections. It must
	// trust the access tokens of the issuer, as a real deployment would: by the
	// keys that the issuer's metadata leads to, which are at /jwks.json. It is
	// called several times, each time with another issuer, one of which is down at
	// first; an error of tb fails what it was called for, not the test. What it
	// starts must end with tb (testing.TB.Cleanup).
	Start func(tb testing.TB, issuer string) Endpoint

	// Scopes are what every MCP request needs.
	Scopes []string
	// Tools are the tools that may run in a test, each with the scopes that it
	// needs beside Scopes: none, or some. Prompts, and Resources by their URI,
	// likewise. The more are named, the more can be judged: at the least a tool
	// that needs no more than Scopes and one that does.
	Tools, Prompts, Resources map[string][]string
	// Arguments are what a tool is called with, as encoding/json writes them. A
	// tool without an entry gets {}.
	Arguments map[string]any
	// BodyBytes is the greatest length of a message that the server accepts, in
	// bytes. Zero means 4 MiB.
	BodyBytes int

	_ struct{}
}

// Endpoint is a running server of a [Target].
type Endpoint struct {
	// Resource is its resource identifier (RFC 9728 §1.2): what access tokens
	// must name as their audience.
	Resource string
	// URL is where the MCP endpoint is reached in the test. Empty means Resource.
	URL string
	// Handler, where it isn't nil, is the server: it is served on loopback, and
	// its endpoint is at the path of Resource. URL is then left empty.
	Handler http.Handler
	// Ran returns the names of all the tools that have run so far, in order. A
	// tool that runs must be in it before its answer is sent. Without Ran, an
	// answer with a result counts as a run.
	Ran func() []string

	_ struct{}
}

// Result is what became of one requirement.
type Result struct {
	// ID names the requirement, such as "S5/two-headers". It stays the same.
	ID string
	// Clause is where it comes from, such as "RFC 6750 §2.1", and About says it.
	Clause, About string
	// Failure tells what was sent, what was expected and what came. It holds no
	// token. It is empty where the server does what is required.
	Failure string
	// Breach says that the failure is a hole: something was let in, or ran, for a
	// token that doesn't suffice. Where it is false, an answer was wrong.
	Breach bool
	// NotApplicable tells why nothing can be said of this server. A result that
	// has no failure either has passed.
	NotApplicable string

	_ struct{}
}

// Conform tries a protected MCP server from outside, over HTTP, with an
// authorization server of its own: what it answers to missing, malformed, flawed
// and insufficient credentials (RFC 6750, RFC 9068, RFC 8725), whether it is
// discoverable (RFC 9728), whether it survives an outage and a rotation of keys,
// and whether a tool, prompt or resource can be reached without its scopes by
// any spelling of a message that MCP servers read differently.
//
// Each requirement is a subtest named by its id, such as S5/two-headers. What
// can't be said of this server is logged with its reason, and what can be seen
// only from within is listed so too: it is never passed in silence.
//
// It takes a few seconds, and up to twenty more where the server is slow to take
// rotated keys.
func Conform(t *testing.T, target Target) {
	t.Helper()
	s := newSuite(t, &target, patience)
	rows := s.rows()
	var missing []string
	passed := 0
	for len(rows) > 0 {
		rule, _, _ := strings.Cut(rows[0].id, "/")
		end := slices.IndexFunc(rows, func(r conformRow) bool { return !strings.HasPrefix(r.id, rule+"/") })
		if end < 0 {
			end = len(rows)
		}
		group := rows[:end]
		rows = rows[end:]
		t.Run(rule, func(t *testing.T) {
			for i := range group {
				t.Run(strings.TrimPrefix(group[i].id, rule+"/"), func(t *testing.T) {
					switch r := s.judge(&group[i]); {
					case r.Failure != "":
						t.Errorf("%s (%s): %s\n%s", r.ID, r.Clause, r.About, r.Failure)
						if r.Breach {
							t.Error("this is a hole: something was let in, or ran, for a token that doesn't suffice")
						}
					case r.NotApplicable != "":
						missing = append(missing, r.ID+": "+r.NotApplicable)
						t.Log("not applicable: " + r.NotApplicable)
					default:
						passed++
					}
				})
			}
		})
	}
	t.Logf("%d requirements passed; %d don't apply:\n%s", passed, len(missing), strings.Join(missing, "\n"))
}

// Examine does what [Conform] does and returns what became of each requirement,
// in the order of their ids, in place of failing tb. tb fails only if the target
// itself is described wrongly.
func Examine(tb testing.TB, target Target) []Result {
	tb.Helper()
	return examine(tb, &target, patience)
}

func examine(tb testing.TB, target *Target, patience time.Duration) []Result {
	tb.Helper()
	s := newSuite(tb, target, patience)
	var results []Result
	for _, row := range s.rows() {
		results = append(results, s.judge(&row))
	}
	return results
}

// conformRow is one requirement that can be judged from outside.
type conformRow struct {
	id, clause, about string
	// on is the kind of instance that the row is about.
	on instance
	// lacks returns why the row says nothing about the server, or "".
	lacks func(*trial) string
	check func(*trial, *findings)
}

// judge runs one row.
func (s *suite) judge(row *conformRow) Result {
	r := Result{ID: row.id, Clause: row.clause, About: row.about}
	if row.check == nil {
		r.NotApplicable = row.lacks(nil)
		return r
	}
	a := &attempt{TB: s.tb}
	a.run(func() {
		t := s.at(row.on)
		t.news(&answer{}) // What ran for another row is no news.
		switch {
		case t.failure != "" && row.id != t.controlID():
			r.NotApplicable = "not tried, since " + t.controlID() + " failed"
			return
		case row.lacks != nil:
			if r.NotApplicable = row.lacks(t); r.NotApplicable != "" {
				return
			}
		}
		f := &findings{}
		row.check(t, f)
		if len(f.list) > 0 {
			t.renew()
		}
		r.Failure, r.Breach = t.redact(strings.Join(f.list, "\n")), f.breach
	})
	if problem := a.text(); problem != "" {
		r.Failure = strings.TrimPrefix(r.Failure+"\n"+problem, "\n")
	}
	return r
}

// rows are all requirements, in the order of their ids.
func (s *suite) rows() []conformRow {
	rows := slices.Concat(
		controlRows(), challengeRows(), spellingRows(), flawRows(), tokenRows(s.site()), scopeRows(), hostileRows(),
		metadataRows(), originRows(), messageRows(s.offer()), operationRows(), sessionRows(),
		keyRows(), outageRows(), rotationRows(), beyondRows(),
	)
	slices.SortStableFunc(rows, func(a, b conformRow) int { return cases.CompareIDs(a.id, b.id) })
	return rows
}

// findings are what isn't as it should be.
type findings struct {
	list   []string
	breach bool
}

// count notes that something happened more often than it may.
func (f *findings) count(n, most int, sent, what string) {
	if n > most {
		f.list = append(f.list, fmt.Sprintf("\tsent: %s\n\texpected: at most %d %s\n\tcame: %d", sent, most, what, n))
	}
}

// expect notes what was expected of an answer that isn't as it should be.
func (f *findings) expect(holds bool, a *answer, expected string, args ...any) {
	if !holds {
		f.list = append(f.list, fmt.Sprintf("\tsent: %s\n\texpected: %s\n\tcame: %s", a.sent(), fmt.Sprintf(expected, args...), a.String()))
	}
}
