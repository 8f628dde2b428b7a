package requirement_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/internal/cases"
	"github.com/mcpbearer/mcpbearer/internal/requirement"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode) // Its routes are not worth a line each.
	os.Exit(m.Run())
}

// TestRows runs every row over every target, and then compares what the targets
// answered: all must have sent the same bytes.
func TestRows(t *testing.T) {
	var mu sync.Mutex
	transcripts := make(map[string]map[string][]string) // by row, then by target
	t.Run("over", func(t *testing.T) {
		for _, target := range targets() {
			t.Run(target.Name, func(t *testing.T) {
				t.Parallel()
				bench := requirement.NewBench(t, target)
				bench.SDK = sdk
				for _, row := range requirement.Rows() {
					if row.Unmounted != "" && target.Routerless {
						continue
					}
					t.Run(row.ID, func(t *testing.T) {
						report := bench.Check(&row)
						for _, difference := range report.Differences {
							t.Errorf("%s (%s): %s\n\t%s", row.ID, row.Clause, row.About, difference)
						}
						mu.Lock()
						defer mu.Unlock()
						if transcripts[row.ID] == nil {
							transcripts[row.ID] = make(map[string][]string)
						}
						transcripts[row.ID][target.Name] = report.Transcript
					})
				}
			})
		}
	})
	for _, row := range requirement.Rows() {
		compareTranscripts(t, row.ID, transcripts[row.ID])
	}
}

// compareTranscripts compares each target's answers with those of core alone.
func compareTranscripts(t *testing.T, id string, of map[string][]string) {
	t.Helper()
	for _, target := range targets() {
		for i, answer := range of[target.Name] {
			if i < len(of["core"]) && answer != of["core"][i] {
				t.Errorf("%s: step %d: %s answers other bytes than core\n%s\n%s:\n%s\ncore:\n%s",
					id, i+1, target.Name, strings.Repeat("─", 20), target.Name, answer, of["core"][i])
			}
		}
	}
}

// TestEachRowCanFail runs every row against a handler that always answers 200,
// as an unprotected endpoint would, and one that always answers 401, rightly
// worded. Looking at answers alone, each row must fail on one of them.
func TestEachRowCanFail(t *testing.T) {
	const metadata = "https://mcp.example/.well-known/oauth-protected-resource/mcp"
	always := map[string]func(*requirement.Site) http.HandlerFunc{
		"200": func(site *requirement.Site) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { site.WhoAmI(w, r, core.Principal{}) }
		},
		"401": func(*requirement.Site) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="`+metadata+`", scope="a b"`)
				w.Header().Set("Cache-Control", "no-store")
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Content-Type-Options", "nosniff")
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprintln(w, `{"error":"unauthorized","error_description":"an access token is required"}`)
			}
		},
	}
	failed := make(map[string]bool)
	for name, handler := range always {
		bench := requirement.NewBench(t, requirement.Target{
			Name: name,
			Open: func(_ context.Context, site *requirement.Site) (requirement.App, error) {
				return requirement.App{Handler: handler(site)}, nil
			},
		})
		bench.SDK, bench.BlackBox = sdk, true
		for _, row := range requirement.Rows() {
			if len(bench.Check(&row).Differences) > 0 {
				failed[row.ID] = true
			}
		}
	}
	for _, row := range requirement.Rows() {
		if !failed[row.ID] {
			t.Errorf("%s passes on a handler that always answers 200 and on one that always answers 401", row.ID)
		}
	}
}

// TestTable checks the table itself: ids that are unique, and a row for each
// behaviour that this package is about.
func TestTable(t *testing.T) {
	form := regexp.MustCompile(`^([SGI]\d*)/[A-Za-z0-9+-]+$`)
	seen, behaviours := make(map[string]bool), make(map[string]bool)
	for _, row := range requirement.Rows() {
		match := form.FindStringSubmatch(row.ID)
		if match == nil {
			t.Errorf("the id %q is not of the form S1/some-words", row.ID)
			continue
		}
		if seen[row.ID] {
			t.Errorf("the id %s is there twice", row.ID)
		}
		seen[row.ID], behaviours[match[1]] = true, true
		if row.Clause == "" || !strings.HasSuffix(row.About, ".") {
			t.Errorf("%s has no clause, or no sentence that says what it is about", row.ID)
		}
		kinds := 0
		for _, kind := range []bool{row.Steps != nil, row.Run != nil, row.Refused != nil, row.Unmounted != ""} {
			if kind {
				kinds++
			}
		}
		if kinds != 1 {
			t.Errorf("%s must have steps, or run, or be refused, or not be mounted", row.ID)
		}
	}
	var missing []string
	for _, numbers := range [][2]int{{1, 9}, {12, 27}, {31, 39}, {49, 56}} {
		for n := numbers[0]; n <= numbers[1]; n++ {
			if id := fmt.Sprint("S", n); !behaviours[id] {
				missing = append(missing, id)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("no row for %v", missing)
	}
	if ids := ids(); !slices.IsSortedFunc(ids, cases.CompareIDs) {
		t.Errorf("the rows are not in the order of their ids: %v", ids)
	}
}

func ids() []string {
	var ids []string
	for _, row := range requirement.Rows() {
		ids = append(ids, row.ID)
	}
	return ids
}

// TestFailuresHoldNoToken lets a row fail whose request has a token: its text
// must not hold it, nor a part of it.
func TestFailuresHoldNoToken(t *testing.T) {
	var seen []string
	bench := requirement.NewBench(t, requirement.Target{
		Name: "echoing",
		Open: func(context.Context, *requirement.Site) (requirement.App, error) {
			return requirement.App{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
				seen = append(seen, token)
				http.Error(w, "no such token: "+token, http.StatusTeapot)
			})}, nil
		},
	})
	rows := requirement.Rows()
	row := rows[slices.IndexFunc(rows, func(r requirement.Row) bool { return r.ID == "S4/lower-case" })]
	report := bench.Check(&row)
	text := strings.Join(append(report.Differences, report.Transcript...), "\n")
	if len(report.Differences) == 0 || len(seen) != 1 || !strings.Contains(text, "no such token") {
		t.Fatalf("the row must fail and say what came; %d tokens seen", len(seen))
	}
	for _, part := range append(strings.Split(seen[0], "."), seen[0]) {
		if strings.Contains(text, part) {
			t.Error("the failure holds a part of the token")
		}
	}
}
