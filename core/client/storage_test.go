package client_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// storages are the stores of the package, each as a function that opens it
// again, as another process would.
func storages(t *testing.T) map[string]func() client.Storage {
	memory := client.MemoryStorage()
	path := filepath.Join(t.TempDir(), "new", "tokens.json")
	return map[string]func() client.Storage{
		"memory": func() client.Storage { return memory },
		"file":   func() client.Storage { return client.FileStorage(path) },
	}
}

// C9: what is put is what is got, by its key, and by nobody else's hand.
func TestC9StoragesKeepWhatTheyGet(t *testing.T) {
	ctx := t.Context()
	for name, open := range storages(t) {
		t.Run(name, func(t *testing.T) {
			key, other := client.Key{Issuer: "https://as.example", Resource: "https://a.example"}, client.Key{Issuer: "https://as.example"}
			now := time.Now().UTC().Round(0)
			want := client.State{
				Issuer: "https://as.example", ClientID: "c", MetadataURL: "https://a.example/m",
				Registration: &client.Registration{ClientID: "r", ClientSecret: "s", AuthMethod: "client_secret_post", SecretExpiry: now, RedirectURI: "http://127.0.0.1/callback"},
				Token: &client.Token{
					AccessToken: "a", RefreshToken: "r", Issued: now, Expiry: now.Add(time.Hour), Requested: []string{"x", "y"}, Scopes: []string{"x"},
					Resource: "https://a.example", TokenEndpoint: "https://as.example/token", Client: client.Registration{ClientID: "r"},
				},
			}
			if got, err := open().Load(ctx, key); err != nil || !reflect.DeepEqual(got, client.State{}) {
				t.Fatalf("at first: %+v, %v", got, err)
			}
			given := want
			must(t, open().Update(ctx, key, func(client.State) (client.State, error) { return given, nil }))
			got, err := open().Load(ctx, key)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, error %v", got, err)
			}
			got.Token.Scopes[0], got.Registration.ClientID = "evil", "evil"
			must(t, open().Update(ctx, other, func(client.State) (client.State, error) { return client.State{Issuer: "other"}, nil }))
			failed := errors.New("no")
			if err := open().Update(ctx, key, func(s client.State) (client.State, error) {
				s.Token.AccessToken = "evil"
				return client.State{}, failed
			}); !errors.Is(err, failed) {
				t.Errorf("the error of a change is %v", err)
			}
			if got, err := open().Load(ctx, key); err != nil || got.Token.AccessToken != "a" || got.Token.Scopes[0] != "x" || got.Registration.ClientID != "r" {
				t.Errorf("got %+v, error %v", got, err)
			}
			must(t, open().Update(ctx, key, func(client.State) (client.State, error) { return client.State{}, nil }))
			if got, err := open().Load(ctx, key); err != nil || !reflect.DeepEqual(got, client.State{}) {
				t.Errorf("after removal: %+v, %v", got, err)
			}
			if got, err := open().Load(ctx, other); err != nil || got.Issuer != "other" {
				t.Errorf("the other is %+v, %v", got, err)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// C9: changes exclude one another, and who waits can give up.
func TestC9UpdatesExcludeOneAnother(t *testing.T) {
	for name, open := range storages(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			key := client.Key{Resource: "r"}
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					err := open().Update(ctx, key, func(s client.State) (client.State, error) {
						s.Issuer += "x"
						return s, nil
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if got, err := open().Load(ctx, key); err != nil || got.Issuer != strings.Repeat("x", 20) {
				t.Errorf("%d of 20 changes are there, error %v", len(got.Issuer), err)
			}

			entered, leave, done := make(chan struct{}), make(chan struct{}), make(chan error)
			go func() {
				done <- open().Update(ctx, key, func(s client.State) (client.State, error) {
					close(entered)
					<-leave
					return s, nil
				})
			}()
			<-entered
			// Reading goes on, and waiting ends with its context.
			if _, err := open().Load(ctx, key); err != nil {
				t.Error(err)
			}
			ended, cancel := context.WithCancel(ctx)
			cancel()
			err := open().Update(ended, key, func(s client.State) (client.State, error) { t.Error("two changes at once"); return s, nil })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("who has given up gets %v", err)
			}
			close(leave)
			must(t, <-done)
		})
	}
}

// C9: the file is the user's alone, is replaced in one step, and what is no
// such file is refused and left alone.
func TestC9File(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "tokens.json")
	storage := client.FileStorage(path)
	put := func() error {
		return storage.Update(ctx, client.Key{Resource: "r"}, func(s client.State) (client.State, error) {
			s.Issuer += "i"
			return s, nil
		})
	}
	must(t, put())
	info, err := os.Stat(path)
	must(t, err)
	if runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	before, err := os.Open(path)
	must(t, err)
	defer func() { _ = before.Close() }()
	must(t, put())
	if was, err := before.Stat(); err != nil || was.Size() != info.Size() {
		t.Error("the old file was written to")
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	hidden, err2 := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err := errors.Join(err, err2); err != nil || len(names) != 2 || len(hidden) != 0 {
		t.Errorf("left behind: %q %q, error %v", names, hidden, err)
	}
	for name, text := range map[string]string{
		"no JSON": "hello", "another version": `{"version":2}`, "cut off": `{"version":1,"states":[{"key":`, "secret": `{"version":"hunter2"}`,
	} {
		must(t, os.WriteFile(path, []byte(text), 0o600))
		if err := put(); err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadFile(path); err != nil || string(left) != text {
			t.Errorf("%s: the file was changed", name)
		}
	}
	must(t, os.WriteFile(path, nil, 0o600)) // as mktemp leaves it
	must(t, put())
	must(t, os.Remove(path))
	must(t, put())
	if runtime.GOOS != "windows" {
		must(t, os.Chmod(path, 0o640))
		if err := put(); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a file that others can read: %v", err)
		}
	}
	if _, err := client.FileStorage(filepath.Join(path, "below")).Load(ctx, client.Key{}); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file below a file: %v", err)
	}
}

// C9: a symbolic link stays one, and both of its names stand for one file with
// one lock.
func TestC9FileBehindALink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "tokens.json"), filepath.Join(dir, "link.json")
	must(t, os.WriteFile(path, nil, 0o600))
	if err := os.Symlink(path, link); err != nil {
		if runtime.GOOS == "windows" { // there it takes a right of its own
			return
		}
		t.Fatal(err)
	}
	key := client.Key{Resource: "r"}
	for _, name := range []string{link, path} {
		must(t, client.FileStorage(name).Update(t.Context(), key, func(s client.State) (client.State, error) {
			s.Issuer += "x"
			return s, nil
		}))
	}
	for _, name := range []string{link, path} {
		if got, err := client.FileStorage(name).Load(t.Context(), key); err != nil || got.Issuer != "xx" {
			t.Errorf("%s has %q, error %v", name, got.Issuer, err)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is one no more, error %v", err)
	}
	if locks, err := filepath.Glob(filepath.Join(dir, "*.lock")); err != nil || len(locks) != 1 {
		t.Errorf("the locks are %q, error %v", locks, err)
	}
}

// C9: a panic in a change gives the lock back.
func TestC9PanicGivesTheLockBack(t *testing.T) {
	for name, open := range storages(t) {
		t.Run(name, func(t *testing.T) {
			func() {
				defer func() { _ = recover() }()
				_ = open().Update(t.Context(), client.Key{}, func(client.State) (client.State, error) { panic("change") })
			}()
			must(t, open().Update(t.Context(), client.Key{}, func(s client.State) (client.State, error) { return s, nil }))
		})
	}
}

// C9: after a restart the token is there; an old one is refreshed, with no
// browser and no new registration.
func TestC9RestartRefreshes(t *testing.T) {
	w := start(t)
	path := filepath.Join(t.TempDir(), "tokens.json")
	process := func() *client.Transport {
		return w.transport(func(c *client.Config) { c.Storage = client.FileStorage(path) })
	}
	w.mustCall(process(), "read")
	w.wire.forget()
	w.mustCall(process(), "read")
	w.wantLog("R POST /mcp 200")
	w.clock.Advance(time.Hour)
	w.wire.forget()
	w.mustCall(process(), "purge") // a step-up uses what is stored, too
	if got := w.wire.log(); got[0] != "AS POST /token 200" || w.wire.count("AS POST /register 201") != 0 {
		t.Errorf("on the wire:\n%s", w.wire)
	}
}

// C9: a running process takes what another one has got.
func TestC9OtherProcessWasFaster(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	process := func() *client.Transport {
		return w.transport(func(c *client.Config) { c.Storage = storage })
	}
	first, second := process(), process()
	w.mustCall(first, "read")
	w.mustCall(second, "read")
	w.clock.Advance(time.Hour)
	w.mustCall(first, "read")
	w.wire.forget()
	w.mustCall(second, "read")
	w.wantLog("R POST /mcp 200")
	// One was refused and has refreshed; the other is about to be refused.
	w.refuse(w.wire.find("R POST /mcp 200")[0].authorization)
	w.mustCall(second, "read")
	w.wire.forget()
	w.mustCall(first, "read")
	w.wantLog("R POST /mcp 401", "R POST /mcp 200")
}

// C9: stored tokens of other credentials are not this client's.
func TestC9TokensOfOtherCredentials(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	w.mustCall(w.transport(func(c *client.Config) { c.Storage = storage }), "read")
	w.mustCall(w.transport(func(c *client.Config) {
		preRegistered(c)
		c.Storage = storage
	}), "read")
	if n := len(w.asked()); n != 2 {
		t.Errorf("%d authorizations, want 2", n)
	}
	if stored := w.stored(storage); stored.Client.ClientSecret != "" {
		t.Error("the secret of Credentials is stored")
	}
}

// C9, C10: where the client authenticates in another way by now, a token that it
// can't refresh is none: it gets a new one.
func TestC9CredentialsOfAnotherKind(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	for name, row := range map[string]struct{ before, after func(*client.Config) }{
		"a key in place of a secret": {preRegistered, func(c *client.Config) {
			preRegistered(c)
			c.Credentials.Secret, c.Credentials.Key = "", key
		}},
		"a registration in place of a secret": {preRegistered, func(*client.Config) {}},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.as.EditMetadata(func(m map[string]any) { delete(m, "token_endpoint_auth_methods_supported") })
			storage := client.MemoryStorage()
			keep := func(c *client.Config) { c.Storage = storage }
			w.mustCall(w.transport(row.before, keep), "read")
			w.clock.Advance(time.Hour)
			w.as.Answer("/token", answerOnce(w, token(map[string]any{"access_token": w.as.Token(w.resource, "mcp:read")})))
			w.wire.forget()
			if got, err := w.call(w.transport(row.after, keep), "read"); err != nil || got.status != http.StatusOK {
				t.Errorf("status %d, error %v\n%s", got.status, err, w.wire)
			}
			w.wantCount("browser GET /authorize 303", 1)
			w.wantCount("AS POST /token 200", 1)
		})
	}
}
