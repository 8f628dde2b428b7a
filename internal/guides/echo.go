package guides

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/echomcp"
)

func echoWithSessions(ctx context.Context, config core.Config, mcp http.Handler) (http.Handler, error) {
	router := echo.New()
	router.Use(echoRequireSession) // for every route
	router.GET("/inbox", func(c echo.Context) error { return c.String(http.StatusOK, "inbox") })

	rs, err := core.New(ctx, config)
	if err != nil {
		return nil, err
	}
	return rs.InFront(router, mcp), nil // in place of echomcp.Mount
}

func echoRoutes(router *echo.Echo, rs *core.ResourceServer) {
	api := router.Group("/api", echomcp.RequireScopes(rs, "notes:read"))
	api.GET("/notes", func(c echo.Context) error {
		caller, _ := echomcp.Principal(c)
		return c.JSON(http.StatusOK, map[string]string{"owner": caller.Subject})
	})
}
