package main

import (
	"io"
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestAllDoTheSameWork: what is compared lets the same tokens in, and refuses
// the same ones.
func TestAllDoTheSameWork(t *testing.T) {
	a, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	rs, err := resourceServer(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	list, err := apps(t.Context(), a, rs)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.close()
	claim := func(name string, value any) func(header, claims map[string]any) {
		return func(_, claims map[string]any) { claims[name] = value }
	}
	underTheirKey := func(header, claims map[string]any) { header["kid"], claims["iss"] = a.keyID, a.issuer() }
	for about, token := range map[string]string{
		"expired":             a.token(claim("exp", time.Now().Add(-time.Hour).Unix())),
		"for another":         a.token(claim("aud", "https://elsewhere.example")),
		"of another issuer":   a.token(claim("iss", "https://elsewhere.example")),
		"without the scope":   a.token(claim("scope", "mcp:write")),
		"by a stranger's key": stranger.token(underTheirKey),
		"no token at all":     "x",
	} {
		for _, x := range list {
			v, err := newVisit(t.Context(), x.handler, token)
			if err != nil {
				t.Fatal(err)
			}
			if status := v.send(); (status == http.StatusOK) != (x.name == bare) {
				t.Errorf("%s: a token %s is answered %d", x.key(), about, status)
			}
		}
	}
	for _, x := range list {
		v, err := newVisit(t.Context(), x.handler, a.token())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if status := v.send(); status != http.StatusOK {
				t.Errorf("%s: a good token is answered %d", x.key(), status)
			}
		}
	}
}

// TestExactGoals makes the whole table in short, and holds it to the goals that
// no machine's speed can change.
func TestExactGoals(t *testing.T) {
	a, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	var result table
	quick := scale{rounds: 1, batch: time.Millisecond, invalid: 1000}
	for _, part := range parts() {
		if err := part(t.Context(), a, quick, &result); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[string]int)
	for _, r := range result.rows {
		seen[r.id]++
		if exact := slices.Contains([]string{"P2", "P5", "P6", "P8", "P10"}, r.id); exact && !r.met {
			t.Errorf("%s, %s: want %s, got %s", r.id, r.about, r.goal, r.measured)
		}
	}
	for _, id := range []string{"P1", "P2", "P3", "P4", "P5", "P6", "P8", "P9", "P10", "P12"} {
		if seen[id] == 0 {
			t.Errorf("%s is not in the table", id)
		}
	}
	if err := result.print(io.Discard); err != nil {
		t.Error(err)
	}
}

func TestMedianOfRatios(t *testing.T) {
	r := result{"one": {10, 20, 90}, "other": {5, 5, 5}, "base": {0, 10, 0}}
	if got := r.ratio("one", "", "other", ""); got != 4 {
		t.Errorf("got %v, want 4", got)
	}
	if got := r.ratio("one", "base", "other", ""); got != 2 {
		t.Errorf("beyond the base: got %v, want 2", got)
	}
}
