package echomcp_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/echomcp"
	"github.com/mcpbearer/mcpbearer/internal/apptest"
)

// TestTimeoutHoldsBack: under Echo's Timeout the SDK flushes from a goroutine of
// its own into a writer that can't; a panic there would end this process (S52).
func TestTimeoutHoldsBack(t *testing.T) {
	b := apptest.NewBench(t, authtest.NewServer(t))
	e, rs := echo.New(), b.Server(apptest.Resource)
	e.Use(middleware.TimeoutWithConfig(middleware.TimeoutConfig{Timeout: time.Minute}))
	b.Mount(app{e}, rs)
	s := b.Serve(e)
	s.CheckMounted(rs, apptest.Resource)
	s.CheckBuffered("/mcp", s.Token(apptest.Resource))
	s.CheckClient("/mcp", s.Token(apptest.Resource))
}

// limited is an Echo app with a Timeout that fires after limit, but for requests
// that say they are patient. It tells when a request has let go of the app, which
// may be long after its answer.
//
// Echo gives a request's context to the next one when it is answered, while the
// goroutine behind Timeout may not even have begun to read it. Echo can't help
// that for any handler; so that the race detector is silent about it, the answer
// waits until the handler has told that it began.
func limited(limit time.Duration) (e *echo.Echo, began, over chan struct{}) {
	e, began, over = echo.New(), make(chan struct{}, 8), make(chan struct{}, 8)
	e.Use(
		func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				defer func() { <-began }()
				return next(c)
			}
		},
		middleware.TimeoutWithConfig(middleware.TimeoutConfig{
			Timeout: limit,
			Skipper: func(c echo.Context) bool { return c.Request().Header.Get("X-Patient") != "" },
		}),
		func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				defer func() { over <- struct{}{} }()
				return next(c)
			}
		},
	)
	return e, began, over
}

// TestTimeoutFires: a call that never ends is answered 503, its context ends,
// and the requests after it are none the worse for it (S52).
func TestTimeoutFires(t *testing.T) {
	b := apptest.NewBench(t, authtest.NewServer(t))
	rs := b.Server(apptest.Resource)
	e, began, over := limited(apptest.Moment)
	if err := echomcp.Mount(e, rs, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		b.MCP.ServeHTTP(w, r)
	})); err != nil {
		t.Fatal(err)
	}
	s := b.Serve(e)
	for range 4 {
		a := s.Do(apptest.Call("/mcp", s.Token(apptest.Resource), apptest.Steps))
		s.CheckStatus("a call that never ends", a, http.StatusServiceUnavailable)
		s.Await("the endpoint to give up with the request's context", over)
		call := apptest.Call("/mcp", s.Token(apptest.Resource), apptest.WhoAmI).With("X-Patient", "1")
		if got := s.CallTool(call); got != "sub=alice bearer=withheld" {
			s.Errorf("the app after a timeout: got %q", got)
		}
		s.Await("the patient call to end", over)
	}
}

// TestTimeoutLeaksNothing: what an MCP handler writes after its time is over
// must not land in the answer to another caller, whom Echo has given the same
// context by then (S52, S55). Echo's pool of contexts is a matter of chance,
// hence the rounds.
func TestTimeoutLeaksNothing(t *testing.T) {
	b := apptest.NewBench(t, authtest.NewServer(t))
	rs := b.Server(apptest.Resource)
	e, began, over := limited(20 * time.Millisecond)
	next, wrote := make(chan struct{}), make(chan error)
	if err := echomcp.Mount(e, rs, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-r.Context().Done()
		<-next
		_, err := w.Write([]byte("what alice may see"))
		wrote <- err
	})); err != nil {
		t.Fatal(err)
	}
	e.GET("/page", func(c echo.Context) error {
		began <- struct{}{}
		next <- struct{}{}
		if err := <-wrote; err == nil {
			t.Error("a write after the request's time was over went somewhere")
		}
		return c.String(http.StatusOK, "what bob may see")
	})
	s := b.Serve(e)
	for range 10 {
		a := s.Do(apptest.Call("/mcp", s.Token(apptest.Resource), apptest.WhoAmI))
		s.CheckStatus("a call that never ends", a, http.StatusServiceUnavailable)
		s.CheckApp(apptest.Request{Path: "/page"}.With("X-Patient", "1"), http.StatusOK, "what bob may see")
		s.Await("the first of both requests to end", over)
		s.Await("the second", over)
	}
}

// slow is a verifier whose answer comes when the request's time is over and the
// test says so.
type slow struct{ began, next chan struct{} }

func (v slow) Verify(ctx context.Context, _ string) (core.Principal, error) {
	v.began <- struct{}{}
	<-ctx.Done()
	<-v.next
	return core.Principal{Subject: "alice", Audience: []string{apptest.Resource}, Scopes: []string{apptest.Scope}, NoExpiry: true}, nil
}

// TestTimeoutMixesNobodyUp: a caller who is admitted when the request's time is
// over must not be taken for the one to whom Echo has given the same context by
// then (S54, S55).
func TestTimeoutMixesNobodyUp(t *testing.T) {
	for name, scope := range map[string]string{"admitted late": apptest.Scope, "denied late": "alice:lacks"} {
		t.Run(name, func(t *testing.T) {
			b := apptest.NewBench(t, authtest.NewServer(t))
			e, began, over := limited(20 * time.Millisecond)
			next := make(chan struct{})
			rs := b.Server(apptest.Resource, func(c *core.Config) { c.Verifiers = []core.Verifier{slow{began, next}} })
			e.GET("/me", func(c echo.Context) error {
				t.Error("the route ran for a request that was answered already")
				return c.NoContent(http.StatusNoContent)
			}, echomcp.RequireScopes(rs, scope))
			e.GET("/page", func(c echo.Context) error {
				began <- struct{}{}
				next <- struct{}{}
				<-over // by now the late request has done what it could
				if p, ok := echomcp.Principal(c); ok {
					t.Errorf("a request without a token is taken for one of %s", p.Subject)
				}
				return c.String(http.StatusOK, c.Request().URL.Path)
			})
			s := b.Serve(e)
			for range 10 {
				s.CheckStatus("a slow verifier", s.Do(apptest.Request{Path: "/me", Token: "opaque"}), http.StatusServiceUnavailable)
				s.CheckApp(apptest.Request{Path: "/page"}.With("X-Patient", "1"), http.StatusOK, "/page")
				s.Await("the page's request to end", over)
			}
		})
	}
}
