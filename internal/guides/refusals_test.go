package guides

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// refusalPage is the guide's text for each code: the answer that its section
// shows, as status line, header fields and body.
func refusalPage(t *testing.T) map[string]string {
	t.Helper()
	sections := make(map[string]string)
	for _, part := range strings.Split(read(t, docs+"/refusals.md"), "\n## ")[1:] {
		shown := regexp.MustCompile("(?s)```http\n(.*?)```").FindStringSubmatch(part)
		for _, m := range regexp.MustCompile(`(?m)^### (\S+)$`).FindAllStringSubmatch(part, -1) {
			if shown == nil {
				t.Fatalf("the section of %s shows no answer", m[1])
			}
			if _, twice := sections[m[1]]; twice {
				t.Errorf("the guide has %s twice", m[1])
			}
			sections[m[1]] = shown[1]
		}
	}
	return sections
}

// reasonCodes reads the codes from where core declares them.
func reasonCodes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), root+"/core/reason.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "reason") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, code)
		return false
	})
	if len(codes) < 20 {
		t.Fatalf("found %d reason codes: the test looks in the wrong place", len(codes))
	}
	return codes
}

// TestEveryReasonIsExplained: no code without a section, and none that is gone.
func TestEveryReasonIsExplained(t *testing.T) {
	explained := slices.Collect(maps.Keys(refusalPage(t)))
	for _, code := range reasonCodes(t) {
		if !slices.Contains(explained, code) {
			t.Errorf("docs/refusals.md doesn't explain %s", code)
		}
		explained = slices.DeleteFunc(explained, func(other string) bool { return other == code })
	}
	if len(explained) > 0 {
		t.Errorf("docs/refusals.md explains %v, which core doesn't have", explained)
	}
}

// refusal is how to come by a code.
type refusal struct {
	request apptest.Request
	change  func(*core.Config)
	down    bool // the authorization server, from before the start
}

// verifierFunc is a verifier of few words.
type verifierFunc func(token string) (core.Principal, error)

func (f verifierFunc) Verify(_ context.Context, token string) (core.Principal, error) {
	return f(token)
}

// onlyVerifier makes the config trust a verifier, that answers err, and nobody
// else.
func onlyVerifier(err error) func(*core.Config) {
	return func(c *core.Config) {
		c.Verifiers = []core.Verifier{verifierFunc(func(string) (core.Principal, error) { return core.Principal{}, err })}
	}
}

// trusting makes the config trust the issuer under further rules.
func trusting(issuer core.Issuer) func(*core.Config) {
	return func(c *core.Config) { c.Issuers = []core.Issuer{issuer} }
}

// asked is how the issuer is asked about tokens, at an endpoint of its own or
// at the one that its metadata name, with the secret.
func asked(b *apptest.Bench, endpoint, secret string) func(*core.Config) {
	return trusting(core.Issuer{URL: b.AS.Issuer(), Introspection: &core.Introspection{
		Endpoint: endpoint, ClientID: authtest.ClientID, ClientSecret: secret,
	}})
}

// refusals has one way for each code.
func refusals(b *apptest.Bench) map[string]refusal {
	who := callOf("whoami")
	minted := func(token authtest.Token) refusal {
		token.Audience = apptest.Resource
		return refusal{request: message(b.AS.Mint(token), who)}
	}
	claims := func(claims map[string]any) refusal { return minted(authtest.Token{Claims: claims}) }
	good := b.Token(apptest.Resource)
	tooLong := message(strings.Repeat("x", 16<<10+1), who)
	b.AS.Answer("/broken", http.NotFoundHandler())
	put := message(good, who)
	put.Method = http.MethodPut
	return map[string]refusal{
		"missing_credentials":   {request: message("", who)},
		"malformed_credentials": {request: message("one two", who)},
		"token_too_long":        {request: tooLong},
		"not_a_jwt":             {request: message("opaque", who)},
		"encrypted_token":       minted(authtest.Token{Flaw: authtest.FiveSegments}),
		"malformed_token":       minted(authtest.Token{Flaw: authtest.DuplicatePayloadMember}),
		"critical_header":       minted(authtest.Token{Flaw: authtest.UnknownCritical}),
		"algorithm_not_allowed": minted(authtest.Token{Flaw: authtest.AlgNone}),
		"wrong_token_type":      minted(authtest.Token{Type: "logout+jwt"}),
		"not_an_access_token":   claims(map[string]any{"nonce": "n"}),
		"unknown_issuer":        minted(authtest.Token{Issuer: b.AS.Issuer() + "/"}),
		"wrong_audience":        {request: message(b.AS.Token("https://other.example/mcp", apptest.Scope), who)},
		"expired":               minted(authtest.Token{Expiry: time.Now().Add(-time.Hour)}),
		"no_expiry":             claims(map[string]any{"exp": authtest.Absent}),
		"not_yet_valid":         minted(authtest.Token{NotBefore: time.Now().Add(time.Hour)}),
		"sender_constrained":    claims(map[string]any{"cnf": map[string]any{"jkt": "x"}}),
		"unknown_key":           minted(authtest.Token{Flaw: authtest.UnknownKeyID}),
		"bad_signature":         minted(authtest.Token{Flaw: authtest.TamperedSignature}),
		"no_verifier":           {request: message("neither", who), change: onlyVerifier(core.ErrNotMine)},
		"refused_by_verifier":   {request: message("revoked", who), change: onlyVerifier(core.ErrInvalid)},
		"insufficient_scope":    {request: message(good, callOf("purge"))},
		"forbidden":             {request: message(good, callOf("unlisted"))},
		"origin_not_allowed":    {request: message(good, who).With("Origin", "https://elsewhere.example")},
		"unknown_session":       {request: message(good, who).With("Mcp-Session-Id", "of-somebody-else")},
		"method_not_allowed":    {request: put},
		"malformed_message":     {request: message(good, "["+who+"]")},
		"keys_unavailable":      {request: message(good, who), down: true},
		"claim_not_allowed": {request: message(good, who), change: trusting(core.Issuer{
			URL: b.AS.Issuer(), Require: map[string][]string{"token_use": {"access"}},
		})},
		"inactive_token":            {request: message("revoked", who), change: asked(b, "", authtest.ClientSecret)},
		"introspection_unavailable": {request: message("opaque", who), change: asked(b, b.AS.Issuer()+"/broken", authtest.ClientSecret)},
		"introspection_refused":     {request: message("opaque", who), change: asked(b, "", "wrong")},
		"verifier_unavailable":      {request: message("any", who), change: onlyVerifier(core.ErrUnavailable)},
		"fault":                     {request: message("any", who), change: onlyVerifier(errors.New("a mistake"))},
	}
}

// TestRefusals provokes each code, and compares the answer with the one that its
// section shows.
func TestRefusals(t *testing.T) {
	b := newBench(t)
	page, ways := refusalPage(t), refusals(b)
	for _, code := range reasonCodes(t) {
		t.Run(code, func(t *testing.T) {
			way, known := ways[code]
			if !known {
				t.Fatal("nothing here provokes it: add a way to refusals")
			}
			b := b.Fresh(t)
			config := config(b, apptest.Resource)
			config.Policy = core.Policy{Tools: map[string]core.Requirement{
				"whoami": core.Scopes(), "purge": core.Scopes("notes:write"),
			}}
			reasons := make(chan string, 1)
			config.Observe = func(_ context.Context, e core.Event) { reasons <- e.Reason }
			config.Logger = slog.New(slog.DiscardHandler)
			if way.change != nil {
				config.AuthorizationServers = nil
				way.change(&config)
			}
			if way.down {
				as := authtest.NewServer(t)
				as.Down()
				config.AuthorizationServers = []string{as.Issuer()}
				way.request.Token = as.Token(apptest.Resource, apptest.Scope)
			}
			rs, err := core.New(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			got := b.Serve(rs.InFront(nil, gosdk.Handler(notes(), nil))).Do(way.request)
			if reason := <-reasons; reason != code {
				t.Errorf("the reason is %q", reason)
			}
			compare(t, page[code], got)
		})
	}
}

// compare holds an answer against the one that the guide shows. Fields that every
// denial has are said at the guide's beginning; those that some have, the guide
// must show where they are.
func compare(t *testing.T, shown string, got apptest.Answer) {
	t.Helper()
	head, body, _ := strings.Cut(shown, "\n\n")
	lines := strings.Split(head, "\n")
	if want := "HTTP/1.1 " + strconv.Itoa(got.Status) + " " + http.StatusText(got.Status); lines[0] != want {
		t.Errorf("the guide shows %q, and it is %q", lines[0], want)
	}
	if body != got.Body {
		t.Errorf("the guide shows the body\n%s\nand it is\n%s", body, got.Body)
	}
	want := map[string]string{"Cache-Control": "no-store", "Content-Type": "application/json", "Www-Authenticate": "", "Retry-After": "", "Allow": ""}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		want[textproto.CanonicalMIMEHeaderKey(name)] = value
	}
	for name, value := range want {
		if got := strings.Join(got.Header.Values(name), " | "); got != value {
			t.Errorf("the guide says of %s\n%s\nand it is\n%s", name, value, got)
		}
	}
}

// TestWithoutASession: the other answer that method_not_allowed has.
func TestWithoutASession(t *testing.T) {
	b := newBench(t)
	s := b.Serve(b.Server(apptest.Resource).InFront(nil, b.MCP))
	call := message(b.Token(apptest.Resource), "")
	call.Method = http.MethodGet
	a := s.Do(call)
	s.CheckStatus("GET without a session", a, http.StatusMethodNotAllowed)
	s.CheckHeader(a, "Allow", "POST, OPTIONS")
	if !strings.Contains(a.Body, "session") {
		t.Errorf("the answer %q doesn't speak of a session", a.Body)
	}
}

// TestForeignRefusals: the answers that the guide gives to the SDK are the SDK's.
func TestForeignRefusals(t *testing.T) {
	b := newBench(t)
	s := b.Serve(b.Server(apptest.Resource).InFront(nil, b.MCP))
	call := message(b.Token(apptest.Resource), callOf("whoami"))
	if a := s.Do(call.With("Accept", "application/json")); a.Status != http.StatusBadRequest || !strings.Contains(a.Body, "Accept") {
		t.Errorf("without events in Accept: %d, %q", a.Status, a.Body)
	}
}
