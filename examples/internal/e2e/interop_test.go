//go:build interop

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"golang.org/x/oauth2"
)

// foreign is a running oidc-provider. Every token that it gives was asked for by
// an authorization code flow with PKCE.
type foreign struct {
	issuer  string
	process *os.Process
}

// startForeign starts oidc-provider, which npm ci has installed, with the
// settings that server.mjs knows.
func startForeign(t *testing.T, env ...string) *foreign {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "node", "server.mjs")
	cmd.Dir = installed(t, "oidc-provider")
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	p := launch(t, "oidc-provider", cmd, cancel)
	return &foreign{issuer: p.address, process: cmd.Process}
}

// The whole contract holds with tokens of a foreign authorization server; one
// that it issued for another resource is refused.
func TestInteropContract(t *testing.T) {
	as := startForeign(t)
	a := authority{issuer: as.issuer, token: as.token}
	for _, s := range setups() {
		t.Run(s.name, func(t *testing.T) {
			eachProgram(t, func(t *testing.T, program string) { contract(t, program, s, a) })
		})
	}
}

// The SDK's client gets in by itself through the foreign server's own pages.
func TestInteropClientGetsInByItself(t *testing.T) {
	as := startForeign(t)
	eachProgram(t, func(t *testing.T, program string) {
		example := start(t, program, "ISSUER="+as.issuer)
		wire := &wire{}
		me := &person{name: "carol", wire: wire}
		session, err := me.connect(t, example.address+"/mcp", newest)
		if err != nil {
			t.Fatalf("connecting: %v\n%s", err, strings.Join(wire.log(), "\n"))
		}
		checkOffer(t, session, "carol", everything())
		wire.checkSecrets(t, example.output.String())
	})
}

// What it issues are really access tokens of RFC 9068, so that the tests above
// mean what they say.
func TestInteropTokensAreJWTs(t *testing.T) {
	for _, alg := range []string{"RS256", "ES256"} {
		t.Run(alg, func(t *testing.T) { checkJWT(t, startForeign(t, "ALG="+alg), alg) })
	}
}

func checkJWT(t *testing.T, as *foreign, alg string) {
	t.Helper()
	const resource = "https://mcp.example/mcp"
	head, rest, _ := strings.Cut(as.token(t, "alice", resource, "mcp:read"), ".")
	payload, _, _ := strings.Cut(rest, ".")
	var header struct{ Alg, Typ string }
	var claims struct{ Iss, Sub, Aud, Scope string }
	for part, into := range map[string]any{head: &header, payload: &claims} {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	if header.Alg != alg || header.Typ != "at+jwt" {
		t.Errorf("header %+v", header)
	}
	if claims.Iss != as.issuer || claims.Sub != "alice" || claims.Aud != resource || claims.Scope != "mcp:read" {
		t.Errorf("claims %+v", claims)
	}
}

// token has subject sign in and consent, and returns the access token that the
// client gets for it.
func (f *foreign) token(t *testing.T, subject, resource string, scopes ...string) string {
	t.Helper()
	token, err := f.authorize(t, subject, resource, scopes)
	if err != nil {
		t.Fatalf("getting a token of %s: %v", f.issuer, err)
	}
	return token
}

func (f *foreign) authorize(t *testing.T, subject, resource string, scopes []string) (string, error) {
	ctx := timeout(t)
	home, answers := receiver(t)
	metadata, err := auth.GetAuthServerMetadata(ctx, f.issuer, http.DefaultClient)
	if err != nil {
		return "", err
	}
	client, err := oauthex.RegisterClient(ctx, metadata.RegistrationEndpoint, &oauthex.ClientRegistrationMetadata{
		ClientName: "interop test", RedirectURIs: []string{home}, TokenEndpointAuthMethod: "none", ApplicationType: "native",
	}, http.DefaultClient)
	if err != nil {
		return "", err
	}
	config := &oauth2.Config{
		ClientID: client.ClientID, RedirectURL: home, Scopes: scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL: metadata.AuthorizationEndpoint, TokenURL: metadata.TokenEndpoint, AuthStyle: oauth2.AuthStyleInParams,
		},
	}
	browser, err := newBrowser(http.DefaultTransport, subject)
	if err != nil {
		return "", err
	}
	verifier := oauth2.GenerateVerifier()
	target := oauth2.SetAuthURLParam("resource", resource)
	if err := browser.visit(ctx, config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), target), home); err != nil {
		return "", err
	}
	answer := <-answers
	if err := f.checkAnswer(answer); err != nil {
		return "", err
	}
	token, err := config.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier), target)
	if err != nil {
		return "", err
	}
	return token.AccessToken, nil
}

func (f *foreign) checkAnswer(answer url.Values) error {
	if answer.Get("iss") != f.issuer || answer.Get("state") != "state" || answer.Has("error") {
		return fmt.Errorf("the answer is from %q, with state %q and error %q", answer.Get("iss"), answer.Get("state"), answer.Get("error"))
	}
	return nil
}
