package keyset_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/keyset"
)

func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	}))
	defer server.Close()

	set, err := keyset.Start(
		ctx,
		func(context.Context) (string, error) { return server.URL, nil },
		keyset.Options{
			Clock: environ.System(), Logger: slog.New(slog.DiscardHandler), Issuer: "https://as.example",
			Cooldown: 10 * time.Second, Stale: time.Hour,
		},
	)
	fmt.Println(err, set.Ready(ctx))

	kid := "1"
	_, err = set.Verify(ctx, jwt.SigningMethodEdDSA, &kid, "header.payload", make([]byte, 64))
	fmt.Println(errors.Is(err, jwt.ErrTokenSignatureInvalid))
	// Output:
	// <nil> <nil>
	// true
}
