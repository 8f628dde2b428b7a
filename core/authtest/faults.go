package authtest

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
)

// Down makes the server unreachable: connections are reset, those under way
// too. The port stays taken, so that the server is back at the same address
// after Up.
func (s *Server) Down() { s.listener.down() }

// Up ends what Down began.
func (s *Server) Up() { s.listener.up() }

// Answer makes h answer every request for the absolute path, in place of the
// server; nil undoes it. It is for what no [Fault] is. An h that waits must end
// with the request's context, or the test can't end.
func (s *Server) Answer(path string, h http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = h
}

// EditMetadata makes edit alter the authorization server metadata (RFC 8414 §2)
// before it is sent, at all its places; nil undoes it. edit may be called
// concurrently.
func (s *Server) EditMetadata(edit func(map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.edit = edit
}

func (s *Server) pathOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		s.tb.Errorf("authtest: %v", err)
		return ""
	}
	return u.Path
}

func (s *Server) isMetadata(r *http.Request) bool {
	return slices.ContainsFunc(s.Endpoints().Metadata, func(m string) bool { return s.pathOf(m) == r.URL.Path })
}

func (s *Server) serveEditedMetadata(w http.ResponseWriter, r *http.Request, edit func(map[string]any)) {
	recorded := httptest.NewRecorder()
	s.issuer.ServeHTTP(recorded, r)
	document := make(map[string]any)
	if recorded.Code != http.StatusOK || json.Unmarshal(recorded.Body.Bytes(), &document) != nil {
		s.issuer.ServeHTTP(w, r) // A preflight or a mistake: there is nothing to edit.
		return
	}
	edit(document)
	body, err := json.Marshal(document)
	if err != nil {
		s.tb.Errorf("authtest: the edited metadata: %v", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	for name, values := range recorded.Header() {
		w.Header()[name] = values
	}
	_, _ = w.Write(body) // The client is gone if this fails.
}

// switchListener is a listener whose connections can all be reset, while the
// port stays taken.
type switchListener struct {
	net.Listener

	mu     sync.Mutex
	isDown bool
	open   map[*trackedConn]struct{}
}

func newSwitchListener(l net.Listener) *switchListener {
	return &switchListener{Listener: l, open: make(map[*trackedConn]struct{})}
}

// Accept implements [net.Listener]. While the listener is down it resets what
// arrives.
func (l *switchListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if tracked := l.track(conn); tracked != nil {
			return tracked, nil
		}
	}
}

func (l *switchListener) track(conn net.Conn) net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isDown {
		reset(conn)
		return nil
	}
	tracked := &trackedConn{Conn: conn, owner: l}
	l.open[tracked] = struct{}{}
	return tracked
}

func (l *switchListener) down() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isDown = true
	for conn := range l.open {
		reset(conn.Conn)
	}
	clear(l.open)
}

func (l *switchListener) up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isDown = false
}

// reset closes conn so that its other end sees an error, not an orderly end.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // Without it the end is orderly, and an end all the same.
	}
	_ = conn.Close() // It may be closed already.
}

// trackedConn tells its listener when it closes.
type trackedConn struct {
	net.Conn

	owner *switchListener
}

// Close implements [net.Conn].
func (c *trackedConn) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.open, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}
