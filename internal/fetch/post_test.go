package fetch

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// secret is what a form or a header holds that nobody else may see.
const secret = "a-secret-of-the-form"

func TestPost(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.Method != http.MethodPost || r.PostFormValue("token") != secret || user != "id" || password != "word" {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(r.Header.Get("Content-Type")))
	})
	request := http.Request{Header: make(http.Header)}
	request.SetBasicAuth("id", "word")
	response, err := Getter{}.Post(context.Background(), server.URL, url.Values{"token": {secret}}, request.Header)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(response.Body); got != "application/x-www-form-urlencoded" {
		t.Errorf("content type %q", got)
	}
}

func TestPostFollowsNoRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		var reached atomic.Int32
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/next" {
				reached.Add(1)
				return
			}
			http.Redirect(w, r, "/next", status)
		})
		_, err := Getter{}.Post(context.Background(), server.URL, url.Values{"token": {secret}}, nil)
		var failure *StatusError
		if !errors.As(err, &failure) || failure.Status != status || failure.Method != http.MethodPost {
			t.Errorf("S33: status %d: error %v, want a *StatusError", status, err)
		}
		if reached.Load() != 0 {
			t.Errorf("S33: status %d: the redirect was followed", status)
		}
	}
}

func TestPostErrorsHoldNoSecret(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"status":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"too large": func(w http.ResponseWriter, _ *http.Request) { write(w, 101, "") },
		"hanging":   hang(true),
		"cut off":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		server := serve(t, handler)
		_, err := Getter{Limit: 100, Timeout: 100 * time.Millisecond}.Post(context.Background(), server.URL,
			url.Values{"token": {secret}}, http.Header{"Authorization": {"Basic " + secret}})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error %v, want one without the secret", name, err)
		}
	}
	refused := Getter{Client: &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("not reached")
	})}}
	if _, err := refused.Post(context.Background(), "http://as.example/", url.Values{"token": {secret}}, nil); err == nil {
		t.Error("S33: a token was sent over plain http")
	}
}
