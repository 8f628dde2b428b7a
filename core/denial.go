package core

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/challenge"
)

// Denial is the decision not to let a request in. [ResourceServer.Authorize]
// returns it as its error and [ResourceServer.Deny] answers it; an app that
// must answer in a form of its own reads the fields.
type Denial struct {
	// Status is the HTTP status: 400, 401, 403, 404, 405, 413, 415, 500 or 503.
	Status int
	// Reason is the stable reason code; see [Event]. It is for operators.
	Reason string
	// Scopes are all the scopes that the operation needs, as clients must spell
	// them, where more scopes would cure the denial.
	Scopes []string

	code, description string
	challenges        []challenge.Challenge
	id                json.RawMessage // of the JSON-RPC request, where it is known
	rpcCode           int             // of an answer in JSON-RPC's form
	asToolResult      bool            // HTTP 200, for clients that act on nothing else
	retryAfter        time.Duration
	allow             string

	expected, got, detail string         // for the operator, never for the client
	hint                  string         // in place of the one that goes with the reason
	issuer                *trustedIssuer // whose rules deny, where there is one
}

// Error returns the reason in the operator's words. It is not meant for
// clients and never contains the token.
func (d *Denial) Error() string {
	r := refusal{reason: d.Reason, expected: d.expected, got: d.got}
	return "denied (" + strconv.Itoa(d.Status) + "): " + r.Error()
}

const (
	// retryAfter is when a client may try again while keys can't be had. The
	// worker that fetches them tries every second at first.
	retryAfter = 5 * time.Second
	// The JSON-RPC codes of denials: three from the specification's range, one of
	// MCP's (transports, standard request headers), two that implementations use.
	rpcParseError      = -32700
	rpcInvalidRequest  = -32600
	rpcInternal        = -32603
	rpcHeaderMismatch  = -32020
	rpcSessionNotFound = -32001
	rpcDenied          = -32003
)

// denialOf turns what a stage of the decision failed with into the denial.
// The token is struck out of every text on its way to the log.
func (rs *ResourceServer) denialOf(err error, token string, scopes []string) *Denial {
	d := &Denial{}
	var r *refusal
	if errors.As(err, &r) {
		d.Reason, d.expected, d.got, d.issuer = r.reason, r.expected, r.got, r.issuer
	} else {
		d.detail = strikeOut(err.Error(), token)
	}
	switch {
	case errors.Is(err, errMalformed):
		d.Status, d.code, d.description = http.StatusBadRequest, "invalid_request", "the bearer credentials of the request are malformed"
		d.challenges = rs.challenge(d, nil)
	case errors.Is(err, ErrInvalid):
		d.orReason(reasonVerifier)
		d.Status, d.code, d.description = http.StatusUnauthorized, "invalid_token", "the access token is not valid for this resource"
		d.Scopes = rs.vocabulary.spelled(scopes)
		d.challenges = rs.challenge(d, d.Scopes)
	case errors.Is(err, ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		d.orReason(reasonUnavailable)
		d.Status, d.code, d.description = http.StatusServiceUnavailable, "temporarily_unavailable", "access tokens can't be verified at the moment"
		d.retryAfter = retryAfter
	default:
		d.orReason(reasonFault)
		d.Status, d.code, d.description = http.StatusInternalServerError, "server_error", "the request could not be authorized"
	}
	return d
}

func (d *Denial) orReason(reason string) {
	if d.Reason == "" {
		d.Reason = reason
	}
}

// noCredentials is the denial of a bare request. Its challenge has no error:
// the client did nothing wrong (RFC 6750 §3.1).
func (rs *ResourceServer) noCredentials(scopes []string) *Denial {
	d := &Denial{Status: http.StatusUnauthorized, Reason: reasonNoCredentials, Scopes: rs.vocabulary.spelled(scopes)}
	d.challenges = rs.challenge(d, d.Scopes)
	d.code, d.description = "unauthorized", "an access token is required"
	return d
}

// insufficientScope names all that the operation needs in one challenge, so
// that one step-up suffices (MCP authorization, scope challenge handling).
func (rs *ResourceServer) insufficientScope(need, missing []string) *Denial {
	d := &Denial{
		Status: http.StatusForbidden, Reason: reasonScope, Scopes: rs.vocabulary.spelled(need),
		code: "insufficient_scope", description: "the access token lacks a scope that this request needs",
		expected: "scopes " + strings.Join(need, " "), got: "a token without " + strings.Join(missing, " "),
	}
	d.challenges = rs.challenge(d, d.Scopes)
	return d
}

// challenge writes the one bearer challenge (RFC 6750 §3, RFC 9728 §5.1).
func (rs *ResourceServer) challenge(d *Denial, scopes []string) []challenge.Challenge {
	c := challenge.Challenge{Scheme: "Bearer"}
	if d.code != "" {
		c.Params = append(c.Params, challenge.Param{Name: "error", Value: d.code},
			challenge.Param{Name: "error_description", Value: d.description})
	}
	c.Params = append(c.Params, challenge.Param{Name: "resource_metadata", Value: rs.metadataURL})
	if len(scopes) > 0 {
		c.Params = append(c.Params, challenge.Param{Name: "scope", Value: strings.Join(scopes, " ")})
	}
	return []challenge.Challenge{c}
}

// Deny answers a denial: its status, its challenges and a JSON body, which is a
// JSON-RPC error where the request's id is known and an OAuth error otherwise.
// Any error that isn't a *[Denial] is answered 500 with nothing of its text.
// Nothing is answered for nil.
func (rs *ResourceServer) Deny(w http.ResponseWriter, _ *http.Request, err error) {
	if err == nil {
		return
	}
	var d *Denial
	if !errors.As(err, &d) {
		d = rs.denialOf(errors.New("not a denial"), "", nil)
	}
	h := w.Header()
	h.Del("WWW-Authenticate")
	for _, c := range d.challenges {
		h.Add("WWW-Authenticate", c.String())
	}
	if d.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(d.retryAfter/time.Second)))
	}
	if d.allow != "" {
		h.Set("Allow", d.allow)
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	status, body := d.Status, d.body()
	if d.asToolResult {
		status, body = http.StatusOK, d.toolResult()
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if this fails
}

type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
	Scope       string `json:"scope,omitempty"`
}

type rpcError struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Error   struct {
		Code    int        `json:"code"`
		Message string     `json:"message"`
		Data    oauthError `json:"data"`
	} `json:"error"`
}

func (d *Denial) body() []byte {
	oauth := oauthError{Code: d.code, Description: d.description}
	if d.id == nil && d.rpcCode == 0 {
		return line(oauth)
	}
	oauth.Scope = strings.Join(d.Scopes, " ")
	rpc := rpcError{Version: "2.0", ID: d.id}
	rpc.Error.Code, rpc.Error.Message, rpc.Error.Data = d.rpcCode, d.code+": "+d.description, oauth
	if d.rpcCode == 0 {
		rpc.Error.Code = rpcDenied
	}
	return line(rpc)
}

type toolResult struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  struct {
		Content []textContent       `json:"content"`
		IsError bool                `json:"isError"`
		Meta    map[string][]string `json:"_meta"`
	} `json:"result"`
}

type textContent struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// toolResult is the denial as the result of the tool that didn't run, with the
// challenge where ChatGPT looks for it.
func (d *Denial) toolResult() []byte {
	answer := toolResult{Version: "2.0", ID: d.id}
	answer.Result.Content = []textContent{{Type: "text", Text: d.description}}
	answer.Result.IsError = true
	challenges := make([]string, len(d.challenges))
	for i, c := range d.challenges {
		challenges[i] = c.String()
	}
	answer.Result.Meta = map[string][]string{"mcp/www_authenticate": challenges}
	return line(answer)
}

// line writes an answer on a line of its own.
func line(answer any) []byte {
	body, err := json.Marshal(answer)
	if err != nil {
		// Only an id that isn't JSON could cause this, and ids come from a strict
		// reading. Without a body the status and challenges still stand.
		return nil
	}
	return append(body, '\n')
}

// strikeOut removes the token, and every longer part of it, from a text that
// someone else's code composed: as it is, and as it would be in a form or URL.
func strikeOut(text, token string) string {
	if token == "" {
		return bounded(text)
	}
	strike := func(secret string) {
		for _, written := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			text = strings.ReplaceAll(text, written, "[token]")
		}
	}
	strike(token)
	for _, part := range strings.Split(token, ".") {
		if len(part) >= 8 {
			strike(part)
		}
	}
	return bounded(text)
}
