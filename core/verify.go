package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/mcpbearer/mcpbearer/internal/keyset"
)

// The outcomes of verification that are not a principal. A [Verifier] and
// [Config.Confirm] wrap one of them. A context that ended counts as
// unavailable; any other error is a fault of this service and answered 500.
var (
	// ErrInvalid says that the token is not valid: 401 and invalid_token.
	ErrInvalid = errors.New("invalid token")
	// ErrUnavailable says that nobody can tell now, because what verification
	// depends on can't be reached: 503 and Retry-After.
	ErrUnavailable = errors.New("verification unavailable")
	// ErrNotMine says that the token is of another verifier's kind. The next
	// one is asked.
	ErrNotMine = errors.New("not a token of this verifier")
)

// Verifier turns access tokens that aren't JWTs of a trusted issuer into
// principals: API keys, for example.
//
// Verify sees nothing but the token: what depends on the request belongs in
// [Config.Confirm]. It is asked for every request, and its answer is not kept,
// so that a revoked API key is refused from then on; where asking is dear, a
// verifier keeps its own answers. It neither looks at scopes nor at whom the
// token is for. The resource server does, and refuses a principal whose Audience
// lacks the resource identifier, or whose Expiry is over, or missing without
// NoExpiry. Errors wrap [ErrInvalid], [ErrUnavailable] or [ErrNotMine], and must
// not contain the token.
type Verifier interface {
	// Verify returns whom the token stands for, or an error that wraps ErrInvalid,
	// ErrUnavailable or ErrNotMine.
	Verify(ctx context.Context, token string) (Principal, error)
}

// verified is a principal that was let in. It is never changed once it is made,
// since requests share it.
type verified struct {
	principal Principal      // packed
	key       *keyset.Key    // that the token is signed with, where one is
	issuer    *trustedIssuer // whose rules it meets, nil for a verifier's
	observed  *refusal       // what Issuer.ObserveAudience let pass, or nil
}

// bearer is who a request's token stands for, and how that was found out.
type bearer struct {
	*verified
	token string
	kept  bool // whether the verdict was one that had been kept
}

// ownerName is whom sessions belong to, nobody for an anonymous caller.
func (v *verified) ownerName() string {
	if v == nil {
		return ""
	}
	return v.principal.owner()
}

// rules is whose rules the principal meets, or nil.
func (v *verified) rules() *trustedIssuer {
	if v == nil {
		return nil
	}
	return v.issuer
}

// observation is what was let pass, or nil.
func (v *verified) observation() *refusal {
	if v == nil {
		return nil
	}
	return v.observed
}

// refusal is why a token, a request or an answer was turned down, in words for
// the operator. It never holds the token.
type refusal struct {
	outcome       error // ErrInvalid or ErrUnavailable
	reason        string
	expected, got string
	issuer        *trustedIssuer // whose rules refuse, where there is one
}

func (r *refusal) Error() string {
	s := r.reason
	if r.expected != "" {
		s += ": expected " + r.expected
	}
	if r.got != "" {
		s += ", got " + r.got
	}
	return s
}

func (r *refusal) Unwrap() error { return r.outcome }

// ruledBy notes whose rules a refusal comes from. One that is kept and shared
// has it already.
func ruledBy(issuer *trustedIssuer, err error) error {
	if err == nil {
		return nil // most often so: what follows would take memory for every token
	}
	var r *refusal
	if errors.As(err, &r) && r.issuer == nil {
		r.issuer = issuer
	}
	return err
}

func invalid(reason, expected, got string) error {
	return &refusal{outcome: ErrInvalid, reason: reason, expected: expected, got: bounded(got)}
}

// bounded keeps what a stranger sent from filling the log, or beginning a line of its
// own in one.
func bounded(s string) string {
	const most = 200
	switch {
	case len(s) > most:
		return fmt.Sprintf("%q… (%d bytes)", s[:most], len(s))
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return strconv.Quote(s)
	}
	return s
}

// verify asks the verifiers in order. A token that none of them claims must be one
// of a trusted issuer. The verdict on a JWT is kept, since a client sends the same
// token with every call: until the token's expiry at most, and only for as long
// as the key that it is signed with may be used. Introspection keeps its own.
func (rs *ResourceServer) verify(ctx context.Context, token string, now time.Time) (*verified, bool, error) {
	for _, verifier := range rs.verifiers {
		p, err := askVerifier(ctx, verifier, token)
		if errors.Is(err, ErrNotMine) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		p.vocabulary = &rs.vocabulary // it shares no memory with the verifier once it is packed
		v := &verified{principal: p}
		return v, false, rs.check(v)
	}
	if len(rs.issuers) == 0 {
		return nil, false, invalid(reasonNoVerifier, "a token of one of the configured verifiers", "one that none of them claims")
	}
	if rs.opaque != nil && !isJWT(token) {
		v, kept, err := rs.introspect(ctx, rs.opaque, token)
		return v, kept, ruledBy(rs.opaque, err)
	}
	kept, place, ok := rs.tokens.Get(token, now)
	if ok && kept.key.Usable(now) {
		return kept, true, nil
	}
	v, introspected, err := rs.verifyJWT(ctx, token)
	if err != nil {
		return nil, false, err
	}
	if v.key != nil {
		place.Put(v, v.principal.Expiry, rs.clock.Now())
	}
	return v, introspected, nil
}

// check holds a principal against what no verifier may decide.
func (rs *ResourceServer) check(v *verified) error {
	if err := rs.current(&v.principal); err != nil {
		return err
	}
	if err := rs.checkAudience(v); err != nil {
		return err
	}
	v.principal = v.principal.packed()
	return nil
}

// checkAudience checks whom the token is for, by the issuer's rule (RFC 9068 §4).
func (rs *ResourceServer) checkAudience(v *verified) error {
	accepted, rules := rs.audiences, v.issuer
	if rules != nil {
		accepted = rules.Audiences
	}
	if rules != nil && rules.DangerouslyAnyAudience || slices.ContainsFunc(v.principal.Audience, func(got string) bool {
		return slices.ContainsFunc(accepted, func(want string) bool { return sameAudience(want, got) })
	}) {
		return nil
	}
	wrong := &refusal{
		outcome: ErrInvalid, reason: reasonAudience, issuer: rules,
		expected: someOf(accepted), got: bounded(describeAudience(v.principal.Audience)),
	}
	if rules != nil && rules.ObserveAudience {
		v.observed = wrong
		return nil
	}
	return wrong
}

// askVerifier calls the verifier and turns a panic into an error: a callback
// that breaks down never lets anybody in.
func askVerifier(ctx context.Context, v Verifier, token string) (p Principal, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("the verifier panicked: %v", broken)
		}
	}()
	p, err = v.Verify(ctx, token)
	return p, askable(err)
}

// askable returns the error of a callback, once it has shown that it can be asked. A
// nil pointer in an error can't, and panics where the callback's panics are caught.
func askable(err error) error {
	if err != nil {
		_, _ = err.Error(), errors.Is(err, ErrInvalid)
	}
	return err
}

// current checks that the token has not ended. Every verifier's principal is
// checked, again whenever it is used.
func (rs *ResourceServer) current(p *Principal) error {
	if p.Expiry.IsZero() {
		if p.NoExpiry {
			return nil
		}
		return invalid(reasonNoExpiry, "an expiry time", "none")
	}
	if now := rs.clock.Now(); !now.Before(p.Expiry.Add(rs.limits.ClockSkew)) {
		return invalid(reasonExpired, "an expiry after "+now.UTC().Format(time.RFC3339), p.Expiry.UTC().Format(time.RFC3339))
	}
	return nil
}

// confirm runs the per-request check.
func (rs *ResourceServer) confirm(r *http.Request, p *Principal) (err error) {
	if rs.config.Confirm == nil {
		return nil
	}
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("Config.Confirm panicked: %v", broken)
		}
	}()
	// The body is not the callback's to read: it is decided on, and handed on,
	// whole.
	bodiless := *r
	bodiless.Body = http.NoBody
	return askable(rs.config.Confirm(&bodiless, p.clone()))
}

// sameAudience compares two audience values byte for byte, but for the slash
// that stands for an empty path (RFC 3986 §6.2.3).
func sameAudience(a, b string) bool {
	return a == b || withoutRootSlash(a) == withoutRootSlash(b)
}

// withoutRootSlash turns "https://host/" into "https://host" and leaves every
// other string alone.
func withoutRootSlash(s string) string {
	_, rest, ok := strings.Cut(s, "://")
	if ok && strings.IndexByte(rest, '/') == len(rest)-1 && !strings.ContainsAny(rest, "?#") {
		return strings.TrimSuffix(s, "/")
	}
	return s
}

func describeAudience(audience []string) string {
	if len(audience) == 0 {
		return "no audience"
	}
	return strings.Join(audience, " and ")
}
