package client_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// strictly is a browser at an authorization server that lets a client ask for the
// scopes that it has registered, and for some that all have.
func (w *world) strictly(ctx context.Context, page string) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	var registered struct {
		Scope string `json:"scope"`
	}
	if all := w.wire.find("AS POST /register 201"); len(all) > 0 {
		if err := json.Unmarshal([]byte(all[len(all)-1].body), &registered); err != nil {
			return err
		}
	}
	asked := u.Query()
	for _, scope := range strings.Fields(asked.Get("scope")) {
		if scope != "mcp:read" && scope != "offline_access" && !slices.Contains(strings.Fields(registered.Scope), scope) {
			return w.refuseScopes(ctx, page)
		}
	}
	return w.browse(ctx, page)
}

// refuseScopes is a browser at one that lets a client ask for none.
func (w *world) refuseScopes(ctx context.Context, page string) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	answer := url.Values{"error": {"invalid_scope"}, "state": u.Query()["state"], "iss": {w.as.Issuer()}}
	return w.browse(ctx, u.Query().Get("redirect_uri")+"?"+answer.Encode())
}

// C7, C12: a server that lets a client ask for nothing but what it has registered
// gets to know it anew, with the scopes of the step-up, once.
func TestC12ClientRegisteredWithoutTheScopes(t *testing.T) {
	w := start(t)
	storage := client.MemoryStorage()
	strict := func(c *client.Config) { c.Storage, c.Redirect = storage, w.strictly }
	transport := w.transport(strict)
	w.mustCall(transport, "read")
	before := w.stored(storage)
	w.mustCall(transport, "purge")
	w.wantCount("AS POST /register 201", 2)
	if n := len(w.asked()); n != 2 {
		t.Errorf("%d authorizations, want 2\n%s", n, w.wire)
	}
	after := w.stored(storage)
	if before.Client.ClientID == after.Client.ClientID || before.Client.RedirectURI != after.Client.RedirectURI {
		t.Errorf("the client is %v at %s", after.Client, after.Client.RedirectURI)
	}
	w.mustCall(w.transport(strict), "purge") // another process
	w.wantCount("AS POST /register 201", 2)
}

// C7, C12: where that doesn't help, or isn't to be had, nothing goes on and on, the
// error is the first one, and nothing is lost.
func TestC12ScopeThatNoClientMayAskFor(t *testing.T) {
	for name, row := range map[string]struct {
		register      http.Handler
		edit          func(map[string]any)
		change        func(*client.Config)
		registrations int
	}{
		"never granted":  {registrations: 1},
		"not registered": {register: refusal(400, "invalid_client_metadata", "no such scope"), registrations: 1},
		"no registration": {
			edit: func(m map[string]any) { delete(m, "registration_endpoint") },
		},
		"metadata document": {
			edit: func(m map[string]any) { m["client_id_metadata_document_supported"] = true },
			change: func(c *client.Config) {
				c.MetadataURL, c.Storage = "https://app.example.com/client.json", client.MemoryStorage()
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			storage, strict := client.MemoryStorage(), false
			transport := w.transport(func(c *client.Config) {
				c.Storage = storage
				c.Redirect = func(ctx context.Context, page string) error {
					if strict {
						return w.refuseScopes(ctx, page)
					}
					return w.browse(ctx, page)
				}
			})
			w.mustCall(transport, "read")
			strict = true
			if row.register != nil {
				w.as.Answer("/register", row.register)
			}
			if row.edit != nil {
				w.as.EditMetadata(row.edit)
			}
			if row.change != nil {
				transport = w.transport(row.change, func(c *client.Config) { c.Redirect = w.refuseScopes })
			}
			w.wire.forget()
			for range 3 {
				_, err := w.call(transport, "purge")
				if e := asError(t, err); e.Code != "invalid_scope" || e.Stage != "authorization" {
					t.Errorf("the error is %v", e)
				}
				w.clock.Advance(10 * time.Second) // Meanwhile nobody is asked anyway.
			}
			if n := len(w.wire.find("AS POST /register")); n != row.registrations {
				t.Errorf("%d registrations, want %d\n%s", n, row.registrations, w.wire)
			}
			if row.change == nil {
				w.mustCall(transport, "read")
			}
		})
	}
}
