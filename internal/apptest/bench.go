package apptest

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// Resource is the resource identifier of most situations. It names no host that
// exists: nothing may be taken from where a request really went.
const Resource = "https://mcp.example/mcp"

// Scope is the scope that the endpoint needs.
const Scope = "mcp:read"

// patience is how long a test waits for what must come. It bounds tests that
// would hang; nothing is measured by it.
const patience = 30 * time.Second

// Bench is the workbench of one test: an MCP server, an authorization server,
// and ways to make the rest.
type Bench struct {
	*testing.T

	AS *authtest.Server
	// Tools is the MCP server's one.
	Tools *Tools
	// MCP is the handler of the MCP server, stateless.
	MCP http.Handler
}

// NewBench returns a bench for t, with an authorization server of the caller's.
func NewBench(t *testing.T, as *authtest.Server) *Bench {
	tools := newTools()
	return &Bench{T: t, AS: as, Tools: tools, MCP: tools.Handler(nil)}
}

// Fresh returns a bench for a subtest, with the same authorization server.
func (b *Bench) Fresh(t *testing.T) *Bench { return NewBench(t, b.AS) }

// Server returns a resource server for resource, whose keys are there. Each of
// change may alter its config.
func (b *Bench) Server(resource string, change ...func(*core.Config)) *core.ResourceServer {
	b.Helper()
	config := core.Config{
		Resource:             resource,
		AuthorizationServers: []string{b.AS.Issuer()},
		Scopes:               []string{Scope},
		Logger:               slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&config)
	}
	rs, err := core.New(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	if err := rs.Ready(b.Context()); err != nil {
		b.Fatal(err)
	}
	return rs
}

// Token returns a token that the endpoint of resource accepts.
func (b *Bench) Token(resource string) string {
	b.Helper()
	return b.AS.Token(resource, Scope)
}

// Mount mounts and fails the test where it can't.
func (b *Bench) Mount(app App, rs *core.ResourceServer) {
	b.Helper()
	if err := app.Mount(rs, b.MCP); err != nil {
		b.Fatalf("Mount: %v", err)
	}
}

// Await waits until ch receives or is closed.
func (b *Bench) Await(what string, ch <-chan struct{}) {
	b.Helper()
	watchdog := time.NewTimer(patience)
	defer watchdog.Stop()
	select {
	case <-ch:
	case <-watchdog.C:
		b.Fatalf("still waiting: %s", what)
	}
}
