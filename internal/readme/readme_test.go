package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is where the README lies, from here.
const root = "../.."

// apps are the minimal apps, by the name of their file.
func apps() []string { return []string{"gin", "echo", "chi", "nethttp"} }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks returns the text of each fenced block of a language.
func blocks(readme, language string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(readme, -1) {
		found = append(found, m[1])
	}
	return found
}

// TestSnippets holds every Go block of the README against this package, which
// the compiler has read: each is a whole declaration of it, to the letter.
func TestSnippets(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	sources := make(map[string]string)
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			sources[strings.TrimSuffix(file, ".go")] = read(t, file)
		}
	}
	var shown []string
	for _, block := range blocks(read(t, filepath.Join(root, "README.md")), "go") {
		home := ""
		for name, source := range sources {
			if strings.Contains(source+"\n", "\n\n"+block+"\n") {
				home = name
			}
		}
		if home == "" {
			t.Errorf("no file of this package declares what the README shows:\n%s", block)
		}
		shown = append(shown, home)
	}
	for _, app := range apps() {
		if !slices.Contains(shown, app) {
			t.Errorf("the README doesn't show the app of %s.go", app)
		}
	}
}

// mostLines is how much longer than itself the kit may make an app.
const mostLines = 10

// TestLinesBeyondTheAppsOwn counts, in each minimal app, the imports of the kit
// and every line that isn't blank from the first statement that names the kit
// to the end of the function, its closing brace excepted.
func TestLinesBeyondTheAppsOwn(t *testing.T) {
	const kit = `"github.com/mcpbearer/mcpbearer/`
	for _, app := range apps() {
		t.Run(app, func(t *testing.T) {
			source := strings.TrimSuffix(read(t, app+".go"), "}\n")
			imports := strings.Count(source, kit)
			_, statements, found := strings.Cut(source, "\n\trs, err := core.New(")
			if imports == 0 || !found || strings.Contains(source[:len(source)-len(statements)], " core.Config") {
				t.Fatal("the app doesn't begin its use of the kit with core.New, and can't be counted")
			}
			lines := 1
			for line := range strings.Lines(statements[strings.IndexByte(statements, '\n')+1:]) {
				if strings.TrimSpace(line) != "" {
					lines++
				}
			}
			t.Logf("%d imports and %d lines", imports, lines)
			if imports+lines > mostLines {
				t.Errorf("%d imports and %d lines of the kit, want at most %d in all", imports, lines, mostLines)
			}
		})
	}
}

// TestVersions holds the README's table of versions against what the modules
// require.
func TestVersions(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| Go \|.*\n\| --- .*\n\|(.*)\|$`).FindStringSubmatch(read(t, filepath.Join(root, "README.md")))
	if row == nil {
		t.Fatal("the README has no table of versions")
	}
	var got []string
	for cell := range strings.SplitSeq(row[1], "|") {
		got = append(got, strings.TrimSpace(cell))
	}
	kit, examples := read(t, filepath.Join(root, "go.mod")), read(t, filepath.Join(root, "examples", "go.mod"))
	want := []string{
		required(t, kit, "go"),
		required(t, kit, "github.com/gin-gonic/gin"),
		required(t, kit, "github.com/labstack/echo/v4"),
		required(t, kit, "github.com/go-chi/chi/v5"),
		required(t, kit, "github.com/modelcontextprotocol/go-sdk"),
		required(t, examples, "github.com/mark3labs/mcp-go"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("the README says %q, go.mod says %q", got, want)
	}
}

// required returns the version of a directive or requirement of a go.mod.
func required(t *testing.T, gomod, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(name) + ` (\S+)`).FindStringSubmatch(gomod)
	if m == nil {
		t.Fatalf("go.mod has no %s", name)
	}
	return m[1]
}

// TestCommands holds the README's commands against the tree: every path in them
// exists.
func TestCommands(t *testing.T) {
	commands := strings.Join(blocks(read(t, filepath.Join(root, "README.md")), "sh"), "")
	for _, want := range []string{"go run -C examples ./gin\n", "go test -race -shuffle=on ./... && go test -C examples -race -shuffle=on ./...\n"} {
		if !strings.Contains(commands, want) {
			t.Errorf("the README lacks the command %q", want)
		}
	}
	paths := regexp.MustCompile(`-C (\S+)|--prefix (\S+)`).FindAllStringSubmatch(commands, -1)
	parts := regexp.MustCompile(`for part in (.+?); do \(cd (\S+)\$part `).FindStringSubmatch(commands)
	if parts == nil {
		t.Fatal("the README lacks the loop over the parts from npm")
	}
	for _, part := range strings.Fields(parts[1]) {
		paths = append(paths, []string{"", filepath.Join(parts[2], part, "package-lock.json")})
	}
	for _, m := range append(paths, []string{"", "examples/gin"}) {
		if _, err := os.Stat(filepath.Join(root, strings.Join(m[1:], ""))); err != nil {
			t.Error(err)
		}
	}
}
