package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
)

// call is a tools/call of MCP 2026-07-28, which needs no session.
const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Oslo"},` +
	`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`

// endToEnd is P12: calls of a tool, from the request to the last byte of the
// answer. There is no network, whose cost would hide what is measured.
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
		v, err := newVisit(ctx, x.handler, token)
		if err != nil {
			return err
		}
		for name, value := range map[string]string{
			"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
			"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "get_weather",
		} {
			v.request.Header.Set(name, value)
		}
		v.body = call
		if err := v.answers("sunny in Oslo"); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		// The SDK takes half a megabyte for each call. Each batch begins with a
		// clean heap, so that all have as many collections to bear.
		subjects = append(subjects, subject{name: x.name, before: runtime.GC, work: func() { v.send() }})
	}
	r := compare(scale{rounds: 2 * s.rounds, batch: 20 * s.batch}, subjects)
	added := func(name string) float64 { return 100 * (r.ratio(name, "", bare, "") - 1) }
	t.atMost("P12", "processor time added to a go-sdk tools/call", 3, added(ours), " %",
		fmt.Sprintf("%s %.1f %%, of %.0f µs", sdkBearer, added(sdkBearer), r.time(bare)/1e3))
	return nil
}

// answers reports whether the answer holds that text.
func (v *visit) answers(text string) error {
	w := httptest.NewRecorder()
	v.prepare()
	v.handler.ServeHTTP(w, v.request)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), text) {
		return fmt.Errorf("status %d: %.200s", w.Code, w.Body)
	}
	return nil
}

// prepare gives the request what the last handler took away.
func (v *visit) prepare() {
	v.request.Header["Authorization"] = v.bearer
	if v.body != "" {
		v.request.Body, v.request.ContentLength = io.NopCloser(strings.NewReader(v.body)), int64(len(v.body))
	}
}
