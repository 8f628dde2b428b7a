package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// programs are the examples that have an MCP server in them, each a directory of
// the module.
func programs() []string { return []string{"gin", "echo", "chi", "nethttp", "mcpgo"} }

// commands are what else is built: packages of the module.
func commands() []string { return []string{"./client", "./machine", "./internal/suiteclient"} }

// binaries is the environment variable in which TestMain leaves where it has
// built them.
const binaries = "E2E_BINARIES"

// TestMain builds everything once.
func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "mcpbearer-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	for _, program := range append(programs(), "conformance", "proxy") {
		args = append(args, "./"+program)
	}
	args = append(args, commands()...)
	build := exec.Command("go", args...)
	build.Dir = filepath.Join("..", "..")
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building the examples: %w\n%s", err, output)
	}
	if err := os.Setenv(binaries, dir); err != nil {
		return 0, err
	}
	// What runs in parallel waits for other processes, not for a processor.
	if err := flag.Set("test.parallel", "5"); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// eachProgram runs test once for every example.
func eachProgram(t *testing.T, test func(t *testing.T, program string)) {
	t.Helper()
	for _, program := range programs() {
		t.Run(program, func(t *testing.T) { test(t, program) })
	}
}
