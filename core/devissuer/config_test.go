package devissuer_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

func TestIssuers(t *testing.T) {
	for issuer, ok := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://localhost": true, "http://[::1]:1/": true, "http://127.8.9.1/a": true,
		"https://as.example/realms/a-b_c.d~1/": true,
		"":                                     false, "127.0.0.1:8080": false, "http://as.example": false, "http://127.0.0.1.example": false,
		"ftp://127.0.0.1": false, "https://": false, "https://:80": false, "https://u@as.example": false,
		"https://as.example?x": false, "https://as.example?": false, "https://as.example#x": false, "https://as.example#": false,
		"https://as.example/{x}": false, "https://as.example/:x": false, "https://as.example/*": false,
		"https://as.example/a%2fb": false, "https://as.example//a": false, "https://as.example/a/../b": false, "https://as.example//": false,
	} {
		_, err := devissuer.New(devissuer.Config{Issuer: issuer})
		var mistake *devissuer.ConfigError
		if (err == nil) != ok || (err != nil && (!errors.As(err, &mistake) || mistake.Field != "Issuer")) {
			t.Errorf("%q: %v", issuer, err)
		}
	}
}

// One run shows every mistake.
func TestConfigMistakes(t *testing.T) {
	_, err := devissuer.New(devissuer.Config{
		Users:           []string{"a b", "carol", "carol", ""},
		Scopes:          []string{"ok", "a b", `"`},
		Resources:       []string{resource, "/relative", "https://x/#f"},
		DefaultResource: other,
		AccessTokenTTL:  time.Millisecond,
		RefreshTokenTTL: -time.Hour,
		Clients: []devissuer.Client{
			{ID: "idle"},
			{ID: "idle", Secret: "s"},
			{Secret: "s", RedirectURIs: []string{callback, "javascript:x"}},
		},
	})
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("the mistakes are not joined: %v", err)
	}
	var fields []string
	for _, e := range joined.Unwrap() {
		var mistake *devissuer.ConfigError
		if !errors.As(e, &mistake) || mistake.Problem == "" {
			t.Errorf("not a ConfigError with a problem: %v", e)
			continue
		}
		fields = append(fields, mistake.Field)
	}
	want := []string{
		"Issuer", "Users[0]", "Users[2]", "Users[3]", "Scopes[1]", "Scopes[2]", "Resources[1]", "Resources[2]",
		"DefaultResource", "AccessTokenTTL", "RefreshTokenTTL",
		"Clients[0]", "Clients[1].ID", "Clients[2].ID", "Clients[2].RedirectURIs[1]",
	}
	if !slices.Equal(fields, want) {
		t.Errorf("mistakes in %v, want %v", fields, want)
	}
}

func TestConfigIsCopied(t *testing.T) {
	redirects, users := []string{callback}, []string{"alice"}
	s := start(t, func(c *devissuer.Config) {
		c.Users = users
		c.Clients = []devissuer.Client{{ID: "public", RedirectURIs: redirects}}
	})
	redirects[0], users[0] = "https://evil.example/", "mallory"
	if s.code(request()) == "" {
		t.Error("the server shares slices with its caller")
	}
}
