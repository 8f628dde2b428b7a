package gate

import (
	"context"
	"io"
	"net/http"
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
	meet func(ctx context.Context, what string)
	body string // the last that an MCP server has read
}

func (j *journal) note(ctx context.Context, what string) {
	p, _ := core.PrincipalFrom(ctx)
	j.mu.Lock()
	j.all = append(j.all, run{what, p.Subject, p.Scopes})
	meet := j.meet
	j.mu.Unlock()
	if meet != nil {
		meet(ctx, what)
	}
}

// hold has everything that runs wait in meet, once it is noted.
func (j *journal) hold(meet func(ctx context.Context, what string)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.meet = meet
}

// news returns what ran since it was last asked.
func (j *journal) news() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var names []string
	for _, r := range j.all[j.read:] {
		names = append(names, r.what)
	}
	j.read = len(j.all)
	return strings.Join(names, ", ")
}

// remembering notes what the MCP server reads of a body.
func remembering(s *site, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var text strings.Builder
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, &text), r.Body}
		defer func() {
			s.log.mu.Lock()
			defer s.log.mu.Unlock()
			s.log.body = text.String()
		}()
		next.ServeHTTP(w, r)
	})
}

// handed returns the last body that the MCP server has read.
func (j *journal) handed() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.body
}

// open is what the base scope suffices for. All else needs notes:write.
func open() []string {
	return []string{
		"tool get_weather", "tool whoami", "tool read /public", "prompt hello", "resource notes://public", "resource notes://1/page",
		"complete hello", "complete notes://{id}/page", "subscribe notes://public", "unsubscribe notes://public",
	}
}

// lawful reports whether the policy lets this run.
func (r *run) lawful() bool {
	has := func(scope string) bool { return slices.Contains(r.scopes, scope) }
	switch {
	case !has(baseScope), r.what == "tool gone", r.what == "tool spare":
		return false
	case r.what == "tool export" && has("export") && has("audit"):
		return true
	}
	return has(writeScope) || slices.Contains(open(), r.what)
}

// check asserts over everything that ever ran that it was lawful, or that the
// policy of this test lets it run.
func (j *journal) check(t *testing.T, lets func(*run) bool) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.all {
		r := &j.all[i]
		if !r.lawful() && (lets == nil || !lets(r)) {
			t.Errorf("%s ran for %q with scopes %q", r.what, r.subject, strings.Join(r.scopes, " "))
		}
	}
}
