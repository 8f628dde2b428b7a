package client_test

import (
	"encoding/json"
	"log/slog"
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
