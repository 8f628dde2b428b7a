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

func TestSessionsAreBounded(t *testing.T) {
	var s sessions
	for i := range maxSessions {
		s.bind(strconv.Itoa(i), "alice")
	}
	s.admit("0", "alice")
	s.bind("one more", "alice")
	if len(s.byID) != maxSessions || s.usage.Len() != maxSessions {
		t.Errorf("%d sessions are held, want %d", len(s.byID), maxSessions)
	}
	if !s.admit("0", "alice") || s.admit("1", "alice") {
		t.Error("not the session that was longest unused is gone")
	}
}
