package client_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/client"
)

// says answers 200 with a text of this type.
func says(contentType, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(text))
	})
}

// C10: expires_in is read however it is written. What is no number doesn't cost
// the user the code that was spent for it.
func TestC10ExpiresIn(t *testing.T) {
	const never, longest = 0, 10 * 365 * 24 * time.Hour
	for text, want := range map[string]time.Duration{
		`3600`: time.Hour, `"3600"`: time.Hour, `3600.0`: time.Hour, `3.6e3`: time.Hour, `59.5`: time.Minute, `0.2`: time.Second,
		`1e30`: longest, `"1e999"`: longest, strings.Repeat("9", 100_000): longest,
		`-5`: never, `0`: never, `null`: never, `"soon"`: never, `""`: never, `"NaN"`: never, `true`: never, `{}`: never, `[60]`: never,
	} {
		t.Run(text[:min(len(text), 20)], func(t *testing.T) {
			w := start(t)
			storage := client.FileStorage(filepath.Join(t.TempDir(), "tokens.json"))
			w.as.Answer("/token", says("application/json", fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":%s}`, w.as.Token(w.resource, "mcp:read"), text)))
			w.mustCall(w.transport(func(c *client.Config) { c.Storage = storage }), "read")
			if got := w.stored(storage).Expiry; want == never && !got.IsZero() || want != never && !got.Equal(w.clock.Now().Add(want)) {
				t.Errorf("it expires at %v, want %v after %v", got, want, w.clock.Now())
			}
		})
	}
}

// C7: so is client_secret_expires_at, and a store can keep any of them.
func TestC7SecretExpiry(t *testing.T) {
	for _, text := range []string{`0`, `4102444800`, `4102444800.5`, `4.1e9`, `"4102444800"`, `null`, `-1`, `1893456000000`, `1e30`, strings.Repeat("9", 100_000)} {
		t.Run(text[:min(len(text), 20)], func(t *testing.T) {
			w := start(t)
			w.as.Answer("/register", says("application/json", fmt.Sprintf(
				`{"client_id":%q,"client_secret":%q,"token_endpoint_auth_method":"client_secret_basic","redirect_uris":["http://127.0.0.1/callback"],"client_secret_expires_at":%s}`,
				authtest.ClientID, authtest.ClientSecret, text)))
			w.mustCall(w.transport(func(c *client.Config) {
				c.Storage = client.FileStorage(filepath.Join(t.TempDir(), "tokens.json"))
			}), "read")
		})
	}
}

// C10, C18: answers that grant nothing. The error is no longer than it has to be,
// and doesn't repeat what may be a token.
func TestC18TokenAnswers(t *testing.T) {
	const secret = "s3cret"
	for name, answer := range map[string]http.Handler{
		"HTML":              says("text/html", "<p>"+secret),
		"nothing":           says("application/json", ""),
		"a list":            says("application/json", `["`+secret+`"]`),
		"broken off":        says("application/json", `{"access_token":"`+secret),
		"two tokens":        says("application/json", `{"access_token":"`+secret+`","access_token":"`+secret+`2"}`),
		"no token":          says("application/json", `{"token_type":"Bearer","id_token":"`+secret+`"}`),
		"token is a number": says("application/json", `{"access_token":`+strings.Repeat("9", 100_000)+`}`),
		"of another type":   says("application/json", `{"access_token":"`+secret+`","token_type":"`+strings.Repeat("DPoP", 100_000)+`"}`),
		"two lines":         says("application/json", `{"access_token":"`+secret+`\r\nX: y","token_type":"Bearer"}`),
		"error with 200":    says("application/json", `{"error":"invalid_grant","access_token":"`+secret+`"}`),
		"error as a form":   says("text/plain", "error=invalid_grant&error_description=no"),
		"form, no token":    says("application/x-www-form-urlencoded", "token="+secret),
		"too large":         says("application/json", `{"access_token":"`+strings.Repeat(secret, 1<<18)+`"}`),
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.as.Answer("/token", answer)
			if e := w.mustFail(w.transport(), "token request"); len(e.Error()) > 1000 || strings.Contains(e.Error(), secret) {
				t.Errorf("the error has %d bytes: %.300s", len(e.Error()), e.Error())
			}
		})
	}
}

// C10: a JSON answer is one, whatever its Content-Type says.
func TestC10AnswerAsText(t *testing.T) {
	w := start(t)
	w.as.Answer("/token", says("text/plain; charset=utf-8", fmt.Sprintf("\n {\"access_token\":%q,\"token_type\":\"bearer\"}", w.as.Token(w.resource, "mcp:read"))))
	w.mustCall(w.transport(), "read")
}
