package conform

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// TestMain knows a flag for when the table has changed.
func TestMain(m *testing.M) {
	flag.Bool("update", false, "write docs/conformance.md and testdata anew")
	os.Exit(m.Run())
}

// report is what Conform says of one server.
type report struct {
	name, file string
	results    []authtest.Result
}

// failed returns the ids of what failed, each with a word if it is a hole.
func (r *report) failed() []string {
	var ids []string
	for _, result := range r.results {
		switch {
		case result.Breach:
			ids = append(ids, result.ID+" hole")
		case result.Failure != "":
			ids = append(ids, result.ID)
		}
	}
	return ids
}

// list is the text of what failed, as testdata has it.
func (r *report) list() string { return strings.Join(r.failed(), "\n") + "\n" }

// TestTable tries the three servers. The kit's fails nothing; the other two fail
// exactly what testdata lists, and docs/conformance.md says so.
func TestTable(t *testing.T) {
	reports := []*report{
		{name: "kit", file: "kit.txt"},
		{name: "RequireBearerToken", file: "sdk-alone.txt"},
		{name: "encoding/json gate", file: "json-gate.txt"},
	}
	targets := []authtest.Target{target(kit), target(sdkAlone), target(jsonGate)}
	var group sync.WaitGroup
	for i, r := range reports {
		group.Go(func() { r.results = authtest.Examine(t, targets[i]) })
	}
	group.Wait()
	for _, r := range reports {
		golden(t, filepath.Join("testdata", r.file), r.list())
	}
	if failed := reports[0].failed(); len(failed) > 0 {
		for _, result := range reports[0].results {
			if result.Failure != "" {
				t.Errorf("the kit fails %s: %s", result.ID, result.Failure)
			}
		}
	}
	golden(t, filepath.Join("..", "..", "..", "docs", "conformance.md"), document(t, reports))
}

// golden compares a text with that of a file, or writes the file.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) == text {
		return
	}
	was, is := lines(string(kept)), lines(text)
	for line := range is {
		if !was[line] {
			t.Errorf("%s: new: %.300s", path, line)
		}
	}
	for line := range was {
		if !is[line] {
			t.Errorf("%s: no longer so: %.300s", path, line)
		}
	}
	t.Errorf("%s is out of date. If this is as it should be: go test -C examples ./internal/conform -update", path)
}

func lines(text string) map[string]bool {
	all := make(map[string]bool)
	for line := range strings.Lines(text) {
		all[strings.TrimSpace(line)] = true
	}
	return all
}
