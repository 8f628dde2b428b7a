package authtest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/cases"
	"github.com/mcpbearer/mcpbearer/internal/discreet"
)

// instance is one start of the target, with an authorization server of its own.
type instance int

const (
	// plain is the one that most rows are about.
	plain instance = iota
	// crowded has an authorization server that publishes unusable keys beside its
	// own.
	crowded
	// down has one that is unreachable at first.
	down
	// rotated has one that changes its keys once the first requests were served.
	rotated
)

// suite is one run of Conform.
type suite struct {
	tb     testing.TB
	target *Target
	// patience is how long a row waits for what the server does by itself.
	patience time.Duration
	trials   map[instance]*trial

	lastID   atomic.Int64           // of all messages
	oddToken func(kid string) Token // by a key that the crowded instance publishes
}

// trial is one instance, and what is needed to talk to it.
type trial struct {
	tb       testing.TB
	kind     instance
	suite    *suite
	as       *Server
	endpoint Endpoint
	base     *url.URL // of the endpoint in the test
	failure  string   // why no good token is let in

	// What the server has agreed to.
	version, session string
	modern           bool

	minted    []string
	low, full string // tokens with Scopes alone, and with all scopes
	seen      int    // how many runs have been looked at

	changed time.Time // rotated: when the keys were changed
	fetches int       // rotated: how often the first requests made the server fetch keys
	old     string    // rotated: a token by the key that was replaced
	after   *answer   // rotated: what a token by the new key got, once it was waited for
}

// newSuite starts all the instances, so that what takes its time in one goes on
// while another is tried.
func newSuite(tb testing.TB, target *Target, patience time.Duration) *suite {
	tb.Helper()
	if target.Start == nil {
		tb.Fatal("authtest: Target.Start is nil: it has to bring up the server")
	}
	s := &suite{tb: tb, target: target, patience: patience, trials: make(map[instance]*trial)}
	for _, kind := range []instance{rotated, plain, crowded, down} {
		a := &attempt{TB: tb}
		t := &trial{tb: a, kind: kind, suite: s}
		s.trials[kind] = t
		a.run(func() { t.begin() })
		t.failure = cmp.Or(t.failure, a.text())
		if t.base == nil && kind == plain {
			tb.Fatalf("authtest: Target.Start: %s", t.failure)
		}
	}
	return s
}

// at returns an instance.
func (s *suite) at(kind instance) *trial { return s.trials[kind] }

// begin brings the instance up.
func (t *trial) begin() {
	t.as = NewServer(t.tb)
	if t.kind == crowded {
		t.publishOddKeys()
	}
	if t.kind == down {
		t.as.Down()
	}
	t.endpoint = t.suite.target.Start(t.tb, t.as.Issuer())
	base, err := url.Parse(cmp.Or(t.endpoint.URL, t.endpoint.Resource))
	if err != nil || base.Host == "" {
		t.tb.Fatalf("authtest: Endpoint.Resource %q or Endpoint.URL %q is no absolute URL", t.endpoint.Resource, t.endpoint.URL)
	}
	if t.endpoint.Handler != nil {
		server := httptest.NewServer(t.endpoint.Handler)
		t.tb.Cleanup(func() {
			server.CloseClientConnections() // Streams don't end by themselves.
			server.Close()
		})
		base.Scheme, base.Host = "http", server.Listener.Addr().String()
	}
	t.base = base
	t.low = t.token(t.suite.target.Scopes...)
	t.full = t.token(t.suite.target.all()...)
	switch t.kind {
	case down:
	case rotated:
		t.rotate()
	default:
		t.failure = t.handshake()
	}
}

// all are the scopes that the server knows of.
func (g *Target) all() []string {
	all := slices.Clone(g.Scopes)
	for _, needs := range []map[string][]string{g.Tools, g.Prompts, g.Resources} {
		for _, name := range slices.Sorted(maps.Keys(needs)) {
			for _, scope := range needs[name] {
				if !slices.Contains(all, scope) {
					all = append(all, scope)
				}
			}
		}
	}
	return all
}

// more are the scopes that one thing needs beside Scopes.
func (g *Target) more(needs []string) []string {
	return slices.DeleteFunc(slices.Clone(needs), func(s string) bool { return slices.Contains(g.Scopes, s) })
}

// choose returns one name that needs no more than Scopes and one that does, each
// "" if there is none. Names with characters that need escaping are passed over.
func (g *Target) choose(needs map[string][]string) (open, protected string) {
	plainly := regexp.MustCompile(`^[a-zA-Z0-9_.:/~@+=-]{2,}$`)
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		switch more := g.more(needs[name]); {
		case !plainly.MatchString(name):
		case len(more) == 0:
			open = cmp.Or(open, name)
		default:
			protected = cmp.Or(protected, name)
		}
	}
	return open, protected
}

// offer is what messages may speak of. What the server doesn't have has a
// made-up name, so that what must be refused whatever it names still can be sent.
func (s *suite) offer() *cases.Offer {
	g := s.target
	tool, protected := g.choose(g.Tools)
	prompt, protectedPrompt := g.choose(g.Prompts)
	resource, protectedResource := g.choose(g.Resources)
	o := &cases.Offer{
		Safe: cmp.Or(tool, "no_such_tool"), Danger: cmp.Or(protected, tool, "no_such_tool_either"),
		OpenPrompt: cmp.Or(prompt, "no_such_prompt"), ProtectedPrompt: cmp.Or(protectedPrompt, "no_such_prompt_either"),
		OpenResource: cmp.Or(resource, "none://such"), ProtectedResource: cmp.Or(protectedResource, "none://such/either"),
		Origin: originOf(s.at(plain).endpoint.Resource), BodyBytes: g.bodyBytes(), LongBytes: min(64<<10, g.bodyBytes()-1000),
	}
	o.SafeArguments, o.DangerArguments = s.arguments(o.Safe), s.arguments(o.Danger)
	return o
}

func (g *Target) bodyBytes() int {
	if g.BodyBytes > 0 {
		return g.BodyBytes
	}
	return 4 << 20
}

// arguments are those of a tool, as JSON.
func (s *suite) arguments(tool string) string {
	given, ok := s.target.Arguments[tool]
	if !ok {
		return "{}"
	}
	text, err := json.Marshal(given)
	if err != nil || len(text) < 2 || text[0] != '{' {
		s.tb.Fatalf("authtest: Target.Arguments[%q] is no JSON object: %v", tool, err)
	}
	return string(text)
}

// has reports whether the server has what is called "tool purge".
func (s *suite) has(what string, protected bool) bool {
	g := s.target
	for kind, needs := range map[string]map[string][]string{"tool ": g.Tools, "prompt ": g.Prompts, "resource ": g.Resources} {
		for name, scopes := range needs {
			if kind+name == what {
				return !protected || len(g.more(scopes)) > 0
			}
		}
	}
	return false
}

// site is what tokens are about.
func (s *suite) site() *cases.Site {
	t := s.at(plain)
	return &cases.Site{Resource: t.endpoint.Resource, Issuer: t.as.Issuer(), Scopes: s.target.Scopes, Now: time.Now()}
}

func originOf(resource string) string {
	u, err := url.Parse(resource)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// token is a good token of alice's with these scopes.
func (t *trial) token(scopes ...string) string { return t.mint(Token{Scopes: scopes}) }

// mint signs a token for the resource that never shows in a failure.
func (t *trial) mint(token Token) string {
	if token.Audience == nil {
		token.Audience = t.endpoint.Resource
	}
	text := t.as.Mint(token)
	t.minted = append(t.minted, text)
	return text
}

func (t *trial) redact(text string) string { return discreet.Redact(text, t.minted) }

// probe is a message that needs no more than Scopes, and whose run can be seen
// if the server has a tool for it.
func (t *trial) probe() string {
	if tool, _ := t.suite.target.choose(t.suite.target.Tools); tool != "" {
		return cases.Call(tool, t.suite.arguments(tool))
	}
	return cases.Request("tools/list", "{}")
}

// news returns what ran since it was last asked, as far as can be seen.
func (t *trial) news(a *answer) []string {
	if t.endpoint.Ran == nil {
		if a.result() {
			return []string{"an answer with a result"}
		}
		return nil
	}
	all := t.endpoint.Ran()
	fresh := slices.Clone(all[min(t.seen, len(all)):])
	t.seen = len(all)
	return fresh
}

// settle gives what a message started the time to show, where its answer didn't
// wait for it: a message that is accepted without an answer may run later.
func (t *trial) settle(a *answer) {
	const longer = 2 * time.Second // than it takes; only servers that fail anyway pay for it
	if t.endpoint.Ran != nil && a.err == nil && a.status/100 == 2 && len(a.messages()) == 0 {
		t.eventually(longer, func() bool { return len(t.endpoint.Ran()) > t.seen })
	}
}

// concurrently runs f in n goroutines.
func concurrently(n int, f func()) {
	var group sync.WaitGroup
	for range n {
		group.Go(f)
	}
	group.Wait()
}
