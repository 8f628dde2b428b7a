// Package demo is what the examples have in common: settings, a development
// authorization server, an MCP server with something to show, an audit log, and
// the start and stop of the process. What is left in each example is what an app
// of its framework writes itself.
package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/devissuer"
)

// Demo is one run of an example.
type Demo struct {
	Settings
	// Offers are scopes that the development authorization server knows beside
	// those of the settings.
	Offers []string

	audit *auditLog
	check func(context.Context) error // of the policy
}

// Main runs an example: it listens, has app build its routes, and serves them
// until SIGINT or SIGTERM. A mistake in the settings ends the process with
// status 1 and says what to do. An example that has more settings adds their
// flags, which are environment variables too.
func Main(app func(context.Context, *Demo) (http.Handler, error), more ...func(*flag.FlagSet)) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// From the first signal on, a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	err := run(ctx, app, more)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, app func(context.Context, *Demo) (http.Handler, error), more []func(*flag.FlagSet)) error {
	settings, err := readSettings(os.Args[1:], os.Environ(), os.Stderr, more...)
	if err != nil {
		return err
	}
	d := &Demo{Settings: *settings}
	if d.audit, err = openAuditLog(d.AuditLog); err != nil {
		return err
	}
	defer d.audit.close()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", d.Port))
	if err != nil {
		return fmt.Errorf("%w: choose another PORT, or 0 for a free one", err)
	}
	defer listener.Close()
	address := "http://" + listener.Addr().String()
	embedded := d.complete(address)
	handler, err := app(ctx, d)
	if err != nil {
		return err
	}
	if embedded {
		issuer, err := d.developmentIssuer()
		if err != nil {
			return err
		}
		handler = before(handler, issuer)
		d.greet(os.Stdout)
	}
	ctx, cancel := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer cancel()
	return serve(ctx, listener, handler, func() {
		fmt.Printf("listening on %s%s\n", address, d.path())
		background.Go(func() { d.lint(ctx, slog.Default()) })
	})
}

// developmentIssuer returns the authorization server of a demo. In production
// it is another process, run by someone who does nothing else.
func (d *Demo) developmentIssuer() (*devissuer.Server, error) {
	return devissuer.New(devissuer.Config{
		Issuer:    d.Issuer,
		Users:     users(),
		Scopes:    slices.Compact(slices.Sorted(slices.Values(slices.Concat(d.Scopes, d.ScopesSupported, d.Offers, []string{writeScope})))),
		Resources: []string{d.Resource},
	})
}

func users() []string { return []string{"alice", "bob"} }

// before answers the issuer's own paths and leaves the rest to the app, which
// so has no route that it wouldn't have in production.
func before(app http.Handler, issuer *devissuer.Server) http.Handler {
	paths := issuer.Paths()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(paths, r.URL.Path) {
			issuer.ServeHTTP(w, r)
			return
		}
		app.ServeHTTP(w, r)
	})
}

// path returns the path of the resource, at which the endpoint answers.
func (d *Demo) path() string {
	resource, err := url.Parse(d.Resource)
	if err != nil || resource.Path == "" {
		return "/"
	}
	return resource.Path
}

// Readyz answers 200 when tokens can be verified and 503 otherwise.
func Readyz(rs *core.ResourceServer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 500*time.Millisecond)
		defer cancel()
		if err := rs.Ready(ctx); err != nil {
			// The reason names hosts of the inside; the log has it.
			http.Error(w, "access tokens can't be verified yet", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	}
}
