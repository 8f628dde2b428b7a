package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// Types of application (OpenID Connect Registration §2).
const (
	applicationNative = "native"
	applicationWeb    = "web"
)

// Bounds of the requests with secrets in them.
const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 1 << 20
)

// identify returns the client to be at an authorization server: the one of
// Credentials, the registered one, the one of the metadata document, or a new
// one (MCP, client registration approaches).
func (t *Transport) identify(ctx context.Context, g grant, redirectURI string) (Registration, error) {
	if t.config.Credentials.ID != "" {
		return t.preRegistered(g)
	}
	stored, err := t.stored(ctx, g.server.Issuer)
	if err != nil {
		return Registration{}, err
	}
	switch {
	case stored != nil && stored.ClientID != g.narrow && stored.serves(redirectURI):
		return *stored, nil
	case g.narrow == "" && t.config.MetadataURL != "" && g.server.ClientIDMetadataDocumentSupported:
		client := Registration{ClientID: t.config.MetadataURL, AuthMethod: authNone}
		if t.config.Credentials.Key != nil {
			client.AuthMethod = authPrivateKeyJWT
		}
		return client, nil
	case g.server.RegistrationEndpoint != "":
		return t.register(ctx, g, redirectURI)
	}
	return Registration{}, &Error{Stage: stageRegistration, Issuer: g.server.Issuer, Err: errors.New(
		"the server registers no clients by itself: register one there, and set Credentials (or, where it supports metadata documents, MetadataURL)")}
}

// bind makes an issuer the one that the client of Credentials is used with, where
// they name none: the first one that it is used with. Its secret is that
// server's, and may get there in a request that fails, so it is bound before
// anything is sent.
func (t *Transport) bind(ctx context.Context, issuer string) error {
	c := t.config.Credentials
	if c.ID == "" || c.Issuer != "" {
		return nil
	}
	return storageError(t.update(ctx, Key{Resource: t.config.Resource}, func(_ context.Context, s State) (State, error) {
		if s.ClientID == c.ID && s.Issuer != "" && s.Issuer != issuer {
			return s, &Error{Stage: stageRegistration, Issuer: issuer, Err: fmt.Errorf(
				"%w: the resource names another authorization server than %q, which the pre-registered client is known to: if that is right, set Credentials.Issuer", ErrUntrusted, s.Issuer)}
		}
		s.Issuer, s.ClientID = issuer, c.ID
		return s, nil
	}))
}

// preRegistered returns the client of Credentials.
func (t *Transport) preRegistered(g grant) (Registration, error) {
	c := t.config.Credentials
	method, err := t.authMethod(g.server)
	if err != nil {
		return Registration{}, &Error{Stage: stageRegistration, Issuer: g.server.Issuer, Err: err}
	}
	return Registration{ClientID: c.ID, AuthMethod: method}, nil
}

// stored returns the registration at an issuer that is good still, or nil.
func (t *Transport) stored(ctx context.Context, issuer string) (*Registration, error) {
	state, err := t.load(ctx, Key{Issuer: issuer})
	if err != nil || !state.Registration.usable(environ.From(ctx).Now()) {
		return nil, err
	}
	return state.Registration, nil
}

func (r *Registration) usable(now time.Time) bool {
	return r != nil && r.ClientID != "" && (r.SecretExpiry.IsZero() || now.Before(r.SecretExpiry))
}

// serves reports whether a registered client can get its answers at uri. A
// loopback redirect URI that was registered without a port has any (RFC 8252
// §7.3); of one with a port nobody knows what the server makes of others.
func (r *Registration) serves(uri string) bool {
	if r.RedirectURI == uri {
		return true
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || !fetch.IsLoopbackHost(u.Hostname()) || u.Hostname() == "localhost" {
		return false
	}
	return r.RedirectURI == strings.Replace(uri, u.Host, strings.TrimSuffix(u.Host, ":"+u.Port()), 1)
}

// register registers the client (RFC 7591 §3), unless another process has done
// so meanwhile.
func (t *Transport) register(ctx context.Context, g grant, redirectURI string) (Registration, error) {
	var client Registration
	err := t.update(ctx, Key{Issuer: g.server.Issuer}, func(ctx context.Context, s State) (State, error) {
		if r := s.Registration; r.usable(environ.From(ctx).Now()) && r.ClientID != g.narrow && r.serves(redirectURI) {
			client = *s.Registration
			return s, nil
		}
		var err error
		client, err = t.requestRegistration(ctx, g, redirectURI)
		s.Registration = &client
		return s, err
	})
	return client, storageError(err)
}

// doubt forgets a registration that the server doesn't know any more: it said
// so, or it showed the user a page and never answered.
func (t *Transport) doubt(ctx context.Context, issuer string, client Registration, err error) {
	var e *Error
	unknown := errors.As(err, &e) && slices.Contains([]string{"invalid_client", "unauthorized_client"}, e.Code)
	if unknown || errors.Is(err, errTimeout) {
		t.forget(ctx, issuer, client.ClientID)
	}
}

// widened is the client that was last registered anew for the sake of scopes, or
// that could not be.
type widened struct {
	clientID string
	scopes   []string
}

// tooNarrow reports whether an authorization has failed since the client, which
// registered itself, may not ask for the scopes of g, and may do so if it
// registers anew: RFC 7591 §2 has a server keep a client to the scopes that it
// was registered with. That is tried once.
func (t *Transport) tooNarrow(g grant, client Registration, err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Stage != stageAuthorization || e.Code != "invalid_scope" || len(g.scopes) == 0 {
		return false
	}
	if t.config.Credentials.ID != "" || client.ClientID == t.config.MetadataURL || g.server.RegistrationEndpoint == "" {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.widened.clientID != client.ClientID || !containsAll(t.widened.scopes, g.scopes)
}

func (t *Transport) noteWidened(client Registration, scopes []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.widened = widened{clientID: client.ClientID, scopes: scopes}
}

func (t *Transport) forget(ctx context.Context, issuer, clientID string) {
	// If it can't be forgotten it will be tried, and fail, once more.
	_ = t.update(ctx, Key{Issuer: issuer}, func(_ context.Context, s State) (State, error) {
		if s.Registration != nil && s.Registration.ClientID == clientID {
			s.Registration = nil
		}
		return s, nil
	})
}

// application is the client metadata to register (RFC 7591 §2). Scopes are among
// it only where the server has a client ask for no others than it has registered:
// there are servers that register no client with a scope which they don't know.
func (t *Transport) application(g grant, method, redirectURI string) map[string]any {
	m := t.config.Metadata
	members := maps.Clone(m.Extra)
	if members == nil {
		members = make(map[string]any)
	}
	grants := []string{grantCode}
	if !t.config.NoRefresh {
		grants = append(grants, grantRefresh)
	}
	kind := m.ApplicationType
	if kind == "" {
		kind = applicationNative
		if strings.HasPrefix(redirectURI, "https:") {
			kind = applicationWeb
		}
	}
	for name, value := range map[string]string{
		"client_name": m.Name, "client_uri": m.URI, "logo_uri": m.LogoURI,
		"software_id": m.SoftwareID, "software_version": m.SoftwareVersion,
	} {
		if value != "" {
			members[name] = value
		}
	}
	members["redirect_uris"] = []string{redirectURI}
	members["grant_types"] = grants
	members["response_types"] = []string{"code"}
	members["token_endpoint_auth_method"] = method
	members["application_type"] = kind
	if g.narrow != "" {
		own, _ := m.Extra["scope"].(string) // what the app has registered by itself stays
		members["scope"] = strings.Join(scopeTokens(slices.Concat(parseScopes(own), g.scopes)), " ")
	}
	return members
}

// registered is the answer to a registration (RFC 7591 §3.2), good or bad.
type registered struct {
	ClientID      string   `json:"client_id"`
	ClientSecret  string   `json:"client_secret"`
	SecretExpires number   `json:"client_secret_expires_at"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	RedirectURIs  []string `json:"redirect_uris"`
	Code          string   `json:"error"`
	Description   string   `json:"error_description"`
}

// errByHand is the cure where a server doesn't register whoever asks: many want a
// token of an administrator for it.
var errByHand = errors.New("the server doesn't register this client by itself: register it there by hand, and set Credentials, or see whether Config.Metadata is what it misses")

func (t *Transport) requestRegistration(ctx context.Context, g grant, redirectURI string) (Registration, error) {
	server := g.server
	method := registrationMethod(server)
	fail := func(err error) (Registration, error) {
		return Registration{}, &Error{Stage: stageRegistration, Issuer: server.Issuer, Err: err}
	}
	request, err := json.Marshal(t.application(g, method, redirectURI))
	if err != nil {
		return fail(fmt.Errorf("Config.Metadata.Extra can't be written as JSON: %w", err))
	}
	status, body, err := t.post(ctx, server.RegistrationEndpoint, request)
	if err != nil {
		return fail(fmt.Errorf("%w: %w", ErrUnavailable, err))
	}
	var answer registered
	err = strictjson.Decode(body, &answer)
	switch {
	case status != http.StatusCreated && status != http.StatusOK:
		e := &Error{Stage: stageRegistration, Issuer: server.Issuer, Status: status, Code: cleanCode(answer.Code), Description: clean(answer.Description)}
		e.Err = errByHand
		if mayPass(status) {
			e.Err = ErrUnavailable
		}
		return Registration{}, e
	case err != nil:
		return fail(fmt.Errorf("the answer can't be read: %w", err))
	case !isToken(answer.ClientID):
		return fail(errors.New("the answer has no usable client_id"))
	}
	if answer.RedirectURIs != nil {
		// Some servers leave the port out where any will do (RFC 8252 §7.3).
		fitting := slices.IndexFunc(answer.RedirectURIs, func(uri string) bool { return (&Registration{RedirectURI: uri}).serves(redirectURI) })
		if fitting < 0 {
			return fail(fmt.Errorf("the server registered other redirect URIs than %q", redirectURI))
		}
		redirectURI = answer.RedirectURIs[fitting]
	}
	return t.registeredClient(server, answer, method, redirectURI)
}

// registeredClient is what an answer says. The server has the last word on how
// the client authenticates.
func (t *Transport) registeredClient(server discovery.Metadata, answer registered, asked, redirectURI string) (Registration, error) {
	client := Registration{ClientID: answer.ClientID, ClientSecret: answer.ClientSecret, AuthMethod: answer.AuthMethod, RedirectURI: redirectURI}
	if client.AuthMethod == "" {
		client.AuthMethod = asked
		if asked == authNone && answer.ClientSecret != "" {
			client.AuthMethod = secretMethod(server)
		}
	}
	if answer.SecretExpires > 0 {
		client.SecretExpiry = time.Unix(int64(min(answer.SecretExpires, lastSecond)), 0)
	}
	needsSecret := client.AuthMethod == authBasic || client.AuthMethod == authPost
	if client.AuthMethod != authNone && !(needsSecret && client.ClientSecret != "") {
		return Registration{}, &Error{Stage: stageRegistration, Issuer: server.Issuer, Err: fmt.Errorf(
			"the server registered a client that authenticates by %q, and gave it no means to", clean(client.AuthMethod))}
	}
	return client, nil
}

// post sends JSON to an endpoint of the authorization server, and follows no
// redirect.
func (t *Transport) post(ctx context.Context, endpoint string, body []byte) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	resp, err := t.outward.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, answer, err
}
