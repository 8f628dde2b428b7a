package devissuer

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// registration is client metadata (RFC 7591 §2, OpenID Connect Registration
// §2). Members that are not here are ignored, as the RFC allows.
type registration struct {
	RedirectURIs    []string `json:"redirect_uris,omitempty"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types"`
	ApplicationType string   `json:"application_type"`
	ClientName      string   `json:"client_name,omitempty"`
	ClientURI       string   `json:"client_uri,omitempty"`
	LogoURI         string   `json:"logo_uri,omitempty"`
	TermsURI        string   `json:"tos_uri,omitempty"`
	PolicyURI       string   `json:"policy_uri,omitempty"`
	Scope           string   `json:"scope,omitempty"`
	Contacts        []string `json:"contacts,omitempty"`
	SoftwareID      string   `json:"software_id,omitempty"`
	SoftwareVersion string   `json:"software_version,omitempty"`
}

// registered is the answer (RFC 7591 §3.2.1).
type registered struct {
	ClientID     string `json:"client_id"`
	IssuedAt     int64  `json:"client_id_issued_at"`
	ClientSecret string `json:"client_secret,omitempty"`
	// SecretExpires is there whenever a secret is: 0 means never.
	SecretExpires *int64 `json:"client_secret_expires_at,omitempty"`
	registration
}

func (s *Server) serveRegister(w http.ResponseWriter, r *http.Request) {
	answer, err := s.register(w, r)
	if err != nil {
		writeRefusal(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, answer)
}

func (s *Server) register(w http.ResponseWriter, r *http.Request) (*registered, error) {
	m, err := readRegistration(w, r)
	if err != nil {
		return nil, err
	}
	m.fillIn()
	if err := m.check(); err != nil {
		return nil, err
	}
	if m.Scope, err = s.registrableScope(m.Scope); err != nil {
		return nil, err
	}
	c := &client{
		id: rand.Text(), name: m.ClientName, grants: m.GrantTypes, redirectURIs: m.RedirectURIs,
		confidential: m.AuthMethod != authNone,
	}
	if c.name == "" {
		c.name = "a client without a name"
	}
	answer := &registered{ClientID: c.id, IssuedAt: s.config.Now().Unix(), registration: m}
	if c.confidential {
		answer.ClientSecret, answer.SecretExpires = newSecret(), new(int64)
		c.secret = digestOf(answer.ClientSecret)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.registered.put(c.id, c)
	return answer, nil
}

func readRegistration(w http.ResponseWriter, r *http.Request) (registration, error) {
	var m registration
	contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || contentType != "application/json" {
		return m, refuse(invalidRequest, "the body must be application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return m, unreadable(err)
	}
	if !utf8.Valid(body) || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) || json.Unmarshal(body, &m) != nil {
		return m, refuse(invalidClientMetadata, "the body must be one JSON object of client metadata (RFC 7591 §2)")
	}
	return m, nil
}

// fillIn sets the defaults of RFC 7591 §2, with two kindnesses: refresh tokens
// come unasked, and a client whose redirect URIs only a native app can have is
// taken for one.
func (m *registration) fillIn() {
	if m.AuthMethod == "" {
		m.AuthMethod = authBasic
	}
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = []string{grantCode, grantRefresh}
	}
	if len(m.ResponseTypes) == 0 && slices.Contains(m.GrantTypes, grantCode) {
		m.ResponseTypes = []string{"code"}
	}
	if m.ResponseTypes == nil {
		m.ResponseTypes = []string{}
	}
	if m.ApplicationType == "" {
		m.ApplicationType = "web"
		if slices.ContainsFunc(m.RedirectURIs, func(u string) bool { return !strings.HasPrefix(u, "https://") }) {
			m.ApplicationType = "native"
		}
	}
}

func (m *registration) check() error {
	switch m.AuthMethod {
	case authNone, authBasic, authPost:
	default:
		return refuse(invalidClientMetadata, "token_endpoint_auth_method must be none, client_secret_basic or client_secret_post")
	}
	if m.ApplicationType != "web" && m.ApplicationType != "native" {
		return refuse(invalidClientMetadata, "application_type must be web or native")
	}
	if err := m.checkGrants(); err != nil {
		return err
	}
	for _, uri := range m.RedirectURIs {
		if err := checkRedirectURI(uri); err != nil {
			return refuse(invalidRedirectURI, "a redirect URI "+err.Error())
		}
		if m.ApplicationType == "web" && !strings.HasPrefix(uri, "http") {
			return refuse(invalidRedirectURI, "a web client has http redirect URIs only: register with application_type native")
		}
	}
	for _, uri := range []string{m.ClientURI, m.LogoURI, m.TermsURI, m.PolicyURI} {
		u, err := url.Parse(uri)
		if uri != "" && (err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http")) {
			return refuse(invalidClientMetadata, "client_uri, logo_uri, tos_uri and policy_uri must be http URLs")
		}
	}
	if utf8.RuneCountInString(m.ClientName) > 200 || strings.ContainsFunc(m.ClientName, isInvisible) {
		return refuse(invalidClientMetadata, "client_name must be at most 200 visible characters")
	}
	return nil
}

// isInvisible finds what could make a name look like another one on the consent
// page, such as marks that turn the direction of text.
func isInvisible(r rune) bool { return !unicode.IsPrint(r) }

func (m *registration) checkGrants() error {
	for _, g := range m.GrantTypes {
		if g != grantCode && g != grantRefresh && g != grantClientCredentials {
			return refuse(invalidClientMetadata, "grant_types must be among authorization_code, refresh_token and client_credentials")
		}
	}
	hasCode := slices.Contains(m.GrantTypes, grantCode)
	if !hasCode && !slices.Contains(m.GrantTypes, grantClientCredentials) {
		return refuse(invalidClientMetadata, "grant_types leaves no way to get a token: add authorization_code")
	}
	if m.AuthMethod == authNone && slices.Contains(m.GrantTypes, grantClientCredentials) {
		return refuse(invalidClientMetadata, "client_credentials needs client authentication (RFC 6749 §4.4)")
	}
	if hasCode && len(m.RedirectURIs) == 0 {
		return refuse(invalidRedirectURI, "redirect_uris is missing")
	}
	if hasCode != slices.Equal(m.ResponseTypes, []string{"code"}) || (!hasCode && len(m.ResponseTypes) > 0) {
		return refuse(invalidClientMetadata, "response_types must be code, for the authorization_code grant only")
	}
	return nil
}

// registrableScope returns what of value is offered here: a server may replace
// what a client asks for (RFC 7591 §3.2.1). It is a note only. What a client
// may have is decided at each authorization, or no client could step up.
func (s *Server) registrableScope(value string) (string, error) {
	scopes, err := parseScopes(value)
	if err != nil {
		return "", refuse(invalidClientMetadata, "scope must be scope tokens, separated by single spaces")
	}
	scopes = slices.DeleteFunc(scopes, func(scope string) bool { return !s.config.offersScope(scope) })
	return strings.Join(scopes, " "), nil
}
