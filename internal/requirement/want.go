package requirement

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core/authtest"
)

// place is an endpoint or route as its challenges describe it.
type place struct{ metadata, scope string }

// endpoint is the place of rows that change neither scopes nor URLs.
func endpoint() place { return place{MetadataURL, "a b"} }

func (p place) challenge(code, description string, withScope bool) string {
	var params []string
	if code != "" {
		params = append(params, `error="`+code+`"`, `error_description="`+description+`"`)
	}
	params = append(params, `resource_metadata="`+p.metadata+`"`)
	if withScope && p.scope != "" {
		params = append(params, `scope="`+p.scope+`"`)
	}
	return "Bearer " + strings.Join(params, ", ")
}

// bare is the answer to a request without bearer credentials.
func (p place) bare() Want {
	return Want{
		Status: http.StatusUnauthorized, Reason: "missing_credentials",
		Challenge: p.challenge("", "", true),
		Body:      oauth("unauthorized", "an access token is required"),
	}
}

// invalid is the answer to a bad token, whatever is bad about it.
func (p place) invalid(reason string) Want {
	const code, description = "invalid_token", "the access token is not valid for this resource"
	return Want{
		Status: http.StatusUnauthorized, Reason: reason, Verifier: true,
		Challenge: p.challenge(code, description, true), Body: oauth(code, description),
	}
}

// malformed is the answer to credentials that can't be read one way.
func (p place) malformed(reason string) Want {
	const code, description = "invalid_request", "the bearer credentials of the request are malformed"
	return Want{
		Status: http.StatusBadRequest, Reason: reason,
		Challenge: p.challenge(code, description, false), Body: oauth(code, description),
	}
}

// lacking is the answer to a good token without enough scopes. The id is that
// of the JSON-RPC request, empty where it isn't known.
func (p place) lacking(id string) Want {
	const code, description = "insufficient_scope", "the access token lacks a scope that this request needs"
	w := Want{
		Status: http.StatusForbidden, Reason: code, Verifier: true,
		Challenge: p.challenge(code, description, true), Body: oauth(code, description),
	}
	if id != "" {
		w.Body = `{"jsonrpc":"2.0","id":` + id + `,"error":{"code":-32003,"message":"` + code + ": " + description +
			`","data":{"error":"` + code + `","error_description":"` + description + `","scope":"` + p.scope + `"}}}` + "\n"
	}
	return w
}

func oauth(code, description string) string {
	return `{"error":"` + code + `","error_description":"` + description + `"}` + "\n"
}

// unavailable is the answer while nobody can tell whether a token is good.
func unavailable(reason string) Want {
	return Want{
		Status: http.StatusServiceUnavailable, Reason: reason, Verifier: true,
		Header: map[string]string{"Retry-After": "5"},
		Body:   oauth("temporarily_unavailable", "access tokens can't be verified at the moment"),
	}
}

// fault is the answer to a breakdown of the service's own.
func fault() Want {
	return Want{
		Status: http.StatusInternalServerError, Reason: "fault", Verifier: true,
		Header: map[string]string{"Retry-After": ""},
		Body:   oauth("server_error", "the request could not be authorized"),
	}
}

// caller is whom a handler sees, as the handlers of this package tell it.
type caller struct {
	Issuer        string   `json:"issuer"`
	Subject       string   `json:"subject"`
	Client        string   `json:"client"`
	Audience      []string `json:"audience"`
	Scopes        []string `json:"scopes"`
	Authorization string   `json:"authorization"`
}

// alice is the caller that a token of the authorization server stands for
// unless the token says otherwise.
func alice(scopes ...string) caller {
	return caller{
		Issuer: "{issuer}", Subject: "alice", Client: authtest.ClientID,
		Audience: []string{Resource}, Scopes: scopes, Authorization: "withheld",
	}
}

func (c caller) text() string {
	body, err := json.Marshal(c)
	if err != nil {
		return err.Error()
	}
	return string(body) + "\n"
}

// letIn is the answer of the wrapped handler to the caller.
func letIn(c caller) Want {
	return Want{
		Status: http.StatusOK, Handler: true, Verifier: true,
		Header: map[string]string{"Content-Type": "application/json"}, Body: c.text(),
	}
}

// with returns w with one more header field.
func (w Want) with(name, value string) Want {
	w.Header = maps.Clone(w.Header)
	if w.Header == nil {
		w.Header = make(map[string]string)
	}
	w.Header[name] = value
	return w
}

// fetching returns w with so many requests to the authorization server.
func (w Want) fetching(n int) Want {
	w.Fetches = n
	return w
}

// headOnly returns w without its body, for HEAD.
func (w Want) headOnly() Want {
	w.Body = ""
	return w
}

// good is a token for the resource with the given scopes. Its algorithm is the
// quickest to sign with.
func good(scopes ...string) *authtest.Token {
	return &authtest.Token{Audience: Resource, Scopes: scopes, Algorithm: "ES256"}
}

// claiming is a good token with other claims.
func claiming(claims map[string]any) *authtest.Token {
	t := good("a", "b")
	t.Claims = claims
	return t
}

// one returns a row of a single step with the configuration as it is.
func one(id, clause, about string, request Request, want Want) Row {
	return Row{ID: id, Clause: clause, About: about, Steps: []Step{{Request: request, Want: want}}}
}
