package core

import (
	"io"
	"net/http"
	"sync"
)

// pool keeps the buffers that bodies are read into. A message is read for every
// request, and most are small.
type pool struct{ buffers sync.Pool }

// mostKept is the size of the largest buffer that is kept.
const mostKept = 64 << 10

func (p *pool) take() *[]byte {
	if buffer, ok := p.buffers.Get().(*[]byte); ok {
		return buffer
	}
	return new([]byte)
}

func (p *pool) giveBack(buffer *[]byte) {
	if buffer == nil || cap(*buffer) > mostKept {
		return
	}
	*buffer = (*buffer)[:0]
	p.buffers.Put(buffer)
}

// replay is the body that the handler reads: the very bytes that were checked.
// Once it is closed it has nothing more to give, also to those who still read,
// as the transport of a proxy may when its handler has returned.
type replay struct {
	mu   sync.Mutex
	rest []byte
	done bool
}

// Read reads on.
func (b *replay) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.done:
		return 0, http.ErrBodyReadAfterClose
	case len(b.rest) == 0:
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Close takes the bytes away. It never fails.
func (b *replay) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest, b.done = nil, true
	return nil
}
