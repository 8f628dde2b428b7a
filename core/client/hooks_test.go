package client_test

import (
	"context"
	"errors"
	"net/url"

	"github.com/mcpbearer/mcpbearer/core/client"
)

var errSeen = errors.New("seen enough")

// spy is a browser that looks at the authorization URL and goes no further.
func (w *world) spy(page **url.URL) func(context.Context, string) error {
	return func(_ context.Context, raw string) error {
		u, err := url.Parse(raw)
		if err != nil {
			return err
		}
		*page = u
		return errSeen
	}
}

// fixedPath is a Loopback that always has the path /callback.
func fixedPath(ctx context.Context, _ string) (*client.Reception, error) {
	return client.Loopback{}.Receive(ctx, "")
}

// ownReception is how an app with a page of its own would receive: all that
// arrives is handed on.
func ownReception(ctx context.Context, registered string) (*client.Reception, error) {
	r, err := client.Loopback{}.Receive(ctx, registered)
	if err != nil {
		return nil, err
	}
	return &client.Reception{RedirectURI: r.RedirectURI, Wait: r.Wait, Close: r.Close}, nil
}

// recorded is a Loopback that tells its redirect URI.
func recorded(redirectURI *string) func(context.Context, string) (*client.Reception, error) {
	return func(ctx context.Context, registered string) (*client.Reception, error) {
		r, err := client.Loopback{}.Receive(ctx, registered)
		if err == nil {
			*redirectURI = r.RedirectURI
		}
		return r, err
	}
}
