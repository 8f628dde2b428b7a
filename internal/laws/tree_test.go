package laws

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the top of the tree, from here.
const root = "../.."

const module = "github.com/mcpbearer/mcpbearer"

// adapters are the packages that know a router, and that router.
func adapters() map[string]string {
	return map[string]string{
		"ginmcp":  "github.com/gin-gonic/gin",
		"echomcp": "github.com/labstack/echo/v4",
		"chimcp":  "github.com/go-chi/chi/v5",
		"nethttp": "net/http",
	}
}

// files returns the path from root, with slashes, of every file of the project
// for which want holds.
func files(t *testing.T, want func(path string) bool) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", "node_modules", "vendor"}, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		path, err = filepath.Rel(root, path)
		if path = filepath.ToSlash(path); err == nil && entry.Type().IsRegular() && want(path) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no file found: the test looks in the wrong place")
	}
	return found
}

// sources returns the Go files of one package, without its tests.
func sources(t *testing.T, folder string) []string {
	t.Helper()
	return files(t, func(path string) bool {
		return filepath.ToSlash(filepath.Dir(path)) == folder && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
	})
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, read(t, path), parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// linesOfCode counts the lines that hold more than comments and white space.
func linesOfCode(t *testing.T, path string) int {
	t.Helper()
	text := read(t, path)
	set := token.NewFileSet()
	file := set.AddFile(path, -1, len(text))
	var s scanner.Scanner
	s.Init(file, text, nil, 0)
	lines := make(map[int]bool)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return len(lines)
		}
		first := file.Line(pos)
		lines[first] = true
		if tok == token.STRING {
			for i := range strings.Count(literal, "\n") {
				lines[first+1+i] = true
			}
		}
	}
}

// exported returns the exported names that a file declares at its top level.
// Methods and fields belong to their types.
func exported(file *ast.File) []string {
	var names []string
	add := func(name *ast.Ident) {
		if name.IsExported() {
			names = append(names, name.Name)
		}
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				add(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						add(name)
					}
				}
			}
		}
	}
	return names
}

// face returns the exported top-level names of a package.
func face(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	for _, path := range sources(t, folder) {
		names = append(names, exported(parse(t, path))...)
	}
	slices.Sort(names)
	return names
}
