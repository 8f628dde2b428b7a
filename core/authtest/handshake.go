package authtest

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/cases"
)

const (
	askedVersion = "2025-11-25"
	initialize   = `{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":"` + askedVersion + `",` +
		`"capabilities":{},"clientInfo":{"name":"authtest","version":"1"}}}`
	initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
)

// controlID is the row that says whether a good token is let in; without that
// nothing else of the instance can be said.
func (t *trial) controlID() string {
	return map[instance]string{
		plain: "S4/let-in", crowded: "S31/bad-keys-beside", down: "S27/heals", rotated: "S29/first-requests",
	}[t.kind]
}

// handshake waits until a good token is let in, and agrees on a protocol
// version and a session, if the server has any. It returns why it can't.
func (t *trial) handshake() string {
	var last *answer
	if t.eventually(t.suite.patience/2, func() bool {
		if last = t.initialize(t.full); last.err == nil && last.status == http.StatusOK && last.result() {
			return true
		}
		return t.discover()
	}) {
		return ""
	}
	return t.redact("\tsent: " + last.sent() + "\n\texpected: a result, since the token is good for everything\n\tcame: " + last.String())
}

// initialize begins a session, as MCP has it before 2026-07-28.
func (t *trial) initialize(token string) *answer {
	a := t.send(sending{token: token, holder: "a good token", body: initialize})
	if a.err != nil || a.status != http.StatusOK {
		return a
	}
	t.session, t.version = a.header.Get("Mcp-Session-Id"), askedVersion
	for _, text := range a.messages() {
		var message struct {
			Result struct {
				ProtocolVersion string `json:"protocolVersion"`
			} `json:"result"`
		}
		if json.Unmarshal(text, &message) == nil && message.Result.ProtocolVersion != "" {
			t.version = message.Result.ProtocolVersion
		}
	}
	if t.session != "" {
		t.send(t.inSession(sending{token: token, body: initialized}))
	}
	return a
}

// renew begins another session, since what was sent may have broken the one that
// there is.
func (t *trial) renew() {
	if t.session != "" {
		t.initialize(t.full)
	}
}

// discover tries MCP 2026-07-28, which has no handshake.
func (t *trial) discover() bool {
	t.modern, t.version, t.session = true, "2026-07-28", ""
	a := t.send(t.inSession(sending{token: t.full, body: cases.Request("tools/list", "{}")}))
	t.modern = a.err == nil && a.status == http.StatusOK && a.result()
	return t.modern
}

// eventually waits for what the server brings about by itself, and looks often.
func (t *trial) eventually(within time.Duration, holds func() bool) bool {
	ctx, cancel := context.WithTimeout(t.tb.Context(), within)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if holds() {
			return true
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false
		}
	}
}
