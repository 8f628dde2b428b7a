package gate

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// run is one handler of an MCP server that really ran, and for whom.
type run struct {
	what    string // such as "tool purge"
	subject string
	scopes  []string
}

// journal remembers what ran in one server.
type journal struct {
	mu   sync.Mutex
	all  []run
	read int // of all, how many a test has looked at
}

func (j *journal) note(ctx context.Context, what string) {
	p, _ := core.PrincipalFrom(ctx)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, run{what, p.Subject, p.Scopes})
}

// news returns what ran since it was last asked.
func (j *journal) news() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var names []string
	for _, r := range j.all[j.read:] {
		names = append(names, r.what)
	}
	j.read = len(j.all)
	return names
}

// open is what the base scope suffices for. All else needs notes:write.
func open() []string {
	return []string{
		"tool get_weather", "tool read /public", "prompt hello", "resource notes://public", "resource notes://1/page",
		"complete hello", "complete notes://{id}/page", "subscribe notes://public", "unsubscribe notes://public",
	}
}

// forAll is what the policy of the anonymous rows gives to everybody.
func forAll() []string { return []string{"tool get_weather", "prompt hello", "complete hello"} }

// check asserts over everything that ever ran that its caller had the scope.
func (j *journal) check(t *testing.T, anonymous bool) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range j.all {
		base := slices.Contains(r.scopes, baseScope) || anonymous && slices.Contains(forAll(), r.what)
		if !base || !slices.Contains(open(), r.what) && !slices.Contains(r.scopes, writeScope) {
			t.Errorf("%s ran for %q with scopes %q", r.what, r.subject, strings.Join(r.scopes, " "))
		}
	}
}
