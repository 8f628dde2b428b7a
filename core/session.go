package core

import (
	"container/list"
	"net/http"
	"strconv"
	"sync"
)

const (
	sessionHeader = "Mcp-Session-Id"
	// maxSessions bounds the bindings that are held. The one that was longest
	// unused goes first; its client is answered 404 and opens a new session.
	maxSessions = 100_000
)

// sessions binds each session id that the MCP handler mints to the principal
// that it was minted for. SDKs differ in what they check themselves, mcp-go
// checks nothing, and an id is no credential: it is known to whoever saw it.
type sessions struct {
	mu    sync.Mutex
	byID  map[string]*list.Element
	usage list.List // of *session, the most recently used first
}

type session struct {
	id, owner string
}

// ownerOf names whom a session belongs to: the subject at its issuer, and the
// client only where there is no subject, since a person's client may register
// anew in the middle of a session. Lengths keep two names from running together.
func ownerOf(p *Principal) string {
	kind, name := "sub:", p.Subject
	if name == "" {
		kind, name = "client:", p.ClientID
	}
	return strconv.Itoa(len(p.Issuer)) + ":" + p.Issuer + kind + name
}

// bind remembers for whom the id was minted. An id that is bound already stays
// as it is.
func (s *sessions) bind(id, owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = make(map[string]*list.Element)
	}
	if _, bound := s.byID[id]; bound {
		return
	}
	s.byID[id] = s.usage.PushFront(&session{id, owner})
	if s.usage.Len() > maxSessions {
		s.remove(s.usage.Back())
	}
}

// admit reports whether the owner may use the session. An unknown id and
// another's are refused alike. One that was opened without a token is adopted
// by the first principal that presents it.
func (s *sessions) admit(id, owner string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	element, bound := s.byID[id]
	if !bound {
		return false
	}
	held := element.Value.(*session) //nolint:forcetypeassert // the list holds nothing else
	if held.owner == "" {
		held.owner = owner
	}
	if held.owner != owner {
		return false
	}
	s.usage.MoveToFront(element)
	return true
}

// end forgets a session that its owner has ended.
func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if element, bound := s.byID[id]; bound {
		s.remove(element)
	}
}

func (s *sessions) remove(element *list.Element) {
	s.usage.Remove(element)
	delete(s.byID, element.Value.(*session).id) //nolint:forcetypeassert // the list holds nothing else
}

// checkSession refuses a session id that wasn't minted for the caller.
func (rs *ResourceServer) checkSession(r *http.Request, v *verified) *Denial {
	id := field(r.Header, sessionHeader)
	if id == "" || rs.sessions.admit(id, v.ownerName()) {
		return nil
	}
	return &Denial{
		Status: http.StatusNotFound, Reason: reasonSession, code: "session_not_found",
		description: "there is no such session", rpcCode: rpcSessionNotFound,
		expected: "a session that was opened for this principal", got: "another or none",
	}
}

// noteSession follows what the MCP handler says of sessions in its answer.
func (rs *ResourceServer) noteSession(r *http.Request, v *verified, status int, answer http.Header) {
	if id := answer.Get(sessionHeader); id != "" {
		rs.sessions.bind(id, v.ownerName())
	}
	if r.Method == http.MethodDelete && status >= 200 && status < 300 {
		rs.sessions.end(r.Header.Get(sessionHeader))
	}
}

// field is what http.Header.Get returns for a name that is canonical already,
// which it needn't find out for every request.
func field(header http.Header, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
