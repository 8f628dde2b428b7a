package e2e

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

// Protocol versions, the newest first.
const (
	newest   = "2026-07-28"
	sessions = "2025-11-25"
)

// person is somebody at an MCP client on their own machine.
type person struct {
	name string
	deny bool
	wire *wire
	// tapped says that the wire sees what goes to the endpoint by itself.
	tapped bool
	// document is the client_id of one who is known by such a document, and
	// doesn't register.
	document string
	// visit is the person's browser; nil means one that fills in forms by itself.
	visit func(ctx context.Context, page, home string) error
}

// connect has the official SDK's client get into the endpoint by itself: it is
// told the URL and nothing else. It speaks the protocol version.
func (p *person) connect(t *testing.T, endpoint, version string) (*mcp.ClientSession, error) {
	t.Helper()
	visit := p.visit
	if visit == nil {
		browser, err := newBrowser(p.wire.by("browser"), p.name)
		if err != nil {
			t.Fatal(err)
		}
		browser.deny = p.deny
		visit = browser.visit
	}
	home, answers := receiver(t)
	config := &auth.AuthorizationCodeHandlerConfig{
		RedirectURL: home,
		AuthorizationCodeFetcher: func(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
			if err := visit(ctx, args.URL, home); err != nil {
				return nil, err
			}
			answer := <-answers // the browser has been there
			if answer.Has("error") {
				return nil, errors.New(answer.Get("error"))
			}
			return &auth.AuthorizationResult{Code: answer.Get("code"), State: answer.Get("state"), Iss: answer.Get("iss")}, nil
		},
		Client: p.client("client"),
	}
	if p.document != "" {
		config.ClientIDMetadataDocumentConfig = &auth.ClientIDMetadataDocumentConfig{URL: p.document}
	} else {
		config.DynamicClientRegistrationConfig = &auth.DynamicClientRegistrationConfig{
			Metadata: &oauthex.ClientRegistrationMetadata{
				ClientName: "end-to-end test", RedirectURIs: []string{home}, TokenEndpointAuthMethod: "none",
			},
		}
	}
	handler, err := auth.NewAuthorizationCodeHandler(config)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, &mcp.StreamableClientTransport{Endpoint: endpoint, HTTPClient: p.client("client"), OAuthHandler: handler}, version)
}

// client is the person's HTTP client, on the wire unless that taps the endpoint.
func (p *person) client(party string) *http.Client {
	if p.tapped {
		return &http.Client{}
	}
	return &http.Client{Transport: p.wire.by(party)}
}

// receiver is where a client on the person's machine gets its answers.
func receiver(t *testing.T) (redirectURI string, answers <-chan url.Values) {
	t.Helper()
	received := make(chan url.Values, 8) // more than come: a flow that fails leaves its answer behind
	mux := http.NewServeMux()            // a real browser asks for an icon, too
	mux.HandleFunc("/callback", func(_ http.ResponseWriter, r *http.Request) { received <- r.URL.Query() })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL + "/callback", received
}

// connectWith opens a session with a token that is already there, at a protocol
// version.
func connectWith(t *testing.T, endpoint, token, version string) *mcp.ClientSession {
	t.Helper()
	session, err := open(t, &mcp.StreamableClientTransport{
		Endpoint: endpoint, HTTPClient: &http.Client{Transport: bearer{token: token, next: http.DefaultTransport}},
	}, version)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func open(t *testing.T, transport mcp.Transport, version string) (*mcp.ClientSession, error) {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "e2e", Version: "1.0.0"}, nil)
	session, err := client.Connect(timeout(t), transport, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Errorf("closing the session: %v", err)
		}
	})
	return session, nil
}

// timeout returns a context that ends when a test had better give up.
func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// checkWeather calls the tool and checks whom it has taken the caller for.
func checkWeather(t *testing.T, session *mcp.ClientSession, city, subject string) {
	t.Helper()
	text, err := weather(timeout(t), session, city)
	if want := "sunny in " + city + ", sub=" + subject; err != nil || text != want {
		t.Errorf("get_weather: %q, error %v, want %q", text, err, want)
	}
}

func weather(ctx context.Context, session *mcp.ClientSession, city string) (string, error) {
	return textOf(session.CallTool(ctx, &mcp.CallToolParams{Name: "get_weather", Arguments: map[string]any{"city": city}}))
}

// textOf returns the text that a tool answered with.
func textOf(result *mcp.CallToolResult, err error) (string, error) {
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(result.Content, func(c mcp.Content) bool { _, ok := c.(*mcp.TextContent); return ok })
	if i < 0 || result.IsError {
		return "", errors.New("the tool failed")
	}
	return result.Content[i].(*mcp.TextContent).Text, nil
}
