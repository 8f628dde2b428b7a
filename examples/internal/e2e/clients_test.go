//go:build interop

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	goclient "github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	gomcp "github.com/mark3labs/mcp-go/mcp"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// plan is what every client calls, in this order.
func plan() []toolCall {
	return []toolCall{{"get_weather", "Oslo"}, {"purge", ""}, {"get_weather", "Rome"}}
}

type toolCall struct{ tool, city string }

func (c toolCall) arguments() map[string]any {
	if c.city == "" {
		return map[string]any{}
	}
	return map[string]any{"city": c.city}
}

// runGoSDK is the official SDK's client.
func runGoSDK(t *testing.T, s *stage) ([]string, error) {
	me := &person{name: "alice", wire: s.wire, tapped: true}
	if s.document {
		me.document = clientDocument
	}
	session, err := me.connect(t, s.endpoint, s.version())
	if err != nil {
		return nil, err
	}
	return callAll(func(call toolCall) (string, error) {
		return textOf(session.CallTool(timeout(t), &mcp.CallToolParams{Name: call.tool, Arguments: call.arguments()}))
	})
}

// callAll makes the calls of the plan until one fails.
func callAll(one func(toolCall) (string, error)) (answers []string, err error) {
	for _, call := range plan() {
		text, err := one(call)
		if err != nil {
			return answers, fmt.Errorf("%s: %w", call.tool, err)
		}
		answers = append(answers, text)
	}
	return answers, nil
}

// runMCPGo is mcp-go's client, with the application around it that it needs: one
// that opens the browser, and that knows which scopes to ask for.
func runMCPGo(scopes ...string) func(*testing.T, *stage) ([]string, error) {
	return func(t *testing.T, s *stage) ([]string, error) {
		ctx := timeout(t)
		home, redirected := receiver(t)
		c, err := goclient.NewOAuthStreamableHttpClient(s.endpoint, goclient.OAuthConfig{
			RedirectURI: home, Scopes: scopes, PKCEEnabled: true, TokenStore: goclient.NewMemoryTokenStore(),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // the server may be gone first
		if err := c.Start(ctx); err != nil {
			t.Fatal(err)
		}
		request := gomcp.InitializeRequest{Params: gomcp.InitializeParams{
			ProtocolVersion: s.version(), ClientInfo: gomcp.Implementation{Name: "e2e", Version: "1.0.0"},
		}}
		_, err = c.Initialize(ctx, request)
		if handler := goclient.GetOAuthHandler(err); handler != nil {
			if err = mcpGoAuthorizes(ctx, t, s, handler, home, redirected); err == nil {
				_, err = c.Initialize(ctx, request)
			}
		}
		if err != nil {
			return nil, err
		}
		return callAll(func(call toolCall) (string, error) {
			result, err := c.CallTool(ctx, gomcp.CallToolRequest{Params: gomcp.CallToolParams{Name: call.tool, Arguments: call.arguments()}})
			if err != nil || len(result.Content) != 1 {
				return "", fmt.Errorf("it answers %+v: %w", result, err)
			}
			text, _ := gomcp.AsTextContent(result.Content[0])
			return text.Text, nil
		})
	}
}

func mcpGoAuthorizes(ctx context.Context, t *testing.T, s *stage, handler *transport.OAuthHandler, home string, redirected <-chan url.Values) error {
	verifier, err := goclient.GenerateCodeVerifier()
	if err != nil {
		return err
	}
	state, err := goclient.GenerateState()
	if err != nil {
		return err
	}
	if err := handler.RegisterClient(ctx, "interop client"); err != nil {
		return err
	}
	page, err := handler.GetAuthorizationURL(ctx, state, goclient.GenerateCodeChallenge(verifier))
	if err != nil {
		return err
	}
	browser, err := newBrowser(s.wire.by("browser"), "alice")
	if err != nil {
		t.Fatal(err)
	}
	if err := browser.visit(ctx, page, home); err != nil {
		return err
	}
	answer := <-redirected
	return handler.ProcessAuthorizationResponse(ctx, answer.Get("code"), answer.Get("state"), verifier)
}

// runTypeScript is a client of a TypeScript SDK, with the words that its script
// understands.
func runTypeScript(script string, words ...string) func(*testing.T, *stage) ([]string, error) {
	return func(t *testing.T, s *stage) ([]string, error) {
		args := append([]string{script, s.endpoint}, words...)
		if s.document {
			args = append(args, "document="+clientDocument)
		}
		cmd := exec.CommandContext(timeout(t), "node", args...)
		cmd.Dir = installed(t, "typescript")
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
		output, err := s.runWithBrowser(t, cmd)
		var answers []string
		for line := range strings.Lines(output) {
			if text, ok := strings.CutPrefix(strings.TrimSpace(line), "text: "); ok {
				answers = append(answers, text)
			}
		}
		return answers, err
	}
}

// runInspector is the MCP Inspector's command line, one process a call, which
// share what they store.
func runInspector(t *testing.T, s *stage) ([]string, error) {
	i := &inspector{stage: s, home: t.TempDir(), callback: "http://" + freeAddress(t) + "/oauth/callback"}
	return callAll(func(call toolCall) (string, error) { return i.call(t, call) })
}

type inspector struct {
	stage    *stage
	home     string
	callback string
}

func (i *inspector) call(t *testing.T, call toolCall) (string, error) {
	t.Helper()
	arguments, err := json.Marshal(call.arguments())
	if err != nil {
		t.Fatal(err)
	}
	node, err := filepath.Abs(filepath.Join(installed(t, "conformance"), "node_modules", ".bin"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(timeout(t), filepath.Join("node_modules", ".bin", "inspector"),
		"--cli", "--server-url", i.stage.endpoint, "--transport", "http", "--quiet", "--format", "json",
		"--method", "tools/call", "--tool-name", call.tool, "--tool-args-json", string(arguments))
	cmd.Dir = installed(t, "inspector")
	cmd.Env = []string{
		"PATH=" + node + ":" + os.Getenv("PATH"), "HOME=" + i.home, "MCP_OAUTH_CALLBACK_URL=" + i.callback, "MCP_INSPECTOR_SECRET_STORE=file",
		// Without a terminal it needs to be told that somebody is there. The browser
		// that it opens does nothing; the one of the test reads where it should go.
		"MCP_AUTO_OPEN_ENABLED=true", "BROWSER=true",
	}
	output, err := i.stage.runWithBrowser(t, cmd)
	if err != nil {
		return "", err
	}
	var answer struct {
		Result struct {
			Content []struct{ Text string }
		}
	}
	if err := json.Unmarshal([]byte(output), &answer); err != nil {
		return "", fmt.Errorf("it prints %q: %w", output, err)
	}
	if len(answer.Result.Content) != 1 {
		return "", fmt.Errorf("it prints %q", output)
	}
	return answer.Result.Content[0].Text, nil
}

// installed returns the directory of an npm part, which npm ci has filled.
func installed(t *testing.T, part string) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(part, "node_modules")); err != nil {
		t.Fatalf("%v: run npm ci in examples/internal/e2e/%s first", err, part)
	}
	return part
}

// runWithBrowser runs a client, and sends the browser where it asks to, on either
// output. It returns what the client prints on its standard output.
func (s *stage) runWithBrowser(t *testing.T, cmd *exec.Cmd) (string, error) {
	t.Helper()
	browser, err := newBrowser(s.wire.by("browser"), "alice")
	if err != nil {
		t.Fatal(err)
	}
	var output, complaints bytes.Buffer
	printed, both := io.Pipe()
	cmd.Stdout = io.MultiWriter(&output, both)
	cmd.Stderr = io.MultiWriter(&complaints, both)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		_ = both.Close() // of a pipe in memory
	}()
	lost := s.follow(t, browser, printed)
	if lost != nil {
		_ = cmd.Process.Kill() // it waits for an answer that will not come
	}
	_, _ = io.Copy(io.Discard, printed)
	if err := <-ended; err != nil {
		return output.String(), fmt.Errorf("%w\n%s\n%s", err, &output, &complaints)
	}
	return output.String(), lost
}

// follow goes where the client asks to.
func (s *stage) follow(t *testing.T, browser *browser, printed io.Reader) error {
	ctx := timeout(t)
	for lines := bufio.NewScanner(printed); lines.Scan(); {
		_, page, asked := strings.Cut(lines.Text(), "authorize: ")
		if !asked {
			_, page, asked = strings.Cut(lines.Text(), "Please navigate to: ")
		}
		if !asked {
			continue
		}
		to, err := url.Parse(page)
		if err != nil {
			return fmt.Errorf("the client prints an address that is none: %w", err)
		}
		if err := browser.visit(ctx, page, to.Query().Get("redirect_uri")); err != nil {
			return fmt.Errorf("authorizing: %w", err)
		}
	}
	return nil
}
