package difffuzz

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"sync"
	"testing"
)

// run records what one request made an SDK do. It travels in the request's
// context.
type run struct {
	cancel context.CancelFunc

	mu         sync.Mutex
	dispatched []operation // what the SDK decoded, before any handler
	notified   []string    // the methods of notifications, whose params are not read
	touched    []string    // the tools, prompts and resources whose handlers ran
}

type runKey struct{}

func runOf(ctx context.Context) *run { return ctx.Value(runKey{}).(*run) }

func (r *run) dispatch(op operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dispatched = append(r.dispatched, op)
}

func (r *run) notify(method string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notified = append(r.notified, method)
}

func (r *run) touch(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched = append(r.touched, name)
}

// endpoint is an SDK's handler, asked at one protocol version.
type endpoint struct {
	sdk     string
	handler http.Handler
	version string // of the protocol, in the header, or "" for none
}

// endpoints returns both SDKs at all protocol versions.
func endpoints() []endpoint {
	var list []endpoint
	goSDK, mcpGo := goSDKHandler(), mcpGoHandler()
	for _, version := range []string{"", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"} {
		list = append(list, endpoint{"go-sdk", goSDK, version}, endpoint{"mcp-go", mcpGo, version})
	}
	return list
}

// post sends a body, with header fields that agree with op as a client's do,
// and returns what ran.
func (e endpoint) post(body []byte, op operation) *run {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := &run{cancel: cancel}
	request := httptest.NewRequestWithContext(context.WithValue(ctx, runKey{}, r), http.MethodPost, "http://127.0.0.1/mcp", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, text/event-stream")
	request.Header.Set("Mcp-Method", op.method)
	if len(op.names) == 1 {
		request.Header.Set("Mcp-Name", op.names[0])
	}
	if e.version != "" {
		request.Header.Set("Mcp-Protocol-Version", e.version)
	}
	e.handler.ServeHTTP(httptest.NewRecorder(), request)
	return r
}

// check fails unless everything that ran is what the gate said.
func (r *run) check(t *testing.T, e endpoint, body []byte, said operation) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, op := range r.dispatched {
		if !reflect.DeepEqual(op, said) {
			t.Errorf("%s %s: %q\nran %q, and the gate said %q", e.sdk, e.version, body, op, said)
		}
	}
	for _, method := range r.notified {
		if method != said.method {
			t.Errorf("%s %s: %q\nnotified %q, and the gate said %q", e.sdk, e.version, body, method, said)
		}
	}
	if len(r.dispatched)+len(r.notified) > 1 {
		t.Errorf("%s %s: %q\nran %d times", e.sdk, e.version, body, len(r.dispatched))
	}
	for _, name := range r.touched {
		if !slices.Contains(said.names, name) {
			t.Errorf("%s %s: %q\ntouched %q, and the gate said %q", e.sdk, e.version, body, name, said)
		}
	}
}
