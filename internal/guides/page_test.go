package guides

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	root   = "../.." // where the tree lies, from here
	docs   = root + "/docs"
	module = "github.com/mcpbearer/mcpbearer"
)

// page is one guide.
type page struct {
	name   string // such as "gin.md"
	text   string
	blocks []block
}

// block is a fenced block of a page.
type block struct {
	language string
	text     string
	// file is the name that the paragraph before a Go block gives it, or "".
	file string
	line int
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages reads every guide.
func pages(t *testing.T) []page {
	t.Helper()
	paths, err := filepath.Glob(docs + "/*.md")
	if err != nil || len(paths) < 10 {
		t.Fatalf("found %d guides (%v): the test looks in the wrong place", len(paths), err)
	}
	var all []page
	for _, path := range paths {
		all = append(all, parsePage(filepath.Base(path), read(t, path)))
	}
	return all
}

// parsePage finds the blocks of a page. A fence begins its line.
func parsePage(name, text string) page {
	p := page{name: name, text: text}
	var paragraph []string
	var open *block
	for number, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open != nil && isFence:
			p.blocks = append(p.blocks, *open)
			open, paragraph = nil, nil
		case open != nil:
			open.text += line + "\n"
		case isFence:
			open = &block{language: fence, line: number + 1}
			if fence == "go" {
				open.file = fileNamed(paragraph)
			}
		case line != "":
			if number > 0 && len(paragraph) > 0 && paragraph[len(paragraph)-1] == "" {
				paragraph = nil
			}
			paragraph = append(paragraph, line)
		case len(paragraph) > 0:
			paragraph = append(paragraph, "")
		}
	}
	return p
}

// fileNamed returns the file that a paragraph says its block is, or "".
func fileNamed(paragraph []string) string {
	text := strings.TrimSpace(strings.Join(paragraph, "\n"))
	names := regexp.MustCompile("`([a-z_]+\\.go)`").FindAllStringSubmatch(text, -1)
	if len(names) == 0 || !strings.HasSuffix(text, ":") {
		return ""
	}
	return names[len(names)-1][1]
}

// of returns the blocks of a language.
func (p *page) of(language string) []block {
	return slices.DeleteFunc(slices.Clone(p.blocks), func(b block) bool { return b.language != language })
}

// walks are the guides that lead from an empty folder to a tested server.
func walks(t *testing.T) []page {
	t.Helper()
	var found []page
	for _, p := range pages(t) {
		if slices.ContainsFunc(p.blocks, func(b block) bool { return b.file != "" }) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		t.Fatal("no guide brings files")
	}
	return found
}

func TestBlocksAreFound(t *testing.T) {
	p := parsePage("x.md", "# Title\n\nSave `a.go` and\n`b_test.go`:\n\n```go\npackage b\n```\n\nSave `c.go`.\n\n```go\nfunc f() {}\n```\n\n```text\n# no heading\n\nx\n```\n")
	want := []block{
		{"go", "package b\n", "b_test.go", 6},
		{"go", "func f() {}\n", "", 12},
		{"text", "# no heading\n\nx\n", "", 16},
	}
	if !slices.Equal(p.blocks, want) {
		t.Errorf("got %+v, want %+v", p.blocks, want)
	}
}
