package authtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

const keySetPath = "/jwks.json"

// get asks for the key set until ctx ends, and returns status, body and the
// error of reading it.
func get(ctx context.Context, t *testing.T, as *authtest.Server) (status int, at string, body []byte, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, as.Endpoints().KeySet, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, response.Request.URL.String(), body, err
}

func TestBreak(t *testing.T) {
	as := authtest.NewServer(t)
	for fault, want := range map[authtest.Fault]func(status int, body []byte) bool{
		authtest.Failing:  func(status int, _ []byte) bool { return status == http.StatusInternalServerError },
		authtest.NotFound: func(status int, _ []byte) bool { return status == http.StatusNotFound },
		authtest.HTML: func(status int, body []byte) bool {
			return status == http.StatusOK && bytes.HasPrefix(body, []byte("<!doctype html>"))
		},
		authtest.Malformed: func(status int, body []byte) bool { return status == http.StatusOK && !json.Valid(body) },
		authtest.EmptySet: func(status int, body []byte) bool {
			return status == http.StatusOK && string(body) == `{"keys":[]}`
		},
		authtest.Huge: func(status int, body []byte) bool {
			return status == http.StatusOK && len(body) >= 64<<20 && json.Valid(body)
		},
	} {
		t.Run(string(fault), func(t *testing.T) {
			as.Break(keySetPath, fault)
			status, _, body, err := get(t.Context(), t, as)
			if err != nil || !want(status, body) {
				t.Errorf("status %d, %d bytes, error %v", status, len(body), err)
			}
			as.Break(keySetPath, "")
			keyIDs(t, as)
		})
	}
}

func TestBreakWithoutAnEnd(t *testing.T) {
	as := authtest.NewServer(t)
	for _, fault := range []authtest.Fault{authtest.Hanging, authtest.Stalling} {
		t.Run(string(fault), func(t *testing.T) {
			as.Break(keySetPath, fault)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if _, _, body, err := get(ctx, t, as); err == nil {
				t.Errorf("it ended, with %d bytes", len(body))
			}
		})
	}
}

func TestBreakRedirects(t *testing.T) {
	as := authtest.NewServer(t)
	as.Break(keySetPath, authtest.Redirected)
	_, at, body, err := get(t.Context(), t, as)
	if err != nil || strings.HasPrefix(at, as.Issuer()) || !strings.HasSuffix(at, authtest.StrangerKeysPath) {
		t.Errorf("ended at %s: %v", at, err)
	}
	if !bytes.Contains(body, []byte(as.KeyID("RS256"))) {
		t.Error("the stranger doesn't use the server's key ids")
	}
}

func TestHoldAndSlow(t *testing.T) {
	as := authtest.NewServer(t)
	release := as.Hold(keySetPath)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, _, err := get(ctx, t, as); err == nil {
		t.Error("what is held was answered")
	}
	release()
	keyIDs(t, as)
	as.Slow(keySetPath, time.Millisecond)
	began := time.Now()
	keyIDs(t, as)
	if time.Since(began) < time.Millisecond {
		t.Error("a slow answer took no time")
	}
	as.Slow(keySetPath, time.Hour)
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, _, err := get(ctx, t, as); err == nil {
		t.Error("an answer was not as slow as it had to be")
	}
	as.Slow(keySetPath, 0)
	keyIDs(t, as)
}
