package guides

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"
)

// requireSession lets in people who have a session cookie, and nobody else.
func requireSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("session"); err != nil {
			http.Redirect(w, r, "/sign-in", http.StatusFound)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func ginRequireSession(c *gin.Context) {
	if _, err := c.Cookie("session"); err != nil {
		c.Redirect(http.StatusFound, "/sign-in")
		c.Abort()
	}
}

func echoRequireSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if _, err := c.Cookie("session"); err != nil {
			return c.Redirect(http.StatusFound, "/sign-in")
		}
		return next(c)
	}
}

func inbox(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("inbox")) // the client is gone if this fails
}
