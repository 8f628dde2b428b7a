package situations

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/gosdk"
	"github.com/mcpbearer/mcpbearer/nethttp"
)

// tokenStore verifies tokens that a database knows. Whether a token is good and
// whether the database can be asked are two questions.
type tokenStore struct {
	resource string
	lookup   func(ctx context.Context, token string) (record, error)
}

type record struct {
	subject string
	scopes  []string
	expiry  time.Time
}

var errNoRecord = errors.New("no such record")

func (s *tokenStore) Verify(ctx context.Context, token string) (core.Principal, error) {
	found, err := s.lookup(ctx, token)
	switch {
	case errors.Is(err, errNoRecord):
		return core.Principal{}, fmt.Errorf("%w: the store doesn't know it", core.ErrInvalid)
	case err != nil:
		return core.Principal{}, fmt.Errorf("%w: %w", core.ErrUnavailable, err)
	}
	return core.Principal{
		Issuer: "https://app.example", Subject: found.subject,
		Audience: []string{s.resource}, Scopes: found.scopes, Expiry: found.expiry,
	}, nil
}

func storeApp(ctx context.Context, store *tokenStore) (http.Handler, error) {
	rs, err := core.New(ctx, core.Config{
		Resource:             store.resource,
		AuthorizationServers: []string{"https://app.example"},
		Verifiers:            []core.Verifier{store},
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	return mux, nethttp.Mount(mux, rs, gosdk.Handler(weatherServer(), nil))
}

func TestVerifierThatMayBeDown(t *testing.T) {
	var down atomic.Bool
	base := startApp(t, func(base string) (http.Handler, error) {
		return storeApp(t.Context(), &tokenStore{
			resource: base + "/mcp",
			lookup: func(_ context.Context, token string) (record, error) {
				switch {
				case down.Load():
					return record{}, errors.New("dial db.internal: connection refused")
				case token != "known":
					return record{}, errNoRecord
				}
				return record{subject: "alice", expiry: time.Now().Add(time.Hour)}, nil
			},
		})
	})

	post(t, base+"/mcp", "known", weatherCall).wantStatus(t, http.StatusOK)
	post(t, base+"/mcp", "unknown", weatherCall).wantStatus(t, http.StatusUnauthorized)

	down.Store(true)
	got := post(t, base+"/mcp", "known", weatherCall)
	got.wantStatus(t, http.StatusServiceUnavailable)
	if got.header.Get("Retry-After") == "" || got.header.Get("WWW-Authenticate") != "" {
		t.Errorf("Retry-After %q and WWW-Authenticate %q: want the first and not the second, so that no client throws its token away",
			got.header.Get("Retry-After"), got.header.Get("WWW-Authenticate"))
	}
	if strings.Contains(got.body, "db.internal") {
		t.Errorf("the body %q tells what is for the log", got.body)
	}
	post(t, base+"/mcp", "", weatherCall).wantStatus(t, http.StatusUnauthorized) // nothing to ask the store for

	down.Store(false)
	post(t, base+"/mcp", "known", weatherCall).wantStatus(t, http.StatusOK)
}
