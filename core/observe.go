package core

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"time"
)

// Event tells one decision. It never holds the token.
//
// Reason is empty for a request that was let in, and otherwise one of these
// stable codes:
//
//	missing_credentials     401  no bearer token
//	malformed_credentials   400  an Authorization that can't be read one way
//	token_too_long          400  over Limits.TokenBytes
//	not_a_jwt               401  opaque, where only JWTs are verified
//	encrypted_token         401  a JWE
//	malformed_token         401  a JWT that can't be read one way
//	critical_header         401  a crit header parameter
//	algorithm_not_allowed   401  an alg outside Issuer.Algorithms
//	wrong_token_type        401  a typ that no access token has
//	not_an_access_token     401  an ID token, refresh token or the like
//	unknown_issuer          401  an iss that isn't trusted
//	wrong_audience          401  not issued for this resource
//	claim_not_allowed       401  a claim without a value of Issuer.Require
//	inactive_token          401  introspection says that it isn't active
//	expired                 401  exp is over
//	no_expiry               401  no exp, or zero
//	not_yet_valid           401  nbf or iat in the future
//	sender_constrained      401  bound to a key that isn't checked here
//	unknown_key             401  no key of that id, kind and algorithm
//	bad_signature           401  no key verifies the signature
//	no_verifier             401  every verifier answered ErrNotMine
//	refused_by_verifier     401  a Verifier or Confirm said ErrInvalid
//	insufficient_scope      403  a scope is missing
//	forbidden               403  the policy denies it to everybody
//	origin_not_allowed      403  an Origin that isn't allowed
//	unknown_session         404  not a session of this principal
//	method_not_allowed      405  not a method of the MCP transport
//	malformed_message       400, 413, 415  a body that can't be read one way
//	keys_unavailable        503  no usable key set is held
//	introspection_unavailable  503  introspection doesn't answer, or not in its form
//	introspection_refused   503  introspection refuses this service's own credentials
//	verifier_unavailable    503  a Verifier or Confirm said ErrUnavailable
//	fault                   500  a callback panicked or failed otherwise
type Event struct {
	// Resource is the resource identifier of the resource server.
	Resource string
	// Status is the HTTP status of the denial, or zero for a request let in.
	Status int
	// Reason is the stable code of the denial.
	Reason string
	// Expected and Got say what the check wanted and found.
	Expected, Got string
	// Hint says which setting, here or at the authorization server, cures the
	// denial, where that can be known.
	Hint string
	// Observed is the reason code that a request which was let in would have
	// been denied with but for [Issuer].ObserveAudience. Expected, Got and Hint
	// are then about that.
	Observed string
	// Detail is the text of a callback's error, without the token.
	Detail string
	// Operation is what was asked for, as far as it was read.
	Operation Operation
	// Issuer and ClientID are the verified token's, empty before that.
	Issuer, ClientID string
	// CacheHit says that the token had been verified before, and that its
	// verdict was kept and still good ([Limits.CachedTokens]).
	CacheHit bool
	// Latency is how long the decision took.
	Latency time.Duration

	subject string
}

// SubjectHash returns a hash of issuer and subject, for telling callers apart
// without naming them, or "" where the token names no subject.
func (e Event) SubjectHash() string {
	if e.subject == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(e.Issuer + "\x00" + e.subject))
	return hex.EncodeToString(sum[:12])
}

// watches reports whether anybody hears of requests that are let in.
func (rs *ResourceServer) watches(ctx context.Context) bool {
	return rs.config.Observe != nil || rs.config.Logger.Enabled(ctx, slog.LevelDebug)
}

// tell reports one decision to the observer and the log.
func (rs *ResourceServer) tell(r *http.Request, began time.Time, who *bearer, op Operation, d *Denial) {
	level := slog.LevelDebug
	switch {
	case d != nil:
		level = levelOf(d)
	case who.observation() != nil:
		level = slog.LevelWarn
	}
	logged := rs.config.Logger.Enabled(r.Context(), level)
	if rs.config.Observe == nil && !logged {
		return
	}
	e := Event{Resource: rs.config.Resource, Operation: op, CacheHit: who.kept, Latency: rs.clock.Now().Sub(began)}
	if v := who.verified; v != nil {
		e.Issuer, e.ClientID, e.subject = v.principal.Issuer, v.principal.ClientID, v.principal.Subject
	}
	switch {
	case d != nil:
		e.Status, e.Reason, e.Expected, e.Got, e.Detail = d.Status, d.Reason, d.expected, d.got, d.detail
		if e.Hint = d.hint; e.Hint == "" {
			e.Hint = rs.hint(d.Reason, d.got, cmp.Or(d.issuer, who.rules()))
		}
	case who.observation() != nil:
		o := who.observed
		e.Observed, e.Expected, e.Got, e.Hint = o.reason, o.expected, o.got, rs.hint(o.reason, o.got, o.issuer)
	}
	if logged {
		rs.log(r.Context(), level, &e)
	}
	if rs.config.Observe != nil {
		// An observer that breaks down must not take the decision with it.
		defer func() {
			if broken := recover(); broken != nil {
				defer func() { _ = recover() }() // nor must the logger, here and in log
				rs.config.Logger.ErrorContext(r.Context(), "Config.Observe panicked", "resource", rs.config.Resource)
			}
		}()
		rs.config.Observe(r.Context(), e)
	}
}

func levelOf(d *Denial) slog.Level {
	switch {
	case d.Reason == reasonNoCredentials:
		return slog.LevelDebug // how every client begins
	case d.Status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case d.Status >= http.StatusInternalServerError:
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (rs *ResourceServer) log(ctx context.Context, level slog.Level, e *Event) {
	defer func() { _ = recover() }()
	attrs := []slog.Attr{slog.String("resource", e.Resource)}
	for _, field := range []struct{ name, value string }{
		{"reason", e.Reason},
		{"observed", e.Observed},
		{"expected", e.Expected},
		{"got", e.Got},
		{"hint", e.Hint},
		{"detail", e.Detail},
		{"operation", bounded(e.Operation.Method)},
		{"name", bounded(e.Operation.Name)},
		{"issuer", e.Issuer},
		{"client_id", e.ClientID},
	} {
		if field.value != "" {
			attrs = append(attrs, slog.String(field.name, field.value))
		}
	}
	message := "request let in"
	if e.Observed != "" {
		message = "request let in, but would be denied without Issuer.ObserveAudience"
	}
	if e.Status != 0 {
		message = "request denied"
		attrs = append(attrs, slog.Int("status", e.Status))
	}
	rs.config.Logger.LogAttrs(ctx, level, message, attrs...)
}
