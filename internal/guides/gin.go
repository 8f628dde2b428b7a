package guides

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/ginmcp"
)

func ginWithSessions(ctx context.Context, config core.Config, mcp http.Handler) (http.Handler, error) {
	router := gin.New()
	router.Use(ginRequireSession) // for every route
	router.GET("/inbox", func(c *gin.Context) { c.String(http.StatusOK, "inbox") })

	rs, err := core.New(ctx, config)
	if err != nil {
		return nil, err
	}
	return rs.InFront(router, mcp), nil // in place of ginmcp.Mount
}

func ginRoutes(router *gin.Engine, rs *core.ResourceServer) {
	api := router.Group("/api", ginmcp.RequireScopes(rs, "notes:read"))
	api.GET("/notes", func(c *gin.Context) {
		caller, _ := ginmcp.Principal(c)
		c.JSON(http.StatusOK, gin.H{"owner": caller.Subject})
	})
}
