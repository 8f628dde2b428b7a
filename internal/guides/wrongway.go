// The wrong way: the bearer middleware that many services write by hand before
// their MCP endpoint. The guide to moving over shows it and names its mistakes,
// and a test proves each of them. Copy nothing from here.

package guides

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

// requireToken is the wrong way.
func requireToken(ctx context.Context, keySetURL string, next http.Handler) (http.Handler, error) {
	keys, err := keyfunc.NewDefaultCtx(ctx, []string{keySetURL})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/mcp") {
			next.ServeHTTP(w, r)
			return
		}
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if token == "" {
			token = r.URL.Query().Get("access_token")
		}
		parsed, err := jwt.Parse(token, keys.Keyfunc)
		if err != nil {
			http.Error(w, "bad token: "+err.Error(), http.StatusUnauthorized)
			return
		}
		claims, _ := parsed.Claims.(jwt.MapClaims)
		scope, _ := claims["scope"].(string)

		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var call struct {
			Method string
			Params struct{ Name string }
		}
		_ = json.Unmarshal(body, &call)
		if call.Method == "tools/call" && call.Params.Name == "purge" && !strings.Contains(scope, "notes:write") {
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), subjectKey{}, claims["sub"])))
	}), nil
}

type subjectKey struct{}

// subject returns who calls, as the tools were told it.
func subject(ctx context.Context) string {
	sub, _ := ctx.Value(subjectKey{}).(string)
	return sub
}
