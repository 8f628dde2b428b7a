package situations

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/mcpbearer/mcpbearer/chimcp"
	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// notesAPI has no MCP endpoint at all: the same tokens protect ordinary routes,
// and its metadata tells clients where to get them.
func notesAPI(ctx context.Context, resource, issuer string) (http.Handler, error) {
	rs, err := core.New(ctx, core.Config{
		Resource:             resource,
		AuthorizationServers: []string{issuer},
		Metadata:             core.Metadata{ScopesSupported: []string{"notes:read", "notes:write"}},
	})
	if err != nil {
		return nil, err
	}
	router := chi.NewRouter()
	if err := chimcp.MountMetadata(router, rs); err != nil {
		return nil, err
	}
	router.Get("/healthz", func(http.ResponseWriter, *http.Request) {})
	router.Route("/notes", func(notes chi.Router) {
		notes.Use(chimcp.RequireScopes(rs, "notes:read"))
		notes.Get("/", listNotes)
		notes.With(chimcp.RequireScopes(rs, "notes:write")).Delete("/{id}", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
		})
	})
	return router, nil
}

func listNotes(w http.ResponseWriter, r *http.Request) {
	caller, ok := chimcp.Principal(r)
	if !ok {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"owner": caller.Subject}) // the client is gone if this fails
}

func TestOrdinaryRESTRoutes(t *testing.T) {
	as := authtest.NewServer(t)
	api := startApp(t, func(base string) (http.Handler, error) { return notesAPI(t.Context(), base, as.Issuer()) })
	reader, writer := as.Token(api, "notes:read"), as.Token(api, "notes:read", "notes:write")

	get(t, api+"/.well-known/oauth-protected-resource", "").wantStatus(t, http.StatusOK)
	get(t, api+"/healthz", "").wantStatus(t, http.StatusOK)

	bare := get(t, api+"/notes/", "")
	bare.wantStatus(t, http.StatusUnauthorized)
	bare.wantScope(t, "notes:read")

	list := get(t, api+"/notes/", reader)
	list.wantStatus(t, http.StatusOK)
	if want := `{"owner":"alice"}` + "\n"; list.body != want {
		t.Errorf("the list is %q, want %q", list.body, want)
	}

	stepUp := send(t, http.MethodDelete, api+"/notes/7", reader, "")
	stepUp.wantStatus(t, http.StatusForbidden)
	stepUp.wantScope(t, "notes:write")
	send(t, http.MethodDelete, api+"/notes/7", writer, "").wantStatus(t, http.StatusNoContent)
}
