package situations

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// introspection asks the authorization server what an opaque token is worth
// (RFC 7662). It asks each time: what it keeps would outlive a revocation.
type introspection struct {
	issuer, endpoint, id, secret string
	client                       *http.Client
}

func (i *introspection) Verify(ctx context.Context, token string) (core.Principal, error) {
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, i.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return core.Principal{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(i.id), url.QueryEscape(i.secret))
	resp, err := i.client.Do(req)
	if err != nil {
		return core.Principal{}, fmt.Errorf("%w: introspection: %w", core.ErrUnavailable, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return core.Principal{}, fmt.Errorf("%w: introspection answered %s", core.ErrUnavailable, resp.Status)
	}
	var said struct {
		Active   bool      `json:"active"`
		Issuer   string    `json:"iss"`
		Subject  string    `json:"sub"`
		ClientID string    `json:"client_id"`
		Audience oneOrMore `json:"aud"`
		Scope    string    `json:"scope"`
		Expiry   int64     `json:"exp"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, resp.Body, 1<<20)).Decode(&said); err != nil {
		return core.Principal{}, fmt.Errorf("%w: introspection answered no JSON: %w", core.ErrUnavailable, err)
	}
	if !said.Active || said.Issuer != "" && said.Issuer != i.issuer {
		return core.Principal{}, fmt.Errorf("%w: not active at %s", core.ErrInvalid, i.issuer)
	}
	return core.Principal{
		Issuer: i.issuer, Subject: said.Subject, ClientID: said.ClientID,
		Audience: said.Audience, Scopes: splitScope(said.Scope), Expiry: time.Unix(said.Expiry, 0),
	}, nil
}

// splitScope splits at spaces and at nothing else (RFC 6749 §3.3): strings.Fields
// would let other white space smuggle a scope in.
func splitScope(scope string) []string {
	return strings.FieldsFunc(scope, func(r rune) bool { return r == ' ' })
}

// oneOrMore is a JSON member that is a string or a list of strings.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}

func opaqueApp(ctx context.Context, resource string, verifier *introspection) (http.Handler, error) {
	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{verifier.issuer},
		Verifiers:            []core.Verifier{verifier},
		Scopes:               []string{"mcp:read"},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
}

func TestIntrospection(t *testing.T) {
	as := authtest.NewServer(t, func(c *devissuer.Config) { c.Opaque = true })
	base := startApp(t, func(base string) (http.Handler, error) {
		return opaqueApp(t.Context(), base+"/mcp", &introspection{
			issuer: as.Issuer(), endpoint: as.Endpoints().Introspection,
			id: authtest.ClientID, secret: authtest.ClientSecret, client: &http.Client{Timeout: 5 * time.Second},
		})
	})
	good := as.Token(base+"/mcp", "mcp:read")

	if got, want := callTool(t, base+"/mcp", good, "get_weather", weatherQuery{City: "Oslo"}), "sunny in Oslo, sub=alice"; got != want {
		t.Errorf("the tool answered %q, want %q", got, want)
	}
	post(t, base+"/mcp", as.Token("https://elsewhere.example/mcp", "mcp:read"), weatherCall).wantStatus(t, http.StatusUnauthorized)
	post(t, base+"/mcp", as.Token(base+"/mcp", "mail"), weatherCall).wantStatus(t, http.StatusForbidden)
	post(t, base+"/mcp", "made-up", weatherCall).wantStatus(t, http.StatusUnauthorized)

	revoke(t, as, good)
	post(t, base+"/mcp", good, weatherCall).wantStatus(t, http.StatusUnauthorized)
	as.Down()
	post(t, base+"/mcp", good, weatherCall).wantStatus(t, http.StatusServiceUnavailable)
}

func revoke(t *testing.T, as *authtest.Server, token string) {
	t.Helper()
	form := url.Values{"token": {token}, "client_id": {authtest.ClientID}, "client_secret": {authtest.ClientSecret}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, as.Endpoints().Revocation, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("revoking: %s", resp.Status)
	}
}
