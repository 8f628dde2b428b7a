package core

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/discovery"
	"github.com/mcpbearer/mcpbearer/internal/environ"
	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/introspect"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
	"github.com/mcpbearer/mcpbearer/internal/tokencache"
)

const (
	// answerLimit is the greatest answer that is read, in bytes. It becomes the
	// principal's claims and may be kept.
	answerLimit = 64 << 10
	// knownTime is how long a token that was good is asked about before others.
	knownTime = 15 * time.Minute
	// refusalTime bounds how long the answer about a bad token is kept.
	refusalTime = 10 * time.Second
)

// introspector asks one issuer about its tokens and keeps the answers.
type introspector struct {
	client *introspect.Client
	clock  environ.Clock
	keep   time.Duration // Introspection.CacheTime

	// Good and bad tokens are kept apart, so that a flood of bad ones drives out
	// no good one.
	good *tokencache.Cache[*answer]
	bad  *tokencache.Cache[error]
	// epoch counts forgettings: a question of before is not shared after.
	epoch atomic.Uint64
	heard atomic.Int64 // when the issuer last answered, in Unix nanoseconds
}

// answer is about a token that was good. It may be used while it is fresh; after
// that, for as long as the token is known, it says that it is no stranger.
type answer struct {
	verified     *verified
	fresh, known time.Time
}

func newIntrospector(i Issuer, getter fetch.Getter, clock environ.Clock, entries int) *introspector {
	in := i.Introspection
	locate := i.locate(getter, in.Endpoint, "introspection_endpoint", func(m discovery.Metadata) string { return m.IntrospectionEndpoint })
	getter.Limit = answerLimit
	return &introspector{
		client: introspect.New(introspect.Options{
			Getter: getter, Clock: clock, Locate: locate, MaxAge: in.CacheTime,
			Authentication: introspect.Authentication{
				Method: in.AuthMethod, ClientID: in.ClientID, Secret: in.ClientSecret,
				Issuer: i.URL, Key: in.Key, KeyID: in.KeyID,
			},
		}),
		clock: clock,
		keep:  in.CacheTime,
		good:  tokencache.New[*answer](entries),
		bad:   tokencache.New[error](entries),
	}
}

// forget drops the answers about tokens of whom meant says, and all about bad
// tokens, of whom nobody knows whose they are.
func (in *introspector) forget(meant func(Principal) bool) {
	in.epoch.Add(1)
	in.good.Forget(func(a *answer) bool { return meant(a.verified.principal.clone()) })
	in.bad.Forget(func(error) bool { return true })
}

// forgetToken drops the answer about one token.
func (in *introspector) forgetToken(token string) {
	in.epoch.Add(1)
	in.good.ForgetToken(token)
	in.bad.ForgetToken(token)
}

// introspect returns what the issuer says of the token, and whether it had been
// said before.
func (rs *ResourceServer) introspect(ctx context.Context, issuer *trustedIssuer, token string) (*verified, bool, error) {
	in, now := issuer.opaque, rs.clock.Now()
	held, good, known := in.good.Get(token, now)
	if known && now.Before(held.fresh) {
		return held.verified, true, nil
	}
	refused, bad, isBad := in.bad.Get(token, now)
	if isBad {
		return nil, true, refused
	}
	// The epoch is read last: where a place above is of after a forgetting, so is
	// the question whose answer goes there.
	said, err := in.client.Ask(ctx, token, known, in.epoch.Load())
	if err != nil {
		return nil, false, introspectionFailure(err, issuer, token)
	}
	now = rs.clock.Now()
	in.heard.Store(now.UnixNano())
	a, err := rs.readAnswer(issuer, said, now)
	switch {
	case errors.Is(err, ErrInvalid):
		err = ruledBy(issuer, err)
		bad.Put(err, said.Sent.Add(min(in.keep, refusalTime)), now)
		return nil, false, err
	case err != nil:
		return nil, false, err
	}
	good.Put(a, a.known, now)
	return a.verified, false, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// readAnswer holds the answer against the issuer's rules, as it would a JWT's
// claims. What was asked at one time is fresh, and may be out of date, from then
// on, however long the answer took.
func (rs *ResourceServer) readAnswer(issuer *trustedIssuer, said introspect.Answer, now time.Time) (*answer, error) {
	if !said.Active {
		return nil, invalid(reasonInactive, "a token that is active at "+issuer.URL, "active false")
	}
	c, err := readClaims(said.Body)
	if err != nil {
		return nil, err
	}
	if err := c.checkNames(issuer); err != nil {
		return nil, err
	}
	if err := c.checkAnswer(issuer); err != nil {
		return nil, err
	}
	v, err := rs.judge(issuer, c, said.Body)
	if err != nil {
		return nil, err
	}
	keep := issuer.opaque.keep
	a := &answer{verified: v, known: now.Add(max(keep, knownTime))}
	if _, present := c.raw("exp"); present {
		a.known = earlier(a.known, v.principal.Expiry.Add(rs.limits.ClockSkew))
	} else {
		// It is good for as long as an answer may be believed.
		v.principal.Expiry = now.Add(cmp.Or(keep, defaultCacheTime))
	}
	a.fresh = earlier(said.Sent.Add(keep), v.principal.Expiry)
	return a, rs.check(v)
}

// checkAnswer checks the members that an introspection answer has of its own
// (RFC 7662 §2.2).
func (c *claims) checkAnswer(issuer *trustedIssuer) error {
	if raw, present := c.raw("iss"); present {
		if name, ok := strictjson.String(raw); !ok || name != issuer.URL {
			return invalid(reasonIssuer, issuer.URL, name)
		}
	}
	raw, present := c.raw("token_type")
	if !present {
		return nil
	}
	switch kind, ok := strictjson.String(raw); {
	case !ok:
		return c.wrongType("token_type", "a string")
	case strings.EqualFold(kind, "Bearer"), kind == "access_token":
		return nil
	case strings.EqualFold(kind, "DPoP"):
		return invalid(reasonBound, "a plain bearer token", "token_type "+kind)
	default:
		return invalid(reasonNotAccess, "token_type Bearer", kind)
	}
}

// introspectJWT asks about a JWT whose issuer wants to be asked. What it says of
// itself is not believed, but refuses it where it is no access token or over, so
// that nobody need be asked.
func (rs *ResourceServer) introspectJWT(ctx context.Context, issuer *trustedIssuer, token string, header *jwtHeader, c *claims) (*verified, bool, error) {
	if err := header.checkType(issuer); err != nil {
		return nil, false, err
	}
	if err := c.check(rs.clock.Now(), rs.limits.ClockSkew); err != nil {
		return nil, false, err
	}
	expiry, present, err := c.date("exp")
	if err != nil {
		return nil, false, err
	}
	if present {
		if err := rs.current(&Principal{Expiry: expiry}); err != nil {
			return nil, false, err
		}
	}
	return rs.introspect(ctx, issuer, token)
}

// isJWT reports whether the token is to be read as one: three segments, the
// first an object. Opaque tokens may have dots in them, too.
func isJWT(token string) bool {
	if strings.Count(token, ".") != 2 {
		return false
	}
	header, _, _ := strings.Cut(token, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(header, "="))
	return err == nil && strings.HasPrefix(strings.TrimLeft(string(decoded), " \t\r\n"), "{")
}

// introspectionFailure says in the operator's words why nobody could tell. The
// transport's error may hold the form that was sent.
func introspectionFailure(err error, issuer *trustedIssuer, token string) error {
	var refused *introspect.RefusedError
	if errors.As(err, &refused) {
		return &refusal{
			outcome: ErrUnavailable, reason: reasonClient,
			expected: "an introspection answer of " + issuer.URL, got: strikeOut(err.Error(), token),
		}
	}
	return &refusal{
		outcome: ErrUnavailable, reason: reasonIntrospection,
		expected: "an introspection answer of " + issuer.URL, got: strikeOut(err.Error(), token),
	}
}

// ready waits until tokens of the issuer can be verified.
func (i *trustedIssuer) ready(ctx context.Context) error {
	if i.keys != nil {
		if err := i.keys.Ready(ctx); err != nil {
			return err
		}
	}
	if i.opaque != nil {
		return i.opaque.ready(ctx)
	}
	return nil
}

// ready waits until the issuer answers. Where none was heard of late, it asks
// about a token that is nobody's, again and again.
func (in *introspector) ready(ctx context.Context) error {
	const pause = time.Second
	for {
		now := in.clock.Now()
		if heard := in.heard.Load(); heard != 0 && now.Sub(time.Unix(0, heard)) < defaultCacheTime {
			return nil
		}
		_, err := in.probe(ctx)
		if err == nil {
			return nil
		}
		fired, stop := in.clock.Timer(pause)
		select {
		case <-fired:
		case <-ctx.Done():
			stop()
			return errors.Join(err, ctx.Err())
		}
		stop()
	}
}

// probe asks about a token that is nobody's, and returns whether the issuer takes
// even that one for a good one.
func (in *introspector) probe(ctx context.Context) (takesAny bool, err error) {
	said, err := in.client.Ask(ctx, "mcpbearer-readiness-probe", true, in.epoch.Load())
	if err != nil {
		return false, err
	}
	in.heard.Store(in.clock.Now().UnixNano())
	return said.Active, nil
}
