package core

import (
	"errors"
	"io"
	"net/http"
	"testing"
)

// TestReplayedBodiesEnd: a buffer that goes back to the pool is another
// request's, so whoever still reads must get nothing of it.
func TestReplayedBodiesEnd(t *testing.T) {
	var p pool
	buffer := p.take()
	*buffer = append(*buffer, "a message"...)
	b := replay{rest: *buffer}
	first := make([]byte, 2)
	if n, err := b.Read(first); n != 2 || err != nil || string(first) != "a " {
		t.Fatalf("read %d bytes, %q, error %v", n, first, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	p.giveBack(buffer)
	*buffer = append(*buffer, "another's secret"...)
	if n, err := b.Read(first); n != 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("after the end: %d bytes, error %v", n, err)
	}
}

func TestReplayedBodiesAreWhole(t *testing.T) {
	b := replay{rest: []byte("a message")}
	if all, err := io.ReadAll(&b); string(all) != "a message" || err != nil {
		t.Errorf("read %q, error %v", all, err)
	}
}

// TestThePoolKeepsNoLargeBuffers, or one large message would hold its memory
// for good.
func TestThePoolKeepsNoLargeBuffers(t *testing.T) {
	var p pool
	large := make([]byte, mostKept+1)
	p.giveBack(&large)
	p.giveBack(nil)
	if buffer := p.take(); cap(*buffer) > mostKept {
		t.Errorf("a buffer of %d bytes was kept", cap(*buffer))
	}
}
