package gate

import (
	"os"
	"testing"

	"github.com/gin-gonic/gin"
)

// TestMain sets what gin keeps for the whole process, before anything runs.
func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}
