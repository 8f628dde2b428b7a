package e2e

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is when a test gives up on a process or an answer. Nothing that
// works comes near it, a browser on a busy machine neither.
const patience = 2 * time.Minute

// process is a running example.
type process struct {
	// program is which one.
	program string
	// address is where it listens, such as "http://127.0.0.1:40123".
	address string
	// path is where its readiness line says the endpoint is.
	path string

	output *output
}

// output is what a process has printed.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) add(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(line + "\n")
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// command prepares an example with this environment alone, so that no setting
// of whoever runs the tests gets in.
func command(ctx context.Context, program string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(os.Getenv(binaries), program))
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "PORT=0"}, env...)
	return cmd
}

// start runs an example until the test ends, and waits for its readiness line.
// It must stop in good order when it is told to.
func start(t *testing.T, program string, env ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	return launch(t, program, command(ctx, program, env...), cancel)
}

// launch is start for any program that has such a line; cancel ends it by force.
func launch(t *testing.T, program string, cmd *exec.Cmd, cancel context.CancelFunc) *process {
	t.Helper()
	printed, ready := follow(t, cmd, "listening on ")
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() {
		<-printed.ended
		exited <- cmd.Wait()
	}()
	t.Cleanup(func() {
		defer cancel()
		// A connection that was opened and never used would hold up the stop.
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("stopping %s: %v", program, err)
		}
		select {
		case err := <-exited:
			if err != nil {
				t.Errorf("%s ended with: %v", program, err)
			}
		case <-time.After(patience):
			t.Errorf("%s didn't stop on SIGTERM", program)
		}
		if t.Failed() {
			t.Logf("%s printed:\n%s", program, printed.output)
		}
	})
	select {
	case line, ok := <-ready:
		if !ok {
			t.Fatalf("%s ended before it was ready:\n%s", program, printed.output)
		}
		return newProcess(t, program, line, printed.output)
	case <-time.After(patience):
		t.Fatalf("%s didn't get ready:\n%s", program, printed.output)
	}
	return nil
}

func newProcess(t *testing.T, program, line string, out *output) *process {
	t.Helper()
	_, url, _ := strings.Cut(line, "listening on ")
	scheme, rest, _ := strings.Cut(url, "://")
	host, path, ok := strings.Cut(rest, "/")
	if scheme != "http" || !strings.HasPrefix(host, "127.0.0.1:") || !ok {
		t.Fatalf("the readiness line is %q", line)
	}
	return &process{program: program, address: "http://" + host, path: "/" + path, output: out}
}

// printing is the output of a process while it runs.
type printing struct {
	output *output
	ended  chan struct{} // closed when the process has closed its outputs
}

// follow collects what cmd will print on both outputs, and sends the first line
// that contains mark; it closes the channel if there was none. Both outputs are
// one pipe, as in a terminal.
func follow(t *testing.T, cmd *exec.Cmd, mark string) (*printing, <-chan string) {
	t.Helper()
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	p := &printing{output: &output{}, ended: make(chan struct{})}
	found := make(chan string, 1)
	go func() {
		defer close(p.ended)
		defer close(found)
		p.read(pipe, mark, found)
	}()
	return p, found
}

func (p *printing) read(from io.Reader, mark string, found chan<- string) {
	sent := false
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20) // one that is longer would leave the process blocked
	for lines.Scan() {
		p.output.add(lines.Text())
		if !sent && strings.Contains(lines.Text(), mark) {
			found <- lines.Text()
			sent = true
		}
	}
}
