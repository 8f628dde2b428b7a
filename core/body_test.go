package core

import (
	"errors"
	"io"
	"net/http"
	"strings"
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
	if len(*buffer) != 0 {
		t.Errorf("a buffer with %q in it goes back", *buffer)
	}
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

// TestAnnouncedLengthsAreNotBelieved: memory is taken for what has come.
func TestAnnouncedLengthsAreNotBelieved(t *testing.T) {
	const announced = 4 << 20
	for sent, most := range map[int]int{1: firstRead, firstRead: 4 * firstRead, 10 * firstRead: 64 * firstRead} {
		r := &http.Request{ContentLength: announced, Body: io.NopCloser(strings.NewReader(strings.Repeat("x", sent)))}
		var buffer []byte
		if err := readBody(r, &buffer, announced); err != nil || len(buffer) != sent {
			t.Errorf("%d bytes sent: %d read, error %v", sent, len(buffer), err)
		}
		if cap(buffer) > 2*most {
			t.Errorf("%d bytes sent: a buffer of %d", sent, cap(buffer))
		}
	}
	whole := strings.Repeat("0123456789", announced/10)
	r := &http.Request{ContentLength: int64(len(whole)), Body: io.NopCloser(strings.NewReader(whole))}
	var buffer []byte
	if err := readBody(r, &buffer, announced); err != nil || string(buffer) != whole {
		t.Errorf("a whole body: %d bytes, error %v", len(buffer), err)
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

// TestP11BodiesTakeTheirSize: a body that was announced takes the memory that it
// needs, and one that was not twice that at most.
func TestP11BodiesTakeTheirSize(t *testing.T) {
	const most = 8 << 20
	for _, size := range []int{0, 450, firstRead - 1, firstRead, firstRead + 1, 100_001, 1 << 20, 4<<20 - 1, 4 << 20, 4<<20 + 1, 7<<20 + 5, most} {
		body := strings.Repeat("x", size)
		for _, announced := range []int64{int64(size), -1} {
			r := &http.Request{ContentLength: announced, Body: io.NopCloser(strings.NewReader(body))}
			var buffer []byte
			if err := readBody(r, &buffer, most); err != nil || len(buffer) != size {
				t.Fatalf("%d bytes, announced as %d: %d read, error %v", size, announced, len(buffer), err)
			}
			bound := size + 1
			if announced < 0 {
				bound = max(firstRead, 2*size)
			}
			if cap(buffer) > bound {
				t.Errorf("%d bytes, announced as %d: a buffer of %d, want %d at most", size, announced, cap(buffer), bound)
			}
		}
	}
}
