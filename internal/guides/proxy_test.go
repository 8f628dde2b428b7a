//go:build interop

package guides

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkout is this tree as a Go module proxy in a folder (go.dev/ref/mod,
// GOPROXY protocol), so that "go get …@latest" gets it in the very way in which
// a user gets a release.
type checkout struct {
	proxy   string // a file URL
	version string
}

// publish makes the proxy. The version is named after the content: what Go keeps
// of it in its module cache never stands for another tree.
func publish(t *testing.T) checkout {
	t.Helper()
	folder := t.TempDir()
	at := filepath.Join(folder, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	files := moduleFiles(t)
	hash := sha256.New()
	for _, path := range files {
		hash.Write([]byte(path + "\x00" + read(t, filepath.Join(root, path)) + "\x00"))
	}
	version := "v0.0.0-checkout-" + hex.EncodeToString(hash.Sum(nil)[:8])
	write(t, filepath.Join(at, version+".zip"), zipped(t, version, files))
	write(t, filepath.Join(at, version+".mod"), read(t, root+"/go.mod"))
	info, err := json.Marshal(map[string]string{"Version": version, "Time": "2026-01-01T00:00:00Z"})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(at, version+".info"), string(info))
	write(t, filepath.Join(at, "list"), version+"\n")
	t.Cleanup(func() { forget(t, version) })
	return checkout{proxy: "file://" + filepath.ToSlash(folder), version: version}
}

// moduleFiles returns the files that a release of the module holds: none of the
// nested modules, and nothing hidden.
func moduleFiles(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		if entry.IsDir() {
			_, nested := os.Stat(filepath.Join(path, "go.mod"))
			if nested == nil || strings.HasPrefix(entry.Name(), ".") || entry.Name() == "vendor" {
				return filepath.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(root, path)
		if entry.Type().IsRegular() && !strings.HasPrefix(entry.Name(), ".") {
			found = append(found, filepath.ToSlash(relative))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func zipped(t *testing.T, version string, files []string) string {
	t.Helper()
	var text strings.Builder
	w := zip.NewWriter(&text)
	for _, path := range files {
		entry, err := w.Create(module + "@" + version + "/" + path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(read(t, filepath.Join(root, path)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// forget removes the version from the module cache, where it is of no use to
// anybody else. What Go keeps there is read-only.
func forget(t *testing.T, version string) {
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Error(err)
		return
	}
	kept := filepath.Join(strings.TrimSpace(string(cache)), filepath.FromSlash(module)+"@"+version)
	_ = filepath.WalkDir(kept, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
	if err := os.RemoveAll(kept); err != nil {
		t.Error(err)
	}
	downloads, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(cache)), "cache", "download", filepath.FromSlash(module), "@v", version+".*"))
	if err != nil {
		t.Error(err)
	}
	for _, path := range downloads {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
