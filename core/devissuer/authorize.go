package devissuer

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// codeTTL is how long a code can be redeemed (RFC 6749 §4.1.2 allows up to 10
// minutes), and ticketTTL how long the user may think.
const (
	codeTTL   = time.Minute
	ticketTTL = 10 * time.Minute
)

// authorization is a checked authorization request.
type authorization struct {
	client        *client
	redirectURI   string
	redirectGiven bool // the request named it, so the token request must too
	state         string
	challenge     string
	scopes        []string
	resources     []string
}

// serveAuthorize answers the authorization request (RFC 6749 §4.1.1).
func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	if len(r.URL.RawQuery) > maxQuery {
		s.pages.fail(w, http.StatusRequestURITooLong, "The request is too long.")
		return
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.pages.fail(w, http.StatusBadRequest, "The query of this address can't be read.")
		return
	}
	// Until the client and its redirect URI are known to belong together, the
	// user must not be sent anywhere (RFC 6749 §4.1.2.1).
	a, problem := s.identify(r.Context(), query)
	if problem != "" {
		s.pages.fail(w, http.StatusBadRequest, problem)
		return
	}
	if err := s.complete(&a, query); err != nil {
		s.redirectError(w, a, err)
		return
	}
	if s.config.Approve != nil {
		decision, err := s.askApprove(a)
		if err != nil {
			s.redirectError(w, a, err)
			return
		}
		s.decide(w, a, decision)
		return
	}
	s.showConsent(w, a)
}

// identify finds out who asks and where the answer goes.
func (s *Server) identify(ctx context.Context, query url.Values) (a authorization, problem string) {
	if len(query["client_id"]) > 1 || len(query["redirect_uri"]) > 1 {
		return a, "client_id or redirect_uri is there twice."
	}
	c, err := s.clientOf(ctx, query.Get("client_id"))
	if errors.Is(err, errNoClient) {
		return a, "This client_id is not registered here. A development server forgets its clients when it restarts: let the app register again."
	}
	if err != nil {
		return a, "This client can't be used here: " + err.Error() + "."
	}
	a = authorization{client: c, redirectURI: query.Get("redirect_uri"), redirectGiven: query.Has("redirect_uri")}
	if !a.redirectGiven && len(c.redirectURIs) == 1 {
		a.redirectURI = c.redirectURIs[0]
		return a, ""
	}
	if !matchesRedirect(c.redirectURIs, a.redirectURI) {
		return a, "The redirect_uri is not one that this client has registered."
	}
	return a, ""
}

// complete reads the rest of the request into a. Errors go to the client.
func (s *Server) complete(a *authorization, query url.Values) error {
	if len(query["state"]) == 1 {
		a.state = query.Get("state")
	}
	if err := checkSingle(query, "resource"); err != nil {
		return err
	}
	switch query.Get("response_type") {
	case "code":
	case "":
		return refuse(invalidRequest, "response_type is missing")
	default:
		return refuse(unsupportedResponseType, "response_type must be code")
	}
	if mode := query.Get("response_mode"); mode != "" && mode != "query" {
		return refuse(invalidRequest, "response_mode must be query")
	}
	if !a.client.may(grantCode) {
		return refuse(unauthorizedClient, "the client is not registered for the authorization code grant")
	}
	if query.Get("code_challenge_method") != "S256" {
		return refuse(invalidRequest, "PKCE is required: code_challenge_method must be S256 (RFC 7636)")
	}
	a.challenge = query.Get("code_challenge")
	if !isVerifier(a.challenge) || len(a.challenge) != 43 {
		return refuse(invalidRequest, "code_challenge must be 43 characters of base64url (RFC 7636)")
	}
	var err error
	if a.scopes, err = s.config.requestedScopes(query.Get("scope")); err != nil {
		return err
	}
	a.resources, err = s.config.requestedResources(query["resource"])
	return err
}

// askApprove asks the configured function. If it panics, nobody has approved.
func (s *Server) askApprove(a authorization) (d Decision, err error) {
	defer func() {
		if recover() != nil {
			d, err = Decision{}, refuseWith(http.StatusInternalServerError, serverError, "the decision failed")
		}
	}()
	return s.config.Approve(AuthorizationRequest{
		ClientID:    a.client.id,
		ClientName:  a.client.name,
		RedirectURI: a.redirectURI,
		Scopes:      slices.Clone(a.scopes),
		Resources:   slices.Clone(a.resources),
	}), nil
}

// decide sends the user back to the client with a code, or with an error.
func (s *Server) decide(w http.ResponseWriter, a authorization, d Decision) {
	granted := a.scopes
	if d.Scopes != nil {
		granted = common(a.scopes, d.Scopes)
	}
	if d.Subject == "" || (len(granted) == 0 && len(a.scopes) > 0) {
		s.redirectError(w, a, refuse(accessDenied, "the user denied the request"))
		return
	}
	secret := newSecret()
	s.mu.Lock()
	s.store.codes.put(digestOf(secret), &code{
		authorization: a,
		grant: &grant{
			client: a.client, subject: d.Subject, scopes: granted, resources: a.resources,
			noRefresh: slices.Contains(a.scopes, offlineAccess) && !slices.Contains(granted, offlineAccess),
		},
		expires: s.config.Now().Add(codeTTL),
	})
	s.mu.Unlock()
	s.redirect(w, a, url.Values{"code": {secret}})
}

func (s *Server) redirectError(w http.ResponseWriter, a authorization, err error) {
	r := asRefusal(err)
	s.redirect(w, a, url.Values{"error": {r.code}, "error_description": {r.description}})
}

// redirect sends the authorization response, with the issuer in it (RFC 9207
// §2) so that the client notices when it is not whom it asked.
func (s *Server) redirect(w http.ResponseWriter, a authorization, answer url.Values) {
	answer.Set("iss", s.config.Issuer)
	if a.state != "" {
		answer.Set("state", a.state)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", withParameters(a.redirectURI, answer))
	w.WriteHeader(http.StatusSeeOther)
}
