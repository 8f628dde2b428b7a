package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

func ExampleGetter_Get() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/jwks.json" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `{"keys":[]}`)
	}))
	defer server.Close()

	var getter fetch.Getter
	response, err := getter.Get(context.Background(), server.URL+"/jwks.json")
	fmt.Printf("%s %v\n", response.Body, err)

	_, err = getter.Get(context.Background(), server.URL+"/other")
	var status *fetch.StatusError
	if errors.As(err, &status) {
		fmt.Println(status.Status)
	}
	// Output:
	// {"keys":[]} <nil>
	// 404
}
