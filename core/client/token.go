package client

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/mcpbearer/mcpbearer/internal/environ"
)

// Grant types (RFC 6749 §4.1.3, §4.4.2 and §6).
const (
	grantCode              = "authorization_code"
	grantRefresh           = "refresh_token"
	grantClientCredentials = "client_credentials"
)

// errRefused is wrapped by the error of a refresh that the authorization server
// refuses: asking again won't help, a new authorization may.
var errRefused = errors.New("refused")

// requestToken asks for a token, for the client and resource of g.
func (t *Transport) requestToken(ctx context.Context, g grant, client Registration, form url.Values) (Token, error) {
	form.Set("resource", g.resource)
	if form.Get("grant_type") == grantClientCredentials && len(g.scopes) > 0 {
		form.Set("scope", strings.Join(g.scopes, " "))
	}
	asked := Token{
		Requested: g.scopes, Scopes: g.scopes, Resource: g.resource, TokenEndpoint: g.server.TokenEndpoint, Client: client,
	}
	return t.exchange(ctx, g.server.Issuer, asked, form)
}

// exchange sends one token request, and returns old with what the answer says.
// What it doesn't say stays: RFC 6749 §5.1 and §6 have a server leave out a scope
// that is the one asked for, and a refresh token that stays good.
//
// It is the client credentials grant of x/oauth2, which lets grant_type and all
// other parameters be set: its refresh can send neither a resource nor an
// assertion. It tries one way of authentication, not several in turn, because
// each try costs a code or a refresh token.
func (t *Transport) exchange(ctx context.Context, issuer string, old Token, form url.Values) (Token, error) {
	request := clientcredentials.Config{ClientID: old.Client.ClientID, TokenURL: old.TokenEndpoint, EndpointParams: form, AuthStyle: oauth2.AuthStyleInParams}
	if err := t.authenticate(ctx, issuer, old.Client, &request); err != nil {
		return Token{}, &Error{Stage: stageToken, Issuer: issuer, Err: err}
	}
	// The server may take what was sent, whether or not anybody waits for its answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	answer, err := request.Token(context.WithValue(ctx, oauth2.HTTPClient, t.tokens))
	if err != nil {
		return Token{}, serverError(issuer, err, secretsIn(form, request.ClientSecret))
	}
	if err := checkAnswer(answer); err != nil {
		return Token{}, &Error{Stage: stageToken, Issuer: issuer, Err: err}
	}
	token := old
	token.AccessToken = answer.AccessToken
	token.Issued = environ.From(ctx).Now()
	token.Expiry = time.Time{}
	if lifetime := seconds(answer.Extra("expires_in")); lifetime > 0 {
		token.Expiry = token.Issued.Add(lifetime)
	}
	if scope, ok := answer.Extra("scope").(string); ok {
		token.Scopes = parseScopes(scope)
	}
	if t.config.NoRefresh || t.config.ClientCredentials {
		token.RefreshToken = ""
	} else if answer.RefreshToken != "" {
		token.RefreshToken = answer.RefreshToken
	}
	token.Requested, token.Scopes = slices.Clone(token.Requested), slices.Clone(token.Scopes)
	return token, nil
}

// secretsIn returns what nobody else may read of a token request.
func secretsIn(form url.Values, clientSecret string) []string {
	secrets := []string{clientSecret}
	for _, name := range []string{"code", "code_verifier", grantRefresh, "client_assertion"} {
		secrets = append(secrets, form.Get(name))
	}
	return secrets
}

// checkAnswer refuses a token that can't be sent, or must not be sent as a
// bearer token (RFC 6749 §7.1).
func checkAnswer(answer *oauth2.Token) error {
	if answer.TokenType != "" && !strings.EqualFold(answer.TokenType, "Bearer") {
		return fmt.Errorf("the token is of type %q, and only Bearer tokens are understood", clean(answer.TokenType))
	}
	if !isToken(answer.AccessToken) {
		return errors.New("the access token has characters that no Authorization field can hold")
	}
	return nil
}

// longest is how long a token is taken to live at most.
const longest = 10 * 365 * 24 * time.Hour

// seconds reads expires_in, which is a number in JSON (see answers), and whatever
// x/oauth2 makes of it in a form.
func seconds(value any) time.Duration {
	n := parseNumber(fmt.Sprint(value))
	if n <= 0 {
		return 0
	}
	return time.Duration(min(float64(n), longest.Seconds()) * float64(time.Second))
}

// renewable reports whether a token can be replaced without asking anybody.
func (t *Transport) renewable(h *held) bool {
	return t.config.ClientCredentials || h.RefreshToken != "" && !t.config.NoRefresh
}

// refresh replaces a token by a new one, or waits for who is doing so. It runs
// under the storage's lock: where another process was faster, its token is
// taken. The error wraps errRefused if the server refuses; then the refresh
// token is forgotten. After any other error all is as it was.
func (t *Transport) refresh(ctx context.Context, old *held) error {
	_, _, err := t.refreshing.do(ctx, func(ctx context.Context) (bool, error) {
		var refused error
		var next *held
		key := Key{Issuer: old.issuer, Resource: t.config.Resource}
		err := t.update(ctx, key, func(ctx context.Context, s State) (State, error) {
			var err error
			next, err = t.renew(ctx, old, s.Token)
			if errors.Is(err, errRefused) {
				refused, err = err, nil
			}
			if err == nil {
				token := next.Token
				s.Token = &token
			}
			return s, err
		})
		if err == nil {
			t.saved(next)
		} else {
			t.late(next)
		}
		if refused != nil {
			t.doubt(ctx, old.issuer, old.Client, refused)
			return false, refused
		}
		if ctx.Err() == nil {
			err = storageError(err)
		}
		return false, err
	})
	return err
}

// renew returns the token that is to be stored in place of stored, and puts it
// into use.
func (t *Transport) renew(ctx context.Context, old *held, stored *Token) (*held, error) {
	now := environ.From(ctx).Now()
	if h := t.unsaved(old.issuer); h != nil {
		stored = &h.Token // What is stored has been used for this one.
	}
	if stored == nil || !t.owns(old.issuer, stored) {
		stored = &old.Token // A storage that was emptied.
	}
	if stored.AccessToken != old.AccessToken && !stored.due(now) {
		return t.hold(old.issuer, *stored), nil
	}
	if !t.renewable(&held{Token: *stored}) {
		return &held{Token: *stored}, fmt.Errorf("%w: another process was refused", errRefused)
	}
	next, err := t.exchange(ctx, old.issuer, *stored, t.renewal(stored))
	if endpoint := t.endpoint(ctx, old.issuer, stored, err); endpoint != stored.TokenEndpoint {
		there := *stored
		there.TokenEndpoint = endpoint
		next, err = t.exchange(ctx, old.issuer, there, t.renewal(stored))
	}
	var refusal *Error
	switch {
	case err == nil:
		return t.hold(old.issuer, next), nil
	case errors.As(err, &refusal) && refusal.refused():
		spent := *stored
		spent.RefreshToken = ""
		return t.hold(old.issuer, spent), fmt.Errorf("%w: %w", errRefused, err)
	}
	return nil, err
}

// endpoint returns the token endpoint by the issuer's metadata of now, after a
// refresh has failed at the one of a token. It is the same one still if that is
// not known, and where there is nothing to find out: OAuth's words come from
// where the server is, and while the token is good, it can wait.
func (t *Transport) endpoint(ctx context.Context, issuer string, token *Token, failed error) string {
	var answer *Error
	if !errors.As(failed, &answer) || answer.Code != "" {
		return token.TokenEndpoint
	}
	if now := environ.From(ctx).Now(); !answer.refused() && token.due(now) && !token.expired(now) {
		return token.TokenEndpoint
	}
	server, err := t.server(ctx, issuer)
	if err != nil {
		return token.TokenEndpoint // What has failed is the error.
	}
	return server.TokenEndpoint
}

// renewal is the form of a request for the next token.
func (t *Transport) renewal(token *Token) url.Values {
	form := url.Values{"resource": {token.Resource}}
	if t.config.ClientCredentials {
		form.Set("grant_type", grantClientCredentials)
		if len(token.Requested) > 0 {
			form.Set("scope", strings.Join(token.Requested, " "))
		}
		return form
	}
	form.Set("grant_type", grantRefresh)
	form.Set("refresh_token", token.RefreshToken)
	return form
}
