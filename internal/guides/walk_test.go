//go:build interop

package guides

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is when the test gives up on a command. Nothing that works comes near
// it.
const patience = 5 * time.Minute

// TestWalks does what the reader of a guide does: it types the guide's commands
// into a shell, in an empty folder, saves its files, and compares what comes out
// with what the guide shows. The last command of each runs the guide's own test.
//
// Two things differ from a reader's machine. The module proxy has this tree as
// the latest version of the kit, and in front of the configured one; and the two
// ports of the guides, which may be taken here, are replaced by free ones all
// over the page. It needs Go, a module proxy, bash, curl and sed.
func TestWalks(t *testing.T) {
	kit, free := publish(t), freePorts(t)
	for _, p := range walks(t) {
		app, issuer := free(), free()
		t.Run(strings.TrimSuffix(p.name, ".md"), func(t *testing.T) {
			t.Parallel()
			ports := strings.NewReplacer("127.0.0.1:8080", app, "127.0.0.1:8081", issuer)
			walk(t, kit, parsePage(p.name, ports.Replace(p.text)), app)
		})
	}
}

// freePorts hands out addresses on loopback that nobody listens at, each once. A
// walk binds them only minutes later, so they are none of those that systems hand
// out by themselves, to whoever asks for any.
func freePorts(t *testing.T) func() string {
	ports := rand.Perm(12_000)
	return func() string {
		for len(ports) > 0 {
			address := fmt.Sprintf("127.0.0.1:%d", 20_000+ports[0])
			ports = ports[1:]
			if l, err := net.Listen("tcp", address); err == nil {
				_ = l.Close() // it has shown that it could
				return address
			}
		}
		t.Fatal("no port is free")
		return ""
	}
}

// walk follows one guide.
func walk(t *testing.T, kit checkout, p page, address string) {
	t.Helper()
	s := startShell(t, kit)
	said, tested := "", false
	for _, b := range p.blocks {
		at := fmt.Sprintf("docs/%s:%d", p.name, b.line)
		switch {
		case b.file != "":
			write(t, filepath.Join(s.folder, b.file), b.text)
		case b.language == "sh":
			commands, serves := strings.CutSuffix(b.text, "go run .\n")
			said = s.run(at, commands)
			if serves {
				serve(t, s, address)
			}
			tested = strings.HasPrefix(b.text, "go test ")
		case b.language == "text":
			if !matches(b.text, said) {
				t.Fatalf("%s: the guide shows\n%s\nand the commands before it said\n%s", at, b.text, said)
			}
		}
	}
	if !tested {
		t.Errorf("docs/%s doesn't end with its test", p.name)
	}
	if gomod := read(t, filepath.Join(s.folder, "go.mod")); !strings.Contains(gomod, module+" "+kit.version+"\n") {
		t.Errorf("docs/%s: the commands got another kit than this tree:\n%s", p.name, gomod)
	}
}

// matches compares what a guide shows with what was printed. An ellipsis stands
// for whatever is there, over any number of lines.
func matches(shown, said string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(shown)), "…", `(?s:.*)`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(strings.ReplaceAll(said, "\r", "")))
}

// environment is the test's own, but for what would reach the commands from it:
// flags, workspaces, settings of the apps.
func environment(kit checkout, t *testing.T) []string {
	t.Helper()
	var env []string
	for _, setting := range os.Environ() {
		switch name, _, _ := strings.Cut(setting, "="); name {
		case "GOFLAGS", "GOWORK", "GOPROXY", "GONOSUMDB", "ISSUER", "RESOURCE", "PORT", "TOKEN":
		default:
			env = append(env, setting)
		}
	}
	proxy, err := exec.CommandContext(t.Context(), "go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	return append(env, "GOWORK=off", "GOPROXY="+kit.proxy+","+strings.TrimSpace(string(proxy)), "GONOSUMDB="+module)
}

// shell is the reader's terminal.
type shell struct {
	t      *testing.T
	in     io.Writer
	out    *bufio.Reader
	errors *os.File
	env    []string
	folder string
}

func startShell(t *testing.T, kit checkout) *shell {
	t.Helper()
	s := &shell{t: t, env: environment(kit, t), folder: t.TempDir()}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail")
	cmd.Dir, cmd.Env = s.folder, s.env
	endsWhole(cmd)
	var err error
	if s.errors, err = os.Create(filepath.Join(t.TempDir(), "stderr")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.errors.Close() })
	cmd.Stderr = s.errors
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.in, s.out = in, bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // it has told all by now
	})
	return s
}

// endsWhole lets the end of a command's context end what it has started, too:
// the app is a child of go run, and go run one of the shell.
func endsWhole(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// run types commands and returns what they print. The first that fails ends the
// shell, and the test.
func (s *shell) run(at, commands string) string {
	s.t.Helper()
	const done = "the commands are done, and this is where:"
	if _, err := fmt.Fprintf(s.in, "%s\nprintf '\\n%s%%s\\n' \"$PWD\"\n", commands, done); err != nil {
		s.t.Fatal(err)
	}
	var said strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			complaint, _ := os.ReadFile(s.errors.Name()) // what there is of it
			s.t.Fatalf("%s: a command failed:\n%s\nIt said\n%s%s", at, commands, said.String(), complaint)
		}
		if folder, over := strings.CutPrefix(strings.TrimSuffix(line, "\n"), done); over {
			s.folder = folder
			return said.String()
		}
		said.WriteString(line)
	}
}

// serve starts the app as the reader does in another terminal, and waits until
// it listens.
func serve(t *testing.T, s *shell, address string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir, cmd.Env = s.folder, s.env
	cmd.Stdout, cmd.Stderr = s.errors, s.errors
	endsWhole(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed in the end
		close(over)
	}()
	t.Cleanup(func() { <-over }) // t.Context ends before
	deadline, tick := time.NewTimer(patience), time.NewTicker(50*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close() // it has shown what it was for
			return
		}
		select {
		case <-tick.C:
		case <-over:
			complaint, _ := os.ReadFile(s.errors.Name()) // what there is of it
			t.Fatalf("the app ended:\n%s", complaint)
		case <-deadline.C:
			t.Fatal("the app doesn't listen")
		}
	}
}
