package keyring_test

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	mock "github.com/zalando/go-keyring"

	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/examples/internal/keyring"
)

// open returns a store in a keyring that lives in memory.
func open(t *testing.T) client.Storage {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	mock.MockInit()
	storage, err := keyring.Open("test")
	if err != nil {
		t.Fatal(err)
	}
	return storage
}

// C9: a store of one's own keeps what it gets, by its key, and drops what is
// empty or what a change failed to make.
func TestKeyringKeepsStates(t *testing.T) {
	storage := open(t)
	key, other := client.Key{Issuer: "https://as.example", Resource: "https://mcp.example"}, client.Key{Issuer: "https://as.example"}
	want := client.State{Token: &client.Token{AccessToken: "a", RefreshToken: "r", Scopes: []string{"x"}}}
	failed := errors.New("no")
	for _, step := range []struct {
		change func(client.State) (client.State, error)
		err    error
		want   client.State
	}{
		{func(client.State) (client.State, error) { return want, nil }, nil, want},
		{func(client.State) (client.State, error) { return client.State{}, failed }, failed, want},
		{func(client.State) (client.State, error) { return client.State{}, nil }, nil, client.State{}},
		{func(client.State) (client.State, error) { return client.State{}, nil }, nil, client.State{}},
	} {
		if err := storage.Update(t.Context(), key, step.change); !errors.Is(err, step.err) {
			t.Errorf("error %v, want %v", err, step.err)
		}
		if got, err := storage.Load(t.Context(), key); err != nil || !reflect.DeepEqual(got, step.want) {
			t.Errorf("got %+v, error %v", got, err)
		}
	}
	if got, err := storage.Load(t.Context(), other); err != nil || got != (client.State{}) {
		t.Errorf("the other key has %+v, error %v", got, err)
	}
}

// C9: changes exclude one another.
func TestKeyringUpdatesExcludeOneAnother(t *testing.T) {
	storage := open(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := storage.Update(t.Context(), client.Key{}, func(s client.State) (client.State, error) {
				s.Issuer += "x"
				return s, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, err := storage.Load(t.Context(), client.Key{}); err != nil || got.Issuer != strings.Repeat("x", 20) {
		t.Errorf("%d of 20 changes are there, error %v", len(got.Issuer), err)
	}
}
