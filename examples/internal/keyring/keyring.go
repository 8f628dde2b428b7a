// Package keyring keeps a client's tokens in the keyring of the operating
// system: the Keychain of macOS, the Credential Manager of Windows, the Secret
// Service of Linux desktops. It shows what a Storage of one's own takes.
package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/zalando/go-keyring"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// storage is a client.Storage. Every state is an entry of its own, for some
// keyrings hold no more than two and a half thousand bytes in one.
type storage struct {
	service string
	// locks is a file store that nothing is put into: keyrings have no locks
	// that keep out other processes, and a file store has.
	locks client.Storage
}

// Open returns a store in the user's keyring, under the name of a service.
func Open(service string) (client.Storage, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return &storage{service: service, locks: client.FileStorage(filepath.Join(cache, "mcpbearer", service))}, nil
}

// Load implements client.Storage.
func (s *storage) Load(_ context.Context, key client.Key) (client.State, error) {
	var state client.State
	text, err := keyring.Get(s.service, account(key))
	if errors.Is(err, keyring.ErrNotFound) {
		return state, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &state)
	}
	return state, err
}

// Update implements client.Storage.
func (s *storage) Update(ctx context.Context, key client.Key, change func(client.State) (client.State, error)) error {
	return s.locks.Update(ctx, key, func(lock client.State) (client.State, error) {
		state, err := s.Load(ctx, key)
		if err != nil {
			return lock, err
		}
		if state, err = change(state); err != nil {
			return lock, err
		}
		return lock, s.put(key, state)
	})
}

func (s *storage) put(key client.Key, state client.State) error {
	if state == (client.State{}) {
		if err := keyring.Delete(s.service, account(key)); !errors.Is(err, keyring.ErrNotFound) {
			return err
		}
		return nil
	}
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return keyring.Set(s.service, account(key), string(text))
}

// account names an entry. Neither part has a space in it.
func account(key client.Key) string { return key.Issuer + " " + key.Resource }
