package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/echomcp"
	"github.com/mcpbearer/mcpbearer/ginmcp"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// app is one router with something before its one route, which answers POST
// requests.
type app struct {
	name    string
	router  string // whose bare one is the base of it
	handler http.Handler
}

// The names of what is compared. A route is an ordinary one behind the kit's
// RequireScopes, which does what the peers do. The endpoint does more: it reads
// the message too, and refuses what two decoders would read differently.
const (
	ours      = "mcpbearer"
	endpoint  = "mcpbearer endpoint"
	bare      = "nothing"
	sdkBearer = "go-sdk RequireBearerToken + keyfunc"
)

func done(http.ResponseWriter, *http.Request) {}

// resourceServer returns the kit's, with its keys there.
func resourceServer(ctx context.Context, a *authority) (*core.ResourceServer, error) {
	rs, err := unreadyServer(ctx, a)
	if err != nil {
		return nil, err
	}
	return rs, ready(ctx, rs.Ready)
}

func unreadyServer(ctx context.Context, a *authority) (*core.ResourceServer, error) {
	return core.New(ctx, core.Config{
		Resource: resource, AuthorizationServers: []string{a.issuer()}, Scopes: []string{scope},
		Issuers: []core.Issuer{{URL: a.issuer(), JWKSURL: a.keySetURL()}}, Logger: slog.New(slog.DiscardHandler),
	})
}

// peer is what stands before a handler of net/http.
type peer struct {
	name string
	open func(context.Context, *authority) (middleware, error)
}

func peers() []peer {
	return []peer{
		{sdkBearer, goSDK},
		{"go-oidc", goOIDC},
		{"jwx", jwx},
		{"go-chi/jwtauth", chiJWTAuth},
		{"auth0/go-jwt-middleware", auth0},
	}
}

// everything returns the kit's resource server and all apps.
func everything(ctx context.Context, a *authority) (*core.ResourceServer, []app, error) {
	rs, err := resourceServer(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	list, err := apps(ctx, a, rs)
	return rs, list, err
}

// apps returns each router bare, with the kit and with the SDK's middleware;
// and net/http with every peer, Gin and Echo with their own.
func apps(ctx context.Context, a *authority, rs *core.ResourceServer) ([]app, error) {
	var list []app
	for _, p := range peers() {
		m, err := p.open(ctx, a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		list = append(list, app{p.name, "net/http", overMux(m)})
		if p.name == sdkBearer {
			list = append(list, app{p.name, "gin", overGin(gin.WrapH(m(http.HandlerFunc(done))))},
				app{p.name, "echo", overEcho(echo.WrapHandler(m(http.HandlerFunc(done))))}, app{p.name, "chi", overChi(m)})
		}
	}
	list = append(list, app{bare, "net/http", overMux(nil)}, app{bare, "gin", overGin(gin.WrapF(done))},
		app{bare, "echo", overEcho(echo.WrapHandler(http.HandlerFunc(done)))}, app{bare, "chi", overChi(nil)})
	byHand, err := ginByHand(ctx, a)
	if err != nil {
		return nil, err
	}
	byMiddleware, err := echoJWT(ctx, a)
	if err != nil {
		return nil, err
	}
	list = append(list, app{"gin + keyfunc by hand", "gin", overGin(byHand, gin.WrapF(done))},
		app{"echo-jwt + keyfunc", "echo", overEcho(echo.WrapHandler(http.HandlerFunc(done)), byMiddleware...)})
	kit, err := withKit(rs)
	return append(list, kit...), err
}

// withKit returns the kit's routes and endpoints in each router.
func withKit(rs *core.ResourceServer) ([]app, error) {
	end := http.HandlerFunc(done)
	mux, router := http.NewServeMux(), chi.NewRouter()
	g, e := newGin(), echo.New()
	for _, mount := range []func() error{
		func() error { return nethttp.Mount(mux, rs, end) },
		func() error { return ginmcp.Mount(g, rs, end) },
		func() error { return echomcp.Mount(e, rs, end) },
		func() error { return chimcp.Mount(router, rs, end) },
	} {
		if err := mount(); err != nil {
			return nil, err
		}
	}
	return []app{
		{endpoint, "net/http", mux},
		{endpoint, "gin", g},
		{endpoint, "echo", e},
		{endpoint, "chi", router},
		{ours, "net/http", overMux(nethttp.RequireScopes(rs, scope))},
		{ours, "gin", overGin(ginmcp.RequireScopes(rs, scope), gin.WrapF(done))},
		{ours, "echo", overEcho(echo.WrapHandler(end), echomcp.RequireScopes(rs, scope))},
		{ours, "chi", overChi(chimcp.RequireScopes(rs, scope))},
	}, nil
}

func overMux(m middleware) http.Handler {
	mux := http.NewServeMux()
	if m == nil {
		m = func(next http.Handler) http.Handler { return next }
	}
	mux.Handle("POST "+path, m(http.HandlerFunc(done)))
	return mux
}

func newGin() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	return gin.New()
}

func overGin(handlers ...gin.HandlerFunc) http.Handler {
	g := newGin()
	g.POST(path, handlers...)
	return g
}

func overEcho(h echo.HandlerFunc, m ...echo.MiddlewareFunc) http.Handler {
	e := echo.New()
	e.POST(path, h, m...)
	return e
}

func overChi(m middleware) http.Handler {
	router := chi.NewRouter()
	if m != nil {
		router.Use(m)
	}
	router.Post(path, done)
	return router
}

// bridged returns the SDK's handler behind the kit and its bridge, behind the
// SDK's own middleware, and bare.
func bridged(ctx context.Context, a *authority, rs *core.ResourceServer) ([]app, error) {
	m, err := goSDK(ctx, a)
	if err != nil {
		return nil, err
	}
	return []app{
		{ours, "SDK", rs.Handler(gosdk.Handler(newServer(), nil))},
		{sdkBearer, "SDK", m(sdkHandler())},
		{bare, "SDK", sdkHandler()},
	}, nil
}

// sdkHandler is set up as the bridge sets it up.
func sdkHandler() http.Handler {
	server := newServer()
	return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server },
		&mcp.StreamableHTTPOptions{Stateless: true, PropagateRequestCancellation: true})
}

// newServer has one tool, which does next to nothing.
func newServer() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "bench", Version: "1"}, nil)
	type input struct {
		City string `json:"city"`
	}
	mcp.AddTool(server, &mcp.Tool{Name: "get_weather"}, func(_ context.Context, _ *mcp.CallToolRequest, in input) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "sunny in " + in.City}}}, nil, nil
	})
	return server
}
