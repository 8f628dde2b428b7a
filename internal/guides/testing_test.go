package guides

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
)

// What stands here is shown in the guide to testing, as its readers would write
// it; the requirement that each proves is the guide's own word.

const resource = "https://notes.example/mcp"

func TestWholeServer(t *testing.T) {
	authtest.Conform(t, authtest.Target{
		Start: func(tb testing.TB, issuer string) authtest.Endpoint {
			var ran runs
			app, err := newNotesApp(tb.Context(), resource, issuer, &noteStore{audit: ran.note})
			if err != nil {
				tb.Fatal(err)
			}
			return authtest.Endpoint{Resource: resource, Handler: app, Ran: ran.list}
		},
		Scopes: []string{"mcp:read"},
		Tools:  map[string][]string{"list_notes": nil, "purge": {"notes:write"}},
	})
}

func TestOneTool(t *testing.T) {
	store := &noteStore{notes: map[string][]string{"alice": {"buy milk"}}, audit: func(string) {}}
	for _, c := range []struct {
		caller  core.Principal
		notes   int
		refused bool
	}{
		{core.Principal{Subject: "alice"}, 1, false},
		{core.Principal{Subject: "bob"}, 0, false},
		{core.Principal{ClientID: "robot"}, 1, true},
	} {
		result, _, err := store.list(core.WithPrincipal(t.Context(), c.caller), nil, struct{}{})
		if err != nil || result.IsError != c.refused || len(result.Content) != c.notes {
			t.Errorf("%s%s gets %+v (%v)", c.caller.Subject, c.caller.ClientID, result, err)
		}
	}
}

// connect returns a client that has a token and needs no authorization flow.
func connect(t *testing.T, app http.Handler, token string) *mcp.ClientSession {
	t.Helper()
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint:   server.URL + "/mcp",
		HTTPClient: &http.Client{Transport: bearer(token)},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

func TestEverybodySeesTheirOwn(t *testing.T) {
	as := authtest.NewServer(t)
	store := &noteStore{notes: map[string][]string{"alice": {"buy milk"}}, audit: func(string) {}}
	app, err := newNotesApp(t.Context(), resource, as.Issuer(), store)
	if err != nil {
		t.Fatal(err)
	}
	bob := as.Mint(authtest.Token{Subject: "bob", Audience: resource, Scopes: []string{"mcp:read"}})
	for token, notes := range map[string]int{as.Token(resource, "mcp:read"): 1, bob: 0} {
		result, err := connect(t, app, token).CallTool(t.Context(), &mcp.CallToolParams{Name: "list_notes"})
		if err != nil || len(result.Content) != notes {
			t.Errorf("got %+v (%v), want %d notes", result, err, notes)
		}
	}
}

func TestOutage(t *testing.T) {
	as := authtest.NewServer(t)
	token := as.Token(resource, "mcp:read")
	as.Down() // and as.Up() brings it back; as.Rotate() changes its keys
	app, err := newNotesApp(t.Context(), resource, as.Issuer(), &noteStore{audit: func(string) {}})
	if err != nil {
		t.Fatal(err) // a service starts without its authorization server
	}
	r := httptest.NewRequest(http.MethodPost, resource, strings.NewReader("{}"))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503: the client shall keep its token", w.Code)
	}
}

func TestPolicyFitsTheServer(t *testing.T) {
	as := authtest.NewServer(t, func(c *devissuer.Config) { c.Scopes = []string{"mcp:read", "notes:write"} })
	rs, err := core.New(t.Context(), notesConfig(resource, as.Issuer()))
	if err != nil {
		t.Fatal(err)
	}
	if err := gosdk.Lint(t.Context(), rs, (&noteStore{}).server()); err != nil {
		t.Error(err)
	}
}
