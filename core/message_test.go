package core_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// G5: what comes without a length is read to its end too, and nothing is decided
// on the part that is within the limit, though it be a whole message.
func TestG5BodiesWithoutALengthHaveTheLimit(t *testing.T) {
	const limit = 200
	g := newGate(t, func(c *core.Config) {
		notes(c)
		c.Limits.BodyBytes = limit
	})
	body := call("get_weather", "{}")
	for length, want := range map[int]int{limit: http.StatusAccepted, limit + 1: http.StatusRequestEntityTooLarge, 10 * limit: http.StatusRequestEntityTooLarge} {
		r := httptest.NewRequest(http.MethodPost, "https://mcp.example/mcp", io.MultiReader(strings.NewReader(body+strings.Repeat(" ", length-len(body)))))
		r.Header.Set("Authorization", "Bearer scopes:base")
		r.Header.Set("Content-Type", "application/json")
		if r.ContentLength != -1 {
			t.Fatalf("the length is announced: %d", r.ContentLength)
		}
		w := httptest.NewRecorder()
		if g.handler.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%d bytes: status %d, want %d", length, w.Code, want)
		}
	}
	if len(g.ran) != 1 {
		t.Errorf("%d messages ran, want the one within the limit", len(g.ran))
	}
}

// G10: only the whole sentinel makes base64 of what it holds.
func TestG10HalfASentinelIsNone(t *testing.T) {
	const name = "Z2V0X3dlYXRoZXI=" // get_weather
	g := newGate(t, notes)
	for sent, want := range map[string]int{
		"=?base64?" + name + "?=": http.StatusAccepted, name + "?=": http.StatusBadRequest, "=?base64?" + name: http.StatusBadRequest, name: http.StatusBadRequest,
	} {
		if w := g.post("base", call("get_weather", "{}"), "Mcp-Name", sent); w.Code != want {
			t.Errorf("%q: status %d, want %d", sent, w.Code, want)
		}
	}
}

// S12: whose time ended before it was decided on is not let in.
func TestS12NobodyIsLetInTooLate(t *testing.T) {
	rs := newFixed(t, fixed{principal: alice()}, func(*core.Config) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://mcp.example/other", http.NoBody)
	r.Header.Set("Authorization", "Bearer x")
	admitted, err := rs.Authorize(r)
	var denial *core.Denial
	if admitted != nil || !errors.As(err, &denial) || denial.Status != http.StatusServiceUnavailable {
		t.Errorf("a request that is over: %v", err)
	}
}

// G10: what Mcp-Name mirrors is the task where a message is about one, and clients
// must send it there (SEP-2663, streamable HTTP: routing headers).
func TestG10TasksAreMirroredByTheirID(t *testing.T) {
	g := newGate(t, func(c *core.Config) {
		notes(c)
		for _, method := range []string{"tasks/get", "tasks/update", "tasks/cancel"} {
			c.Policy.Methods[method] = core.Scopes()
		}
	})
	for _, method := range []string{"tasks/get", "tasks/update", "tasks/cancel"} {
		for _, c := range []struct {
			params, sent string
			status       int
		}{
			{`{"taskId":"t\u0031"}`, "t1", http.StatusAccepted},
			{`{"taskId":"t1"}`, "=?base64?dDE=?=", http.StatusAccepted},
			{`{"taskId":"t1"}`, "t2", http.StatusBadRequest},
			{`{"taskId":"t1","name":"t2","uri":"t2"}`, "t2", http.StatusBadRequest},
			{`{"taskId":1}`, "1", http.StatusBadRequest},
			{`{"name":"t1"}`, "t1", http.StatusBadRequest},
		} {
			w := g.post("base", request(method, c.params), "Mcp-Method", method, "Mcp-Name", c.sent)
			if w.Code != c.status {
				t.Errorf("%s of %s with Mcp-Name %s: status %d, want %d: %s", method, c.params, c.sent, w.Code, c.status, w.Body)
			}
		}
	}
}
