package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// FileStorage returns a [Storage] that keeps everything in one file, for one
// user of the machine: it is created with mode 0600 and refused where others
// may read it. A new version replaces the old one in one step, so a reader never
// sees half of it, and a crash leaves one of the two. Where path is a symbolic
// link, it stays one, to the file that is replaced.
//
// Beside it stands a second file, with ".lock" at the end of its name and
// nothing in it. An Update holds the operating system's lock on that file (flock,
// LockFileEx), which ends with the process at the latest. There is such a lock
// on Linux, the BSDs, macOS and Windows; elsewhere Update fails. The lock is one
// for all keys, so one Update waits for any other.
func FileStorage(path string) Storage {
	return &file{path: path, turn: make(chan struct{}, 1)}
}

type file struct {
	path string
	// turn lets in one Update of this process, which spares it polling for the
	// lock, and makes what one change wrote visible to the next.
	turn chan struct{}
}

// maxFile is far more than any client has to keep, in bytes.
const maxFile = 16 << 20

// document is the content of the file.
type document struct {
	Version int      `json:"version"`
	States  []record `json:"states"`
}

type record struct {
	Key   Key   `json:"key"`
	State State `json:"state"`
}

// Load implements [Storage]. It needs no lock.
func (f *file) Load(_ context.Context, key Key) (State, error) {
	d, err := f.read()
	if err != nil {
		return State{}, err
	}
	return d.get(key), nil
}

// Update implements [Storage].
func (f *file) Update(ctx context.Context, key Key, change func(State) (State, error)) error {
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	path := f.target()
	unlock, err := lock(ctx, path+".lock")
	if err != nil {
		return fmt.Errorf("locking %s: %w", path, err)
	}
	defer unlock()
	d, err := f.read()
	if err != nil {
		return err
	}
	before := d.get(key)
	after, err := change(before.clone())
	if err != nil || reflect.DeepEqual(before, after) {
		return err
	}
	d.set(key, after)
	return write(path, d)
}

// target is the file behind the path, which may be a symbolic link: whoever knows
// the file by another name must find the same lock.
func (f *file) target() string {
	if target, err := filepath.EvalSymlinks(f.path); err == nil {
		return target
	}
	return f.path // It isn't there yet.
}

// read returns what the file holds. A file that is not there holds nothing.
func (f *file) read() (document, error) {
	d := document{Version: 1}
	opened, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return d, err
	}
	defer func() { _ = opened.Close() }() // it was only read
	if err := checkMode(opened); err != nil {
		return d, err
	}
	data, err := io.ReadAll(io.LimitReader(opened, maxFile))
	if err != nil {
		return d, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return d, nil
	}
	// The cause might repeat a part of the file.
	if json.Unmarshal(data, &d) != nil || d.Version != 1 {
		return d, fmt.Errorf("%s is not a file of this version of the client: remove it to begin anew", f.path)
	}
	return d, nil
}

// write replaces the file at path.
func write(path string, d document) (err error) {
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	// Its mode is 0600 from the beginning (os.CreateTemp).
	next, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(next.Name()) // nobody would miss it
		}
	}()
	_, err = next.Write(append(data, '\n'))
	if err == nil {
		err = next.Sync()
	}
	err = errors.Join(err, next.Close())
	if err == nil {
		err = os.Rename(next.Name(), path)
	}
	return err
}

func (d *document) get(key Key) State {
	for _, r := range d.States {
		if r.Key == key {
			return r.State
		}
	}
	return State{}
}

// set puts a state in place of the one that is there. A zero one leaves.
func (d *document) set(key Key, state State) {
	var kept []record
	for _, r := range d.States {
		if r.Key != key {
			kept = append(kept, r)
		}
	}
	if state != (State{}) {
		kept = append(kept, record{Key: key, State: state})
	}
	d.States = kept
}

// Pauses between two attempts to get a lock that another process holds.
const (
	firstPause = 5 * time.Millisecond
	longPause  = 100 * time.Millisecond
)

// lock takes the lock on the file at path, and returns the way to give it back.
// The file stays: removing it would give two processes two locks.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	held, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the user of the package names it
	if err != nil {
		return nil, err
	}
	// The other process lives by the system's clock, whatever ctx says.
	clock := environ.System()
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		taken, err := tryLock(held)
		if err != nil {
			_ = held.Close() // it has no lock
			return nil, err
		}
		if taken {
			return func() { _ = held.Close() }, nil // which ends the lock
		}
		fired, stop := clock.Timer(pause)
		select {
		case <-fired:
		case <-ctx.Done():
			stop()
			_ = held.Close() // as above
			return nil, ctx.Err()
		}
	}
}
