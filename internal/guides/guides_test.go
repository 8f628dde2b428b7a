package guides

import (
	"bytes"
	"encoding/json"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFragments holds every Go block that isn't a file against the tree, which
// the compiler has read: each is one or more whole declarations of one of its
// files, of internal/guides most often, to the letter.
func TestFragments(t *testing.T) {
	var sources []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && slices.Contains([]string{".git", "node_modules", "vendor"}, entry.Name()) {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".go") {
			sources = append(sources, read(t, path)+"\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t) {
		for _, b := range p.of("go") {
			if b.file == "" && !slices.ContainsFunc(sources, func(source string) bool { return strings.Contains(source, "\n\n"+b.text+"\n") }) {
				t.Errorf("docs/%s:%d: no file of the tree declares what it shows:\n%s", p.name, b.line, b.text)
			}
		}
	}
}

// TestEveryFragmentIsShown: a function here that no guide shows is a leftover,
// unless the shown ones use it or it is a test's own.
func TestEveryFragmentIsShown(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for _, p := range pages(t) {
		for _, b := range p.of("go") {
			shown.WriteString(b.text)
		}
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?(\w+)|^type (\w+)`).FindAllStringSubmatch(read(t, path), -1) {
			if name := m[1] + m[2]; !regexp.MustCompile(`\b` + name + `\b`).MatchString(shown.String()) {
				t.Errorf("%s: no guide shows or names %s", path, name)
			}
		}
	}
}

// TestFilesCompile compiles the files that guides bring, tests too, against this
// tree. It needs no network where the examples have been built: their module has
// all that the guides import.
func TestFilesCompile(t *testing.T) {
	kit, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	gomod := strings.Replace(read(t, root+"/examples/go.mod"), "=> ..", "=> "+kit, 1)
	save(t, filepath.Join(folder, "go.mod"), strings.Replace(gomod, "module "+module+"/examples", "module example.com/guides", 1))
	save(t, filepath.Join(folder, "go.sum"), read(t, root+"/examples/go.sum"))
	for _, p := range walks(t) {
		for _, b := range p.of("go") {
			if b.file == "" {
				continue
			}
			if formatted, err := format.Source([]byte(b.text)); err != nil || !bytes.Equal(formatted, []byte(b.text)) {
				t.Errorf("docs/%s:%d: %s isn't formatted (%v)", p.name, b.line, b.file, err)
			}
			save(t, filepath.Join(folder, strings.TrimSuffix(p.name, ".md"), b.file), b.text)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "vet", "-mod=mod", "./...")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go vet of the guides' files: %v\n%s", err, said)
	}
}

// TestFilesAreTheSame: where several guides bring the same file, it differs in
// nothing but what the guide is about.
func TestFilesAreTheSame(t *testing.T) {
	first := make(map[string]string)
	for _, p := range walks(t) {
		for _, b := range p.of("go") {
			if b.file == "" || b.file == "main.go" || b.file == "tools.go" && p.name == "mcpgo.md" {
				continue
			}
			if other, known := first[b.file]; known && other != b.text {
				t.Errorf("docs/%s:%d: %s isn't what other guides have", p.name, b.line, b.file)
			}
			first[b.file] = b.text
		}
	}
}

// TestCommands looks at what guides tell to type. The commands of a walk are run
// by TestWalks; those of other guides run what is in this tree, so that each
// folder that they name exists.
func TestCommands(t *testing.T) {
	walked := walks(t)
	run := regexp.MustCompile(`^go (?:run|test|build) -C (\S+) (?:-\S+ (?:/\S+ )?)*(\./\S*)`)
	for _, p := range pages(t) {
		if slices.ContainsFunc(walked, func(w page) bool { return w.name == p.name }) {
			continue
		}
		for _, b := range p.of("sh") {
			for command := range strings.Lines(b.text) {
				m := run.FindStringSubmatch(command)
				if m == nil {
					t.Errorf("docs/%s:%d: nothing checks the command %s", p.name, b.line, command)
				} else if _, err := os.Stat(filepath.Join(root, m[1], strings.TrimSuffix(m[2], "/..."))); err != nil {
					t.Errorf("docs/%s:%d: %v", p.name, b.line, err)
				}
			}
		}
	}
}

// TestBlocks: nothing is shown that no test looks at.
func TestBlocks(t *testing.T) {
	for _, p := range pages(t) {
		walks := len(p.of("sh")) > 0
		for _, b := range p.blocks {
			switch b.language {
			case "go", "sh": // TestFragments, TestFilesCompile, TestCommands, TestWalks
			case "json":
				if !json.Valid([]byte(b.text)) {
					t.Errorf("docs/%s:%d: the block is no JSON", p.name, b.line)
				}
			case "http":
				if p.name != "refusals.md" { // TestRefusals
					t.Errorf("docs/%s:%d: nothing checks the answer", p.name, b.line)
				}
			case "console":
				if p.name != "client.md" { // the examples' own tests run its commands
					t.Errorf("docs/%s:%d: nothing runs the commands", p.name, b.line)
				}
			case "text":
				if !walks { // it is what a command prints
					t.Errorf("docs/%s:%d: no command prints the text", p.name, b.line)
				}
			default:
				t.Errorf("docs/%s:%d: a block of %q, which nothing checks", p.name, b.line, b.language)
			}
		}
	}
}

// TestVersions: where a guide names a version of a module, it is the one that
// CI builds with.
func TestVersions(t *testing.T) {
	required := read(t, root+"/go.mod") + read(t, root+"/examples/go.mod")
	for _, p := range pages(t) {
		for _, m := range regexp.MustCompile(`([\w.-]+\.[\w.-]+/[\w./-]+)@(v\S+)`).FindAllStringSubmatch(p.text, -1) {
			if !strings.Contains(required, m[1]+" "+m[2]+"\n") {
				t.Errorf("docs/%s names %s, which isn't what CI has", p.name, m[0])
			}
		}
	}
}

// save writes a file, in folders that need not exist.
func save(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
