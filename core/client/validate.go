package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
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
		value = fmt.Sprintf("%q", fetch.Shown(value)) // a URL may have a password in it
	}
	m.list = append(m.list, &ConfigError{Field: field, Value: value, Reason: reason, Fix: fix})
}

// validate checks every field and returns the parsed resource.
func (c *Config) validate() (*url.URL, error) {
	m := &mistakes{getter: fetch.Getter{AllowHTTP: c.DangerouslyAllowHTTP}}
	resource := m.resource(c.Resource)
	m.metadataURL(c.MetadataURL)
	m.credentials(c)
	m.redirect(c)
	if t := c.Metadata.ApplicationType; t != "" && t != applicationWeb && t != applicationNative {
		m.add("Metadata.ApplicationType", t, "there is no such type of application", `use "native" or "web"`)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Metadata.Extra)) {
		if _, err := json.Marshal(c.Metadata.Extra[name]); err != nil {
			m.add(fmt.Sprintf("Metadata.Extra[%q]", name), "", "it can't be written as JSON: "+err.Error(), "use a value that encoding/json can write")
		}
	}
	return resource, errors.Join(m.list...)
}

func (m *mistakes) resource(resource string) *url.URL {
	u, err := m.getter.CheckURL(resource)
	switch {
	case resource == "":
		err = errors.New("it is missing")
	case err == nil && strings.Contains(resource, "#"):
		err = errors.New("a resource identifier has no fragment (RFC 8707 §2)")
	}
	if err != nil {
		m.add("Resource", resource, err.Error(), "set the URL of the MCP endpoint, as in https://api.example.com/mcp")
		return nil
	}
	return u
}

// redirect checks that authorization responses can arrive.
func (m *mistakes) redirect(c *Config) {
	u, err := url.Parse(c.RedirectURI)
	switch {
	case c.RedirectURI == "":
	case err != nil || !u.IsAbs() || strings.Contains(c.RedirectURI, "#"):
		m.add("RedirectURI", c.RedirectURI, "it is not an absolute URI without a fragment (RFC 6749 §3.1.2)",
			"give it as it was registered")
	case c.Receive == nil && !c.ClientCredentials:
		if _, err := (Loopback{}).address(c.RedirectURI); err != nil {
			m.add("RedirectURI", c.RedirectURI, "nothing receives responses there: without Receive, a Loopback listens at http://127.0.0.1 only",
				"set Receive, or a redirect URI on http://127.0.0.1 or http://localhost that has no query")
		}
	}
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
		m.add("MetadataURL", raw, "it is not a URL of a host, without user and fragment", "give it as in https://app.example.com/client.json")
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
	switch {
	case k.AuthMethod == "":
	case k.AuthMethod != authBasic && k.AuthMethod != authPost:
		m.add("Credentials.AuthMethod", k.AuthMethod, "it is no way to send a secret", "use client_secret_basic or client_secret_post, or leave it out")
	case k.Secret == "":
		m.add("Credentials.AuthMethod", k.AuthMethod, "it goes with a Secret, and there is none", "set Secret, or leave it out")
	}
	if k.Issuer != "" {
		if _, err := m.getter.CheckURL(k.Issuer); err != nil {
			m.add("Credentials.Issuer", k.Issuer, err.Error(), "give the issuer as its metadata spell it, as in https://auth.example.com")
		}
	}
	if k.Key != nil {
		if _, err := k.signingMethod(); err != nil {
			m.add("Credentials.Key", "", err.Error(), "use an *rsa.PrivateKey, an *ecdsa.PrivateKey or an ed25519.PrivateKey, and an Algorithm for it")
		}
	}
	if c.ClientCredentials && (k.ID == "" || k.Secret == "" && k.Key == nil) {
		m.add("ClientCredentials", "true", "the client credentials grant is for clients that prove who they are (RFC 6749 §4.4)",
			"set Credentials.ID, and Secret or Key")
	}
}
