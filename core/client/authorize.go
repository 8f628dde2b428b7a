package client

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
)

// grant is one authorization that is asked for.
type grant struct {
	resource string // the resource indicator (RFC 8707 §2)
	server   discovery.Metadata
	scopes   []string
	// narrow is the client that may not ask for the scopes, if one was told so.
	narrow string
	// about is what was known of the resource before.
	about State
}

// authorize gets a token for g by the grant that the config asks for.
func (t *Transport) authorize(ctx context.Context, g grant) (Token, error) {
	if err := t.bind(ctx, g.server.Issuer); err != nil {
		return Token{}, err
	}
	if t.config.ClientCredentials {
		client, err := t.preRegistered(g)
		if err != nil {
			return Token{}, err
		}
		return t.requestToken(ctx, g, client, url.Values{"grant_type": {grantClientCredentials}})
	}
	token, client, err := t.login(ctx, g)
	if !t.tooNarrow(g, client, err) {
		return token, err
	}
	g.narrow = client.ClientID
	token, next, again := t.login(ctx, g)
	var e *Error
	if errors.As(again, &e) && e.Stage == stageRegistration {
		if errors.Is(again, ErrUnavailable) {
			return token, err // It may help another time.
		}
		next, again = client, err // The client stays, and so does what was said of it.
	}
	t.noteWidened(next, g.scopes)
	return token, again
}

// login gets a token by the authorization code grant, and tells as which client.
func (t *Transport) login(ctx context.Context, g grant) (Token, Registration, error) {
	stored, err := t.stored(ctx, g.server.Issuer)
	if err != nil {
		return Token{}, Registration{}, err
	}
	reception, err := t.receive(ctx, stored)
	if err != nil {
		return Token{}, Registration{}, g.failed(err)
	}
	if reception.Close != nil {
		defer reception.Close()
	}
	client, err := t.identify(ctx, g, reception.RedirectURI)
	if err != nil {
		return Token{}, client, err
	}
	verifier := oauth2.GenerateVerifier()
	code, err := t.askUser(ctx, g, client, reception, verifier)
	if err != nil {
		t.doubt(ctx, g.server.Issuer, client, err)
		return Token{}, client, err
	}
	token, err := t.requestToken(ctx, g, client, url.Values{
		"grant_type": {grantCode}, "code": {code}, "redirect_uri": {reception.RedirectURI}, "code_verifier": {verifier},
	})
	if err != nil {
		t.doubt(ctx, g.server.Issuer, client, err)
	}
	return token, client, err
}

func (g grant) failed(err error) *Error {
	var typed *Error
	if errors.As(err, &typed) {
		return typed
	}
	return &Error{Stage: stageAuthorization, Issuer: g.server.Issuer, Err: err}
}

// receive asks for a reception, at the redirect URI that the client has if it
// has one.
func (t *Transport) receive(ctx context.Context, stored *Registration) (*Reception, error) {
	redirectURI := t.config.RedirectURI
	if stored != nil && stored.RedirectURI != "" && t.config.Credentials.ID == "" {
		redirectURI = stored.RedirectURI
	}
	reception, err := t.config.Receive(ctx, redirectURI)
	if err == nil && (reception == nil || reception.Wait == nil || reception.RedirectURI == "") {
		err = errors.New("Config.Receive returned a Reception without RedirectURI or Wait")
	}
	return reception, err
}

// askUser sends the user to the authorization server (RFC 6749 §4.1.1, RFC 7636
// §4.3, RFC 8707 §2.1) and returns the code that comes back.
func (t *Transport) askUser(ctx context.Context, g grant, client Registration, reception *Reception, verifier string) (string, error) {
	state := rand.Text()
	request := oauth2.Config{
		ClientID: client.ClientID, RedirectURL: reception.RedirectURI, Scopes: g.scopes,
		Endpoint: oauth2.Endpoint{AuthURL: g.server.AuthorizationEndpoint},
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("resource", g.resource)}
	if slices.Contains(g.scopes, offlineAccess) {
		// Without it a server may leave the refresh token out (OpenID Connect
		// Core §11).
		options = append(options, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	if reception.expect != nil {
		reception.expect(state)
	}
	err := t.config.Redirect(ctx, request.AuthCodeURL(state, options...))
	var response url.Values
	if err == nil {
		response, err = reception.Wait(ctx)
	}
	switch {
	case err == nil:
		return g.readResponse(response, state)
	case ctx.Err() != nil:
		return "", g.failed(errAbandoned)
	}
	return "", g.failed(err)
}

// errAbandoned is what became of a user who was asked, and of whom nobody waited
// to hear.
var errAbandoned = errors.New("the requests that waited for the user have been given up")

// readResponse checks an authorization response, and returns its code. Whose
// response it is, is settled before anything that it says, an error included
// (RFC 6749 §10.12, RFC 9207 §2.4).
func (g grant) readResponse(response url.Values, state string) (string, error) {
	for name, values := range response {
		if len(values) > 1 && slices.Contains([]string{"code", "state", "iss", "error"}, name) {
			return "", g.failed(fmt.Errorf("%w: the response has %s more than once (RFC 6749 §3.1)", ErrUntrusted, name))
		}
	}
	if !sameState(response.Get("state"), state) {
		return "", g.failed(fmt.Errorf("%w: the response has another state than the request: it belongs to another authorization, or to an attack", ErrUntrusted))
	}
	iss, given := response.Get("iss"), response.Has("iss")
	switch {
	case given && iss != g.server.Issuer:
		return "", g.failed(fmt.Errorf("%w: the response is from another issuer, %q: nothing of it is used (RFC 9207)", ErrUntrusted, clean(iss)))
	case !given && g.server.AuthorizationResponseIssParameterSupported:
		return "", g.failed(fmt.Errorf("%w: the response lacks iss, which this server always sends: nothing of it is used (RFC 9207 §2.4)", ErrUntrusted))
	}
	if code := response.Get("error"); code != "" {
		return "", &Error{
			Stage: stageAuthorization, Issuer: g.server.Issuer,
			Code: cleanCode(code), Description: clean(response.Get("error_description")),
		}
	}
	code := response.Get("code")
	if code == "" {
		return "", g.failed(errors.New("the response has neither a code nor an error"))
	}
	return code, nil
}

// sameState compares the state of a response with that of the request.
func sameState(got, want string) bool {
	return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

// isToken reports whether a text can stand in an Authorization field: visible
// ASCII, which is a little more than RFC 6750 §2.1 allows.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
