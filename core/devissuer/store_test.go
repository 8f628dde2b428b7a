package devissuer

import "testing"

// A flood forgets the oldest and nothing else.
func TestBounded(t *testing.T) {
	b := newBounded[int, string](3)
	for i := range 5 {
		b.put(i, "v")
	}
	for i, want := range []bool{false, false, true, true, true} {
		if _, ok := b.get(i); ok != want {
			t.Errorf("%d is there: %t", i, ok)
		}
	}
	if v, ok := b.take(3); v != "v" || !ok {
		t.Error("3 could not be taken")
	}
	if _, ok := b.take(3); ok {
		t.Error("3 was taken twice")
	}
	b.put(5, "v")
	if _, ok := b.get(2); !ok {
		t.Error("2 was dropped, though there was room")
	}
	if len(b.entries) != 3 || b.order.Len() != 3 {
		t.Errorf("%d entries in an order of %d", len(b.entries), b.order.Len())
	}
}

// Known clients are not part of the flood.
func TestKnownClientsStay(t *testing.T) {
	s := newStore([]Client{{ID: "known", Secret: "s"}})
	for range maxClients + 1 {
		s.registered.put(newSecret(), &client{})
	}
	if _, ok := s.client("known"); !ok {
		t.Error("the known client was forgotten")
	}
	if len(s.registered.entries) != maxClients {
		t.Errorf("%d clients are kept", len(s.registered.entries))
	}
}
