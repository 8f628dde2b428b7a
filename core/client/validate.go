package client

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

// mistakes gathers every [ConfigError] of a config.
type mistakes struct {
	list   []error
	getter fetch.Getter
}

func (m *mistakes) add(field, value, reason, fix string) {
	if value != "" {
		value = fmt.Sprintf("%q", value)
	}
	m.list = append(m.list, &ConfigError{Field: field, Value: value, Reason: reason, Fix: fix})
}

// validate checks every field and returns the parsed resource.
func (c *Config) validate() (*url.URL, error) {
	m := &mistakes{getter: fetch.Getter{AllowHTTP: c.DangerouslyAllowHTTP}}
	resource := m.resource(c.Resource)
	m.metadataURL(c.MetadataURL)
	m.credentials(c)
	if t := c.Metadata.ApplicationType; t != "" && t != applicationWeb && t != applicationNative {
		m.add("Metadata.ApplicationType", t, "there is no such type of application", `use "native" or "web"`)
	}
	if u, err := url.Parse(c.RedirectURI); c.RedirectURI != "" && (err != nil || !u.IsAbs() || strings.Contains(c.RedirectURI, "#")) {
		m.add("RedirectURI", c.RedirectURI, "it is not an absolute URI without a fragment (RFC 6749 §3.1.2)",
			"give it as it was registered")
	}
	return resource, errors.Join(m.list...)
}

func (m *mistakes) resource(resource string) *url.URL {
	u, err := m.getter.CheckURL(resource)
	if err == nil && strings.Contains(resource, "#") {
		err = errors.New("a resource identifier has no fragment (RFC 8707 §2)")
	}
	if err != nil {
		// It may hold a password, so it is not repeated.
		m.add("Resource", "", err.Error(), "give the URL of the MCP endpoint, as in https://api.example.com/mcp")
		return nil
	}
	return u
}

// metadataURL checks what the specification of Client ID Metadata Documents
// asks of a client id.
func (m *mistakes) metadataURL(raw string) {
	if raw == "" {
		return
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(raw, "#"):
		m.add("MetadataURL", "", "it is not a URL of a host, without user and fragment", "give it as in https://app.example.com/client.json")
	case u.Scheme != "https" && (u.Scheme != "http" || !fetch.IsLoopbackHost(u.Hostname())):
		m.add("MetadataURL", raw, "authorization servers take no other scheme than https", "publish the document over https")
	case u.Path == "" || u.Path == "/":
		m.add("MetadataURL", raw, "it has no path, and a client id needs one", "publish the document below the root, as in /client.json")
	}
}

func (m *mistakes) credentials(c *Config) {
	k := c.Credentials
	if k.ID == "" && k.Secret != "" {
		m.add("Credentials.ID", "", "it is missing, and Secret is set", "set the client_id that the secret belongs to")
	}
	if k.ID == "" && k.Key != nil && c.MetadataURL == "" {
		m.add("Credentials.ID", "", "it is missing, and Key is set", "set the client_id that the key belongs to, or MetadataURL")
	}
	if k.Secret != "" && k.Key != nil {
		m.add("Credentials.Key", "", "it is set beside Secret, and a client authenticates in one way", "leave one of the two out")
	}
	if k.AuthMethod != "" && k.AuthMethod != authBasic && k.AuthMethod != authPost {
		m.add("Credentials.AuthMethod", k.AuthMethod, "it is no way to send a secret", "use client_secret_basic or client_secret_post, or leave it out")
	}
	if k.Key != nil {
		if _, err := k.signingMethod(); err != nil {
			m.add("Credentials.Key", "", err.Error(), "use a *rsa.PrivateKey, an *ecdsa.PrivateKey or an ed25519.PrivateKey, and an Algorithm for it")
		}
	}
	if c.ClientCredentials && (k.ID == "" || k.Secret == "" && k.Key == nil) {
		m.add("ClientCredentials", "true", "the client credentials grant is for clients that prove who they are (RFC 6749 §4.4)",
			"set Credentials.ID, and Secret or Key")
	}
}
