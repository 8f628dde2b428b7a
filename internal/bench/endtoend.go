package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

// call is a tools/call of MCP 2026-07-28, which needs no session.
const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Oslo"},` +
	`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`

// endToEnd is P12: calls of a tool over loopback, client and server in one
// process.
func endToEnd(ctx context.Context, a *authority, s scale, t *table) error {
	rs, err := resourceServer(ctx, a)
	if err != nil {
		return err
	}
	list, err := bridged(ctx, a, rs)
	if err != nil {
		return err
	}
	token := a.token()
	var subjects []subject
	for _, x := range list {
		server := httptest.NewServer(x.handler)
		defer server.Close()
		c := &caller{ctx: ctx, url: server.URL + path, token: token, client: server.Client()}
		if c.call(); c.err != nil {
			return fmt.Errorf("%s: %w", x.name, c.err)
		}
		subjects = append(subjects, subject{name: x.name, work: c.call})
		defer func() { err = c.err }()
	}
	r := compare(scale{rounds: s.rounds, batch: 4 * s.batch}, subjects)
	added := func(name string) float64 { return 100 * (r.ratio(name, "", bare, "") - 1) }
	t.atMost("P12", "processor time added to a go-sdk tools/call", 3, added(ours), " %",
		fmt.Sprintf("%s %.1f %%, of %.0f µs", sdkBearer, added(sdkBearer), r.time(bare)/1e3))
	return nil
}

// caller calls the tool, and remembers the last thing that went wrong.
type caller struct {
	ctx        context.Context //nolint:containedctx // it is for the calls of one comparison
	url, token string
	client     *http.Client
	err        error
}

func (c *caller) call() {
	if err := c.once(); err != nil {
		c.err = err
	}
}

func (c *caller) once() error {
	r, err := http.NewRequestWithContext(c.ctx, http.MethodPost, c.url, strings.NewReader(call))
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + c.token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "get_weather",
	} {
		r.Header.Set(name, value)
	}
	response, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !strings.Contains(string(body), "sunny in Oslo") {
		return fmt.Errorf("status %d: %.200s", response.StatusCode, body)
	}
	return nil
}
