package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/introspect"
)

// FuzzReadAnswer reads introspection answers beside encoding/json. Whatever makes
// a principal must say, read that way too, that the token is for this resource, of
// this issuer, bound to nothing and not over.
func FuzzReadAnswer(f *testing.F) {
	for _, answer := range []string{
		`{"active":true,"aud":"https://mcp.example/mcp","scope":"a","exp":2000000000}`,
		`{"active":true,"aud":["x","https://mcp.example/mcp"],"iss":"https://as.example","sub":"s"}`,
		`{"active":true,"aud":"https://mcp.example/mcp","AUD":"x"}`,
		`{"active":true,"aud":"https://mcp.example/mcp","token_type":"DPoP"}`,
		`{"active":true,"aud":"https://mcp.example/mcp","cnf":{},"exp":"9"}`,
	} {
		f.Add([]byte(answer))
	}
	now := time.Unix(1_900_000_000, 0)
	ctx, cancel := context.WithCancel(environ.With(context.Background(), environ.NewManual(now).Clock()))
	f.Cleanup(cancel)
	rs, err := New(ctx, Config{
		Resource: "https://mcp.example/mcp", Logger: slog.New(slog.DiscardHandler),
		Issuers: []Issuer{{URL: "https://as.example", Introspection: &Introspection{ClientID: "me", ClientSecret: "x"}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := rs.readAnswer(rs.opaque, introspect.Answer{Active: true, Body: body, Sent: now}, now)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("%q is refused with %v, which is not the token's fault", body, err)
			}
			return
		}
		var said map[string]json.RawMessage // which compares names exactly
		if err := json.Unmarshal(body, &said); err != nil {
			t.Fatalf("%q is read, but encoding/json refuses it: %v", body, err)
		}
		var audience []string
		if json.Unmarshal(said["aud"], &audience) != nil {
			audience = []string{elsewhere[string](t, said["aud"])}
		}
		_, bound := said["cnf"]
		if !slices.Contains(audience, "https://mcp.example/mcp") || bound {
			t.Fatalf("%q makes a principal", body)
		}
		if iss, present := said["iss"]; present && elsewhere[string](t, iss) != "https://as.example" {
			t.Fatalf("%q makes a principal of another issuer", body)
		}
		if exp, present := said["exp"]; present && elsewhere[float64](t, exp)+11 < float64(now.Unix()) {
			t.Fatalf("%q makes a principal whose time is over", body)
		}
		if a.verified.principal.Expiry.IsZero() {
			t.Fatalf("%q makes a principal without end", body)
		}
	})
}

// elsewhere decodes a value as encoding/json does.
func elsewhere[T any](t *testing.T, raw json.RawMessage) (value T) {
	t.Helper()
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatalf("%s is read here, and refused there: %v", raw, err)
	}
	return value
}

// S33: however a config is printed or encoded, and whatever is wrong with it, the secret
// isn't told.
func TestSecretIsNeverPrinted(t *testing.T) {
	const secret = "the-very-secret"
	c := Config{
		Resource: "https://mcp.example/mcp",
		Issuers: []Issuer{
			{URL: "https://as.example/{tenantid}", Tenants: []string{"one"}, Introspection: &Introspection{AuthMethod: "none", ClientSecret: secret}},
			{URL: "https://other.example", Introspection: &Introspection{ClientSecret: secret, Endpoint: "x"}},
		},
	}
	_, err := New(context.Background(), c)
	if err == nil {
		t.Fatal("no mistake was found")
	}
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		slog.New(handler).Info("trusting", "issuer", c.Issuers[0], "issuers", c.Issuers, "introspection", *c.Issuers[0].Introspection)
	}
	encoded, encodingErr := json.Marshal(c.Issuers)
	if encodingErr != nil || !bytes.Contains(encoded, []byte(`"Introspection":"introspection at`)) {
		t.Errorf("encoded as %.20q, %v", encoded, encodingErr)
	}
	for _, text := range []string{
		logged.String(), string(encoded), err.Error(), fmt.Sprintf("%v", c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), c.Issuers[0].Introspection.String(),
		fmt.Sprintf("%+v %#v", *c.Issuers[0].Introspection, c.Issuers[1].Introspection),
	} {
		if strings.Contains(text, secret) {
			t.Errorf("the secret is printed: %s", strings.ReplaceAll(text, secret, "‹secret›"))
		}
	}
}

// S33: opaque tokens may have dots, and a JWT is one although its base64 is bad.
func TestIsJWT(t *testing.T) {
	for token, want := range map[string]bool{
		"eyJhbGciOiJSUzI1NiJ9.e30.c2ln": true,
		"eyJhbGciOiJSUzI1NiJ9.%%%.c2ln": true,  // malformed, not opaque
		"IHsifQ.e30.c2ln":               true,  // white space before the brace
		"eyJhbGciOiJSUzI1NiJ9.e30":      false, // two segments
		"v4.public.payload":             false,
		"ory_at_abc.def":                false,
		"opaque":                        false,
		"..":                            false,
		"e30..e30.e30.e30":              false, // encrypted: the issuer's to read
	} {
		if got := isJWT(token); got != want {
			t.Errorf("isJWT(%s) = %v", token, got)
		}
	}
}

// A stranger's token makes no line of the log as long as the list of tenants.
func TestSomeOf(t *testing.T) {
	if got := someOf([]string{"a", "b"}); got != "a or b" {
		t.Error(got)
	}
	if got := someOf(strings.Split(strings.Repeat("x ", 1000), " ")); got != "x or x or x or x or x or one of 996 more" {
		t.Error(got)
	}
}
