package core

import (
	"container/list"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

const (
	sessionHeader = "Mcp-Session-Id"
	// maxSessions bounds the bindings that are held. The one that was longest
	// unused goes first; its client is answered 404 and opens a new session.
	maxSessions = 100_000
	// maxOwned bounds those of one owner, so that nobody can drive out all
	// others. All sessions that were opened without a token have one owner.
	maxOwned = 10_000
)

// sessions binds each session id that the MCP handler mints to the principal
// that it was minted for. SDKs differ in what they check themselves, mcp-go
// checks nothing, and an id is no credential: it is known to whoever saw it.
type sessions struct {
	mu    sync.Mutex
	byID  map[string]*session
	usage list.List             // of *session, the most recently used first
	owned map[string]*list.List // the same, by owner
}

type session struct {
	id, owner string
	among     *list.Element // in usage
	amongOwn  *list.Element // in owned
}

// nameless begins the name of an owner whom nothing tells apart from others of
// the same issuer.
const nameless = "nameless:"

// ownerOf names whom a session belongs to: the subject at its issuer, and the
// client only where there is no subject, since a person's client may register
// anew in the middle of a session. Lengths keep two names from running together.
func ownerOf(p *Principal) string {
	kind, name := "sub:", p.Subject
	if name == "" {
		kind, name = "client:", p.ClientID
	}
	if name == "" {
		return nameless + p.Issuer
	}
	return strconv.Itoa(len(p.Issuer)) + ":" + p.Issuer + kind + name
}

// bind remembers for whom the id was minted. An id that is bound already stays
// as it is, and one of the nameless is not bound at all: it would be everybody's.
func (s *sessions) bind(id, owner string) {
	if strings.HasPrefix(owner, nameless) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID, s.owned = make(map[string]*session), make(map[string]*list.List)
	}
	if s.byID[id] != nil {
		return
	}
	held := &session{id: id}
	held.among = s.usage.PushFront(held)
	s.byID[id] = held
	s.give(held, owner)
	if s.usage.Len() > maxSessions {
		s.remove(s.usage.Back().Value.(*session)) //nolint:forcetypeassert // the list holds nothing else
	}
}

// give makes the session the owner's.
func (s *sessions) give(held *session, owner string) {
	own := s.owned[owner]
	if own == nil {
		own = new(list.List)
		s.owned[owner] = own
	}
	held.owner, held.amongOwn = owner, own.PushFront(held)
	if own.Len() > maxOwned {
		s.remove(own.Back().Value.(*session)) //nolint:forcetypeassert // the list holds nothing else
	}
}

// admit reports whether the owner may use the session. An unknown id and
// another's are refused alike. One that was opened without a token is adopted
// by the first principal that presents it.
func (s *sessions) admit(id, owner string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.byID[id]
	if held == nil || strings.HasPrefix(owner, nameless) {
		return false
	}
	if held.owner == "" && owner != "" {
		s.disown(held)
		s.give(held, owner)
	}
	if held.owner != owner {
		return false
	}
	s.usage.MoveToFront(held.among)
	s.owned[owner].MoveToFront(held.amongOwn)
	return true
}

// end forgets a session that its owner has ended.
func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.byID[id]; held != nil {
		s.remove(held)
	}
}

func (s *sessions) remove(held *session) {
	s.disown(held)
	s.usage.Remove(held.among)
	delete(s.byID, held.id)
}

func (s *sessions) disown(held *session) {
	own := s.owned[held.owner]
	own.Remove(held.amongOwn)
	if own.Len() == 0 {
		delete(s.owned, held.owner)
	}
}

// isUnaddressed reports whether a message speaks of another one, by nothing but
// its id, outside of any session. What has that id may be anybody's: a request
// that is under way, for a cancellation, or one that a server waits to have
// answered, for a response. Since MCP 2026-07-28, which has no sessions, clients
// cancel by hanging up, and answer in the next request.
func isUnaddressed(r *http.Request, m *message) bool {
	if !m.scanned.Response && string(m.scanned.Method) != "notifications/cancelled" {
		return false
	}
	return r.Header.Get(sessionHeader) == "" || r.Header.Get("Mcp-Protocol-Version") >= "2026" || saysVersion(m.scanned.Meta)
}

// saysVersion reports whether a message says by itself which version of the
// protocol it is of, as those since MCP 2026-07-28 do.
func saysVersion(meta []byte) bool {
	if meta == nil {
		return false
	}
	_, said, err := strictjson.Lookup(meta, "io.modelcontextprotocol/protocolVersion")
	return said || err != nil
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
