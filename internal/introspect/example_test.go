package introspect_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/introspect"
)

func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, _ := r.BasicAuth()
		if id != "me" || secret != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"active":%v}`, r.PostFormValue("token") == "good")
	}))
	defer server.Close()

	client := introspect.New(introspect.Options{
		Getter:         fetch.Getter{Timeout: 5 * time.Second},
		Clock:          environ.System(),
		Locate:         func(context.Context) (string, error) { return server.URL, nil },
		Authentication: introspect.Authentication{Method: introspect.Basic, ClientID: "me", Secret: "secret"},
	})
	for _, token := range []string{"good", "bad"} {
		answer, err := client.Ask(context.Background(), token, false, 0)
		fmt.Println(token, answer.Active, err)
	}
	// Output:
	// good true <nil>
	// bad false <nil>
}
