package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/client"
)

// C18: no log shows a secret, whatever it is written in, nor does any encoding of
// credentials, which nothing stores.
func TestC18LogsHideSecrets(t *testing.T) {
	token, registration := client.Token{AccessToken: "s3cret", RefreshToken: "s3cret"}, client.Registration{ClientSecret: "s3cret"}
	credentials := client.Credentials{ID: "x", Secret: "s3cret"}
	for _, empty := range []client.State{{}, {Token: &token, Registration: &registration}} {
		var written strings.Builder
		for _, h := range []slog.Handler{slog.NewJSONHandler(&written, nil), slog.NewTextHandler(&written, nil)} {
			slog.New(h).Info("x", "state", empty, "token", token, "token", &token, "registration", registration, "registration", &registration, "credentials", credentials)
		}
		if text := written.String(); strings.Contains(text, "s3cret") || strings.Contains(strings.ToLower(text), "panic") || strings.Contains(text, "!ERROR") {
			t.Errorf("logged: %s", text)
		}
	}
	text, err := json.Marshal(map[string]any{"credentials": credentials})
	if err != nil || strings.Contains(string(text), "s3cret") {
		t.Errorf("encoded: %s, error %v", text, err)
	}
}

// C18: nor does a transport that is printed show its tokens or its config's secret.
func TestC18PrintedTransport(t *testing.T) {
	w := start(t)
	transport := w.transport(func(c *client.Config) {
		c.Credentials = client.Credentials{Secret: "s3cret", ID: "x"}
		c.Storage = client.MemoryStorage()
	})
	var written strings.Builder
	slog.New(slog.NewTextHandler(&written, nil)).Info("x", "transport", transport)
	text := fmt.Sprintf("%v %+v %#v", transport, transport, transport) + written.String()
	if strings.Contains(text, "s3cret") {
		t.Errorf("printed: %s", text)
	}
	transport = w.transport()
	for range 2 { // What the first has left to its flight, the second has seen the end of.
		w.mustCall(transport, "read")
	}
	text = fmt.Sprintf("%v %+v %#v", transport, transport, transport)
	if token := strings.TrimPrefix(w.wire.find("R POST /mcp 200")[0].authorization, "Bearer "); strings.Contains(text, token) {
		t.Errorf("printed: %s", text)
	}
}

// C18: an error doesn't show a secret that the server repeats, as some do that say
// which code was invalid.
func TestC18RepeatedSecrets(t *testing.T) {
	w := start(t)
	w.as.Answer("/token", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		said := "invalid:"
		for _, name := range []string{"code", "code_verifier", "client_secret"} {
			said += " " + r.PostFormValue(name)
		}
		refusal(400, "invalid_grant", said).ServeHTTP(rw, r)
	}))
	e := w.mustFail(w.transport(func(c *client.Config) {
		c.Credentials = client.Credentials{ID: "app", Secret: strings.Repeat("s3cret", 200), AuthMethod: "client_secret_post"}
		c.Redirect = func(ctx context.Context, page string) error {
			u, err := url.Parse(page)
			if err != nil {
				return err
			}
			answer := url.Values{"code": {"c0de"}, "state": u.Query()["state"], "iss": {w.as.Issuer()}}
			return w.browse(ctx, u.Query().Get("redirect_uri")+"?"+answer.Encode())
		}
	}), "token request")
	sent := w.wire.find("AS POST /token")[0].form
	for _, secret := range []string{"c0de", "s3cret", sent.Get("code_verifier")} {
		if secret == "" || strings.Contains(e.Error(), secret) {
			t.Errorf("the error is %v", e)
		}
	}
	if !strings.HasPrefix(e.Description, "invalid: ") {
		t.Errorf("the description is %q", e.Description)
	}
}
