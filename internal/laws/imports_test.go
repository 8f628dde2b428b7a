package laws

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const goSDK = "github.com/modelcontextprotocol/go-sdk"

// strangers are what only one of the packages below may know each.
func strangers() []string {
	return []string{
		"github.com/gin-gonic", "github.com/gin-contrib", "github.com/labstack", "github.com/go-chi",
		goSDK, "github.com/mark3labs", "golang.org/x/oauth2",
		module + "/ginmcp", module + "/echomcp", module + "/chimcp", module + "/nethttp",
	}
}

// TestReach checks what a package imports, directly or not.
func TestReach(t *testing.T) {
	for folder, may := range map[string][]string{
		"core":           {},
		"core/devissuer": {},
		"core/issuers":   {},
		"core/authtest":  {},
		"core/gosdk":     {goSDK, "golang.org/x/oauth2"},
		"core/client":    {"golang.org/x/oauth2"},
		"ginmcp":         {"github.com/gin-gonic", "github.com/gin-contrib"},
		"echomcp":        {"github.com/labstack"},
		"chimcp":         {"github.com/go-chi"},
		"nethttp":        {},
	} {
		t.Run(folder, func(t *testing.T) {
			own := module + "/" + folder
			for _, reached := range strings.Fields(goCommand(t, root, "list", "-deps", "./"+folder)) {
				for _, stranger := range strangers() {
					if within(reached, stranger) && reached != own && !slices.Contains(may, stranger) {
						t.Errorf("it reaches %s", reached)
					}
				}
				if within(reached, "testing") && folder != "core/authtest" {
					t.Errorf("it reaches %s, which is for tests", reached)
				}
			}
		})
	}
}

// TestVendor makes the app of someone who uses one router, vendors it as they
// would, and looks for what they didn't ask for.
func TestVendor(t *testing.T) {
	for adapter, router := range adapters() {
		t.Run(adapter, func(t *testing.T) {
			vendored := vendor(t, adapter)
			if !strings.Contains(vendored, "\n"+module+"/core\n") {
				t.Fatalf("the kit isn't there:\n%s", vendored)
			}
			for _, stranger := range []string{"gin-gonic", "labstack", "go-chi", "modelcontextprotocol"} {
				if strings.Contains(vendored, stranger) && !strings.Contains(router, stranger) {
					t.Errorf("a user of %s has to vendor %s", adapter, stranger)
				}
			}
		})
	}
}

// vendor returns the list of modules and packages that the app of an adapter
// has in its vendor folder.
func vendor(t *testing.T, adapter string) string {
	t.Helper()
	kit, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	app := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/app\n\n" + goDirective(t) + "\n\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + kit + "\n",
		"go.sum": string(read(t, "go.sum")),
		"app.go": "package app\n\nimport _ \"" + module + "/" + adapter + "\"\n",
	} {
		if err := os.WriteFile(filepath.Join(app, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	goCommand(t, app, "mod", "tidy")
	goCommand(t, app, "mod", "vendor")
	list, err := os.ReadFile(filepath.Join(app, "vendor", "modules.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(list)
}

// TestRequirements checks that the kit's go.mod names what users get, and
// nothing that only tests or tools need.
func TestRequirements(t *testing.T) {
	allowed := []string{
		"github.com/MicahParks/jwkset", "github.com/MicahParks/keyfunc/v3", "github.com/golang-jwt/jwt/v5",
		"github.com/gin-gonic/gin", "github.com/labstack/echo/v4", "github.com/go-chi/chi/v5",
		goSDK, "golang.org/x/oauth2", "golang.org/x/time",
		"github.com/yosida95/uritemplate/v3", // with which both Go SDKs match resource URIs
	}
	requirement := regexp.MustCompile(`^(?:require )?(\S+\.\S+/\S+) v\S+$`)
	for line := range strings.Lines(string(read(t, "go.mod"))) {
		line = strings.TrimSpace(line)
		if word, _, _ := strings.Cut(line, " "); slices.Contains([]string{"replace", "exclude", "tool", "toolchain"}, word) {
			t.Errorf("go.mod has the directive %q", line)
		}
		if requirement.MatchString(line) && !slices.Contains(allowed, requirement.ReplaceAllString(line, "$1")) {
			t.Errorf("go.mod has %q", line)
		}
	}
}

func goDirective(t *testing.T) string {
	t.Helper()
	directive := regexp.MustCompile(`(?m)^go \S+$`).Find(read(t, "go.mod"))
	if directive == nil {
		t.Fatal("go.mod has no go directive")
	}
	return string(directive)
}

// within reports whether a package is the other one or below it.
func within(pkg, other string) bool { return pkg == other || strings.HasPrefix(pkg, other+"/") }

func goCommand(t *testing.T, folder string, arguments ...string) string {
	t.Helper()
	var problem strings.Builder
	cmd := exec.CommandContext(t.Context(), "go", arguments...)
	cmd.Dir, cmd.Stderr = folder, &problem
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %v: %v\n%s", arguments, err, problem.String())
	}
	return string(out)
}
