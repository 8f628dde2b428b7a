package laws

import (
	"bytes"
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

func TestCoreHasASmallFace(t *testing.T) {
	const most = 30
	if names := face(t, "core"); len(names) > most {
		t.Errorf("core exports %d names, want at most %d: %v", len(names), most, names)
	}
}

func TestAdaptersAreThin(t *testing.T) {
	const mostNames, mostLines = 4, 60
	for adapter := range adapters() {
		t.Run(adapter, func(t *testing.T) {
			if names := face(t, adapter); len(names) > mostNames {
				t.Errorf("it exports %d names, want at most %d: %v", len(names), mostNames, names)
			}
			lines := 0
			for _, path := range sources(t, adapter) {
				lines += linesOfCode(t, path)
			}
			t.Logf("%d lines of code", lines)
			if lines > mostLines {
				t.Errorf("it has %d lines of code, want at most %d: what two adapters need belongs in core", lines, mostLines)
			}
		})
	}
}

// TestAdaptersSayNothing checks that no header, no JSON and no message is made
// in an adapter: its strings have no words in them.
func TestAdaptersSayNothing(t *testing.T) {
	word := regexp.MustCompile(`[A-Za-z]{2}`)
	for adapter := range adapters() {
		for _, path := range sources(t, adapter) {
			ast.Inspect(parse(t, path), func(n ast.Node) bool {
				if _, isImport := n.(*ast.ImportSpec); isImport {
					return false
				}
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING && word.MatchString(literal.Value) {
					t.Errorf("%s has the string %s: what is said belongs in core", path, literal.Value)
				}
				return true
			})
		}
	}
}

func TestFilesFitTheirName(t *testing.T) {
	const most = 400
	for _, path := range files(t, func(path string) bool { return strings.HasSuffix(path, ".go") }) {
		if lines := linesOfCode(t, path); lines > most {
			t.Errorf("%s has %d lines of code, want at most %d: it asks to be two rooms", path, lines, most)
		}
	}
}

func TestReadmeIsShort(t *testing.T) {
	const most = 150
	if lines := bytes.Count(read(t, "README.md"), []byte("\n")); lines > most {
		t.Errorf("the README has %d lines, want at most %d", lines, most)
	}
}
