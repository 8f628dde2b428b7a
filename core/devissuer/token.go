package devissuer

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Grant types (RFC 6749 §4.1.3, §4.4.2 and §6).
const (
	grantCode              = "authorization_code"
	grantRefresh           = "refresh_token"
	grantClientCredentials = "client_credentials"
)

func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	answer, err := s.token(w, r)
	if err != nil {
		writeRefusal(w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) (*tokenAnswer, error) {
	form, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	c, err := s.authenticate(r, form)
	if err != nil {
		return nil, err
	}
	grantType := form.Get("grant_type")
	var redeem func(*client, url.Values) (*tokenAnswer, error)
	switch grantType {
	case grantCode:
		redeem = s.redeemCode
	case grantRefresh:
		redeem = s.redeemRefreshToken
	case grantClientCredentials:
		redeem = s.grantToClient
	case "":
		return nil, refuse(invalidRequest, "grant_type is missing")
	default:
		return nil, refuse(unsupportedGrantType, "grant_type must be authorization_code, refresh_token or client_credentials")
	}
	if !c.may(grantType) {
		return nil, refuse(unauthorizedClient, "the client is not registered for this grant type")
	}
	return redeem(c, form)
}

// redeemCode is the token request of the authorization code grant (RFC 6749
// §4.1.3, RFC 7636 §4.6).
func (s *Server) redeemCode(c *client, form url.Values) (*tokenAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	code, ok := s.store.codes.get(digestOf(form.Get("code")))
	// Another client's attempt leaves the code alone: it would be too easy a
	// way to keep its owner out.
	if !ok || code.authorization.client.id != c.id {
		return nil, refuse(invalidGrant, "the code is unknown")
	}
	if code.used {
		code.grant.revoked = true
		return nil, refuse(invalidGrant, "the code was used before; its tokens are revoked")
	}
	if !s.config.Now().Before(code.expires) {
		return nil, refuse(invalidGrant, "the code has expired")
	}
	if err := code.authorization.checkProof(form); err != nil {
		code.used = true // A guess costs the code, so there is no second one.
		return nil, err
	}
	resources, err := narrowResources(code.grant.resources, form["resource"])
	if err != nil {
		return nil, err
	}
	code.used = true
	return s.issue(code.grant, code.grant.scopes, resources)
}

// checkProof checks that the token request comes from whoever made the
// authorization request.
func (a authorization) checkProof(form url.Values) error {
	if (a.redirectGiven || form.Has("redirect_uri")) && form.Get("redirect_uri") != a.redirectURI {
		return refuse(invalidGrant, "redirect_uri differs from that of the authorization request")
	}
	verifier := form.Get("code_verifier")
	if verifier == "" {
		return refuse(invalidRequest, "code_verifier is missing (RFC 7636)")
	}
	hash := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(hash[:])
	if !isVerifier(verifier) || subtle.ConstantTimeCompare([]byte(challenge), []byte(a.challenge)) != 1 {
		return refuse(invalidGrant, "code_verifier does not fit the code_challenge")
	}
	return nil
}

// isVerifier reports whether v can be a code verifier (RFC 7636 §4.1).
func isVerifier(v string) bool {
	return len(v) >= 43 && len(v) <= 128 && !strings.ContainsFunc(v, func(r rune) bool { return r > '~' || !isUnreserved(byte(r)) })
}

// redeemRefreshToken rotates a refresh token (OAuth 2.1 §4.3.1). One that
// comes back was copied: nobody can tell which holder is the thief, so the
// whole family ends.
func (s *Server) redeemRefreshToken(c *client, form url.Values) (*tokenAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.store.refresh.get(digestOf(form.Get("refresh_token")))
	if !ok || token.grant.client.id != c.id {
		return nil, refuse(invalidGrant, "the refresh token is unknown")
	}
	if token.used {
		token.grant.revoked = true
		return nil, refuse(invalidGrant, "the refresh token was used before; all tokens of this authorization are revoked")
	}
	if token.grant.revoked || !s.config.Now().Before(token.expires) {
		return nil, refuse(invalidGrant, "the refresh token is revoked or has expired")
	}
	scopes, err := narrowScopes(token.grant.scopes, form.Get("scope"))
	if err != nil {
		return nil, err
	}
	resources, err := narrowResources(token.grant.resources, form["resource"])
	if err != nil {
		return nil, err
	}
	token.used = true
	return s.issue(token.grant, scopes, resources)
}

// grantToClient is the client credentials grant (RFC 6749 §4.4). The client is
// its own subject (RFC 9068 §2.2).
func (s *Server) grantToClient(c *client, form url.Values) (*tokenAnswer, error) {
	scopes, err := s.config.requestedScopes(form.Get("scope"))
	if err != nil {
		return nil, err
	}
	// There is no user who could be offline (OpenID Connect Core §11).
	scopes = slices.DeleteFunc(scopes, func(scope string) bool { return scope == offlineAccess })
	resources, err := s.config.requestedResources(form["resource"])
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &grant{client: c, subject: c.id, scopes: scopes, resources: resources}
	answer, _, err := s.issueAccess(g, scopes, resources)
	return answer, err
}
