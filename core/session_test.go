package core

import (
	"strconv"
	"testing"
)

func TestOwnersNeverRunTogether(t *testing.T) {
	seen := map[string]Principal{}
	for _, p := range []Principal{
		{Issuer: "https://as.example", Subject: "alice", ClientID: "c"},
		{Issuer: "https://as.example", Subject: "bob", ClientID: "c"},
		{Issuer: "https://other.example", Subject: "alice", ClientID: "c"},
		{Issuer: "https://as.example", ClientID: "alice"},
		{Issuer: "https://as.examplesub:", Subject: "alice"},
		{Issuer: "https://as.example", Subject: "sub:alice"},
		{Issuer: "", Subject: "https://as.examplesub:alice"},
		{Issuer: "https://as.example"},
		{},
	} {
		id := ownerOf(&p)
		if other, taken := seen[id]; taken || id == "" {
			t.Errorf("%+v and %+v have one owner, %q", p, other, id)
		}
		seen[id] = p
	}
	// A client that registers anew keeps its session.
	again := Principal{Issuer: "https://as.example", Subject: "alice", ClientID: "another"}
	if _, known := seen[ownerOf(&again)]; !known {
		t.Error("the client id is part of an owner that has a subject")
	}
}

func TestS48SessionsBelongToWhoOpenedThem(t *testing.T) {
	var s sessions
	s.bind("1", "alice")
	s.bind("2", "")
	s.bind("1", "bob") // an id that is minted twice stays the first one's
	for _, step := range []struct {
		id, owner string
		want      bool
	}{
		{"1", "alice", true},
		{"1", "bob", false},
		{"1", "", false},
		{"3", "alice", false},
		{"2", "", true},
		{"2", "bob", true}, // adopted
		{"2", "", false},
		{"2", "alice", false},
		{"2", "bob", true},
	} {
		if got := s.admit(step.id, step.owner); got != step.want {
			t.Errorf("session %s for %q: %v, want %v", step.id, step.owner, got, step.want)
		}
	}
	s.end("1")
	s.end("1")
	if s.admit("1", "alice") {
		t.Error("a session that was ended is still there")
	}
}

// TestSessionsAreBounded in all and for each owner, so that one who opens many
// drives out his own alone.
func TestSessionsAreBounded(t *testing.T) {
	var s sessions
	s.bind("hers", "alice")
	for i := range maxOwned {
		s.bind(strconv.Itoa(i), "mallory")
	}
	s.admit("0", "mallory")
	s.bind("one more", "mallory")
	if len(s.byID) != maxOwned+1 || !s.admit("0", "mallory") || s.admit("1", "mallory") || !s.admit("hers", "alice") {
		t.Errorf("%d sessions are held, want those of alice and %d of mallory, without the one longest unused", len(s.byID), maxOwned)
	}
	for owner := range maxSessions/maxOwned - 1 {
		for i := range maxOwned {
			s.bind(strconv.Itoa(owner)+"/"+strconv.Itoa(i), strconv.Itoa(owner))
		}
	}
	if len(s.byID) != maxSessions || s.usage.Len() != maxSessions || s.admit("2", "mallory") || !s.admit("hers", "alice") {
		t.Errorf("%d sessions are held, want %d, without the one longest unused", len(s.byID), maxSessions)
	}
	for id := range s.byID {
		s.end(id)
	}
	if s.usage.Len() != 0 || len(s.owned) != 0 {
		t.Errorf("of ended sessions, %d and %d owners are left", s.usage.Len(), len(s.owned))
	}
}

// TestAdoptedSessionsCountForTheirOwner once somebody has taken them.
func TestAdoptedSessionsCountForTheirOwner(t *testing.T) {
	var s sessions
	for i := range maxOwned {
		s.bind(strconv.Itoa(i), "alice")
	}
	s.bind("open", "")
	if !s.admit("open", "alice") || s.admit("0", "alice") || len(s.byID) != maxOwned {
		t.Errorf("%d sessions, want %d of alice, the adopted one among them", len(s.byID), maxOwned)
	}
	for i := range maxOwned + 1 {
		s.bind("nobody's "+strconv.Itoa(i), "")
	}
	if !s.admit("open", "alice") || len(s.byID) != 2*maxOwned {
		t.Errorf("%d sessions, want %d: those that nobody owns drive out none of alice's", len(s.byID), 2*maxOwned)
	}
}

// TestS48TheNamelessShareNoSession: nothing tells one of them from another.
func TestS48TheNamelessShareNoSession(t *testing.T) {
	var s sessions
	nobody := ownerOf(&Principal{Issuer: "https://as.example"})
	s.bind("1", nobody)
	s.bind("2", "")
	if s.admit("1", nobody) || s.admit("2", nobody) {
		t.Error("a principal with neither subject nor client was let into a session")
	}
	if !s.admit("2", "alice") {
		t.Error("the nameless one took the session that was open")
	}
}
