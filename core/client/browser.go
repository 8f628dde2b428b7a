package client

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"runtime"
)

// OpenBrowser opens a page in the user's browser, by the command that the system
// has for it. It is the default of Config.Redirect. It takes https and http URLs
// only, and fails where there is no such command, as on a machine without a
// screen: set Config.Redirect there.
func OpenBrowser(ctx context.Context, page string) error {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("a browser is opened for https and http URLs only")
	}
	command := opener(runtime.GOOS)
	// The browser outlives the authorization.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), command[0], append(command[1:], u.String())...) //nolint:gosec // the URL is an argument of its own, and begins with its scheme
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("opening the browser: %w: open the authorization URL by other means (Config.Redirect)", err)
	}
	go func() { _ = cmd.Wait() }() // gives the process back to the system when it ends
	return nil
}

// opener is the command that opens a URL.
func opener(system string) []string {
	switch system {
	case "darwin":
		return []string{"open"}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	return []string{"xdg-open"}
}
