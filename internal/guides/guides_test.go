package guides

import (
	"bytes"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFragments holds every Go block that isn't a file against this package,
// which the compiler has read: each is one or more whole declarations of it, to
// the letter. And the other way round: what is in a file that a guide shows
// something of, and is neither shown nor used by what is, would be forgotten
// there.
func TestFragments(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	sources := make(map[string]string)
	for _, path := range append(paths, more...) {
		sources[path] = read(t, path)
	}
	for _, p := range pages(t) {
		for _, b := range p.of("go") {
			if b.file != "" {
				continue
			}
			home := ""
			for path, source := range sources {
				if strings.Contains(source+"\n", "\n\n"+b.text+"\n") {
					home = path
				}
			}
			if home == "" {
				t.Errorf("docs/%s:%d: no file of internal/guides declares what it shows:\n%s", p.name, b.line, b.text)
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

// TestCommands looks at what guides tell to type: nothing is there that CI
// doesn't run. The commands of a walk are run by TestWalks; other guides have
// none but those listed here, which are about a tree of the reader's own.
func TestCommands(t *testing.T) {
	walked := walks(t)
	for _, p := range pages(t) {
		if slices.ContainsFunc(walked, func(w page) bool { return w.name == p.name }) {
			continue
		}
		for _, b := range p.of("sh") {
			t.Errorf("docs/%s:%d has commands, and nothing runs them:\n%s", p.name, b.line, b.text)
		}
	}
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			if !slices.Contains([]string{"go", "sh", "text", "http", "nginx"}, b.language) {
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
