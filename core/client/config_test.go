package client_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core/client"
)

func TestConfigMistakes(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	must(t, err)
	good, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	const resource = "https://api.example.com/mcp"
	for name, row := range map[string]struct {
		config client.Config
		fields string
	}{
		"good":                     {client.Config{Resource: resource}, ""},
		"nothing":                  {client.Config{}, "Resource"},
		"no host":                  {client.Config{Resource: "/mcp"}, "Resource"},
		"plain http":               {client.Config{Resource: "http://api.example.com/mcp"}, "Resource"},
		"plain http, by name":      {client.Config{Resource: "http://api.example.com/mcp", DangerouslyAllowHTTP: true}, ""},
		"loopback":                 {client.Config{Resource: "http://localhost:8080/mcp"}, ""},
		"password and no scheme":   {client.Config{Resource: "u:hunter2@api.example.com/mcp"}, "Resource"},
		"password":                 {client.Config{Resource: "https://u:hunter2@api.example.com/mcp"}, "Resource"},
		"fragment":                 {client.Config{Resource: resource + "#x"}, "Resource"},
		"document at the root":     {client.Config{Resource: resource, MetadataURL: "https://app.example/"}, "MetadataURL"},
		"document over http":       {client.Config{Resource: resource, MetadataURL: "http://app.example/c"}, "MetadataURL"},
		"document with fragment":   {client.Config{Resource: resource, MetadataURL: "https://app.example/c#x"}, "MetadataURL"},
		"secret without id":        {client.Config{Resource: resource, Credentials: client.Credentials{Secret: "hunter2"}}, "Credentials.ID"},
		"key without id":           {client.Config{Resource: resource, Credentials: client.Credentials{Key: good}}, "Credentials.ID"},
		"key of a document":        {client.Config{Resource: resource, MetadataURL: "https://app.example/c", Credentials: client.Credentials{Key: good}}, ""},
		"secret and key":           {client.Config{Resource: resource, Credentials: client.Credentials{ID: "a", Secret: "hunter2", Key: good}}, "Credentials.Key"},
		"unknown method":           {client.Config{Resource: resource, Credentials: client.Credentials{ID: "a", Secret: "s", AuthMethod: "x"}}, "Credentials.AuthMethod"},
		"key of another kind":      {client.Config{Resource: resource, Credentials: client.Credentials{ID: "a", Key: "hunter2"}}, "Credentials.Key"},
		"curve without algorithm":  {client.Config{Resource: resource, Credentials: client.Credentials{ID: "a", Key: key}}, "Credentials.Key"},
		"algorithm of another key": {client.Config{Resource: resource, Credentials: client.Credentials{ID: "a", Key: good, Algorithm: "RS256"}}, "Credentials.Key"},
		"machine without proof":    {client.Config{Resource: resource, ClientCredentials: true, Credentials: client.Credentials{ID: "a"}}, "ClientCredentials"},
		"method without a secret":  {client.Config{Resource: resource, Credentials: client.Credentials{ID: "a", AuthMethod: "client_secret_post"}}, "Credentials.AuthMethod"},
		"issuer that is no URL":    {client.Config{Resource: resource, Credentials: client.Credentials{ID: "a", Issuer: "as.example"}}, "Credentials.Issuer"},
		"issuer over http":         {client.Config{Resource: resource, Credentials: client.Credentials{ID: "a", Issuer: "http://as.example"}}, "Credentials.Issuer"},
		"issuer with a password":   {client.Config{Resource: resource, Credentials: client.Credentials{ID: "a", Issuer: "https://u:hunter2@as.example"}}, "Credentials.Issuer"},
		"extra that is no JSON":    {client.Config{Resource: resource, Metadata: client.Metadata{Extra: map[string]any{"a": 1, "x": func() {}}}}, `Metadata.Extra["x"]`},
		"nobody at a redirect URI": {client.Config{Resource: resource, RedirectURI: "https://u:hunter2@app.example/callback"}, "RedirectURI"},
		"redirect URI of an app":   {client.Config{Resource: resource, RedirectURI: "https://app.example/callback", Receive: client.Loopback{}.Receive}, ""},
		"redirect URI of a machine": {client.Config{
			Resource: resource, RedirectURI: "https://app.example/callback", ClientCredentials: true, Credentials: client.Credentials{ID: "a", Key: good},
		}, ""},
		"redirect URI on loopback": {client.Config{Resource: resource, RedirectURI: "http://127.0.0.1/callback"}, ""},
		"unknown type":             {client.Config{Resource: resource, Metadata: client.Metadata{ApplicationType: "desktop"}}, "Metadata.ApplicationType"},
		"relative redirect URI":    {client.Config{Resource: resource, RedirectURI: "/callback"}, "RedirectURI"},
		"two at once":              {client.Config{RedirectURI: "/callback"}, "Resource RedirectURI"},
	} {
		t.Run(name, func(t *testing.T) {
			transport, err := client.New(row.config)
			var fields []string
			if joined, ok := err.(interface{ Unwrap() []error }); ok {
				for _, err := range joined.Unwrap() {
					var mistake *client.ConfigError
					if !errors.As(err, &mistake) || mistake.Reason == "" || mistake.Fix == "" || !strings.Contains(err.Error(), mistake.Field) {
						t.Errorf("the mistake is %v", err)
						continue
					}
					fields = append(fields, mistake.Field)
				}
			}
			if got := strings.Join(fields, " "); got != row.fields || (transport == nil) != (row.fields != "") {
				t.Errorf("the mistakes are in %q, want %q: %v", got, row.fields, err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error repeats a secret: %v", err)
			}
		})
	}
}
