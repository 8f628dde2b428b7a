package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/jwks"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/jwtauth/v5"
	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/jwx/v3/jwk"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/modelcontextprotocol/go-sdk/auth"
)

// middleware stands before a handler, as in net/http.
type middleware func(next http.Handler) http.Handler

var errScope = errors.New("the scope is missing")

// accessClaims is what the peers on golang-jwt read.
type accessClaims struct {
	jwt.RegisteredClaims
	Scope string `json:"scope"`
}

func hasScope(granted string) bool { return slices.Contains(strings.Fields(granted), scope) }

func bearerOf(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// guarded is a middleware around a check of the token.
func guarded(check func(ctx context.Context, token string) error) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := check(r.Context(), bearerOf(r)); err != nil {
				status := http.StatusUnauthorized
				if errors.Is(err, errScope) {
					status = http.StatusForbidden
				}
				http.Error(w, http.StatusText(status), status)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// parse is golang-jwt with all the checks, on keyfunc.
func parse(a *authority, keys keyfunc.Keyfunc) func(ctx context.Context, token string) (*accessClaims, error) {
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(a.issuer()), jwt.WithAudience(resource), jwt.WithExpirationRequired(),
	)
	return func(ctx context.Context, token string) (*accessClaims, error) {
		claims := &accessClaims{}
		if _, err := parser.ParseWithClaims(token, claims, keys.KeyfuncCtx(ctx)); err != nil {
			return nil, err
		}
		return claims, nil
	}
}

// goSDK is the SDK's own bearer middleware, on keyfunc as it comes.
func goSDK(ctx context.Context, a *authority) (middleware, error) {
	keys, err := keyfunc.NewDefaultCtx(ctx, []string{a.keySetURL()})
	if err != nil {
		return nil, err
	}
	verify := parse(a, keys)
	return auth.RequireBearerToken(func(ctx context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
		claims, err := verify(ctx, token)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", auth.ErrInvalidToken, err)
		}
		return &auth.TokenInfo{Scopes: strings.Fields(claims.Scope), Expiration: claims.ExpiresAt.Time, UserID: claims.Subject}, nil
	}, &auth.RequireBearerTokenOptions{Scopes: []string{scope}}), nil
}

// ginByHand is what one writes in Gin, on keyfunc.
func ginByHand(ctx context.Context, a *authority) (gin.HandlerFunc, error) {
	keys, err := keyfunc.NewDefaultCtx(ctx, []string{a.keySetURL()})
	if err != nil {
		return nil, err
	}
	verify := parse(a, keys)
	return func(c *gin.Context) {
		claims, err := verify(c.Request.Context(), bearerOf(c.Request))
		switch {
		case err != nil:
			c.AbortWithStatus(http.StatusUnauthorized)
		case !hasScope(claims.Scope):
			c.AbortWithStatus(http.StatusForbidden)
		default:
			c.Set("claims", claims)
			c.Next()
		}
	}, nil
}

// echoJWT is Echo's JWT middleware on keyfunc, and a check of the scope.
func echoJWT(ctx context.Context, a *authority) ([]echo.MiddlewareFunc, error) {
	keys, err := keyfunc.NewDefaultCtx(ctx, []string{a.keySetURL()})
	if err != nil {
		return nil, err
	}
	verify := parse(a, keys)
	return []echo.MiddlewareFunc{
		echojwt.WithConfig(echojwt.Config{ParseTokenFunc: func(c echo.Context, token string) (any, error) {
			return verify(c.Request().Context(), token)
		}}),
		func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error {
				if claims, ok := c.Get("user").(*accessClaims); !ok || !hasScope(claims.Scope) {
					return echo.ErrForbidden
				}
				return next(c)
			}
		},
	}, nil
}

// goOIDC is the OpenID Connect client's verifier.
func goOIDC(ctx context.Context, a *authority) (middleware, error) {
	verifier := oidc.NewVerifier(a.issuer(), oidc.NewRemoteKeySet(ctx, a.keySetURL()), &oidc.Config{ClientID: resource})
	return guarded(func(ctx context.Context, token string) error {
		verified, err := verifier.Verify(ctx, token)
		if err != nil {
			return err
		}
		var claims struct{ Scope string }
		if err := verified.Claims(&claims); err != nil {
			return err
		}
		if !hasScope(claims.Scope) {
			return errScope
		}
		return nil
	}), nil
}

// jwx has its keys at hand.
func jwx(ctx context.Context, a *authority) (middleware, error) {
	keys, err := jwk.Fetch(ctx, a.keySetURL())
	if err != nil {
		return nil, err
	}
	return guarded(func(_ context.Context, token string) error {
		verified, err := jwxjwt.ParseString(token, jwxjwt.WithKeySet(keys), jwxjwt.WithIssuer(a.issuer()), jwxjwt.WithAudience(resource), jwxjwt.WithRequiredClaim("exp"))
		if err != nil {
			return err
		}
		var granted string
		if err := verified.Get("scope", &granted); err != nil || !hasScope(granted) {
			return errScope
		}
		return nil
	}), nil
}

// chiJWTAuth has its one key at hand. Issuer and audience are checked beside it.
func chiJWTAuth(_ context.Context, a *authority) (middleware, error) {
	verifier := jwtauth.New("RS256", nil, a.key.Public())
	return guarded(func(_ context.Context, token string) error {
		verified, err := jwtauth.VerifyToken(verifier, token)
		switch {
		case err != nil:
			return err
		case verified.Issuer() != a.issuer(), !slices.Contains(verified.Audience(), resource), verified.Expiration().IsZero():
			return errors.New("not for this resource")
		}
		if granted, ok := verified.PrivateClaims()["scope"].(string); !ok || !hasScope(granted) {
			return errScope
		}
		return nil
	}), nil
}

// scopeClaim is auth0's way to other claims.
type scopeClaim struct {
	Scope string `json:"scope"`
}

func (c *scopeClaim) Validate(context.Context) error {
	if !hasScope(c.Scope) {
		return errScope
	}
	return nil
}

// auth0 has a cache of key sets, filled at the first request.
func auth0(_ context.Context, a *authority) (middleware, error) {
	issuer, err := url.Parse(a.issuer())
	if err != nil {
		return nil, err
	}
	location, err := url.Parse(a.keySetURL())
	if err != nil {
		return nil, err
	}
	provider := jwks.NewCachingProvider(issuer, 5*time.Minute, jwks.WithCustomJWKSURI(location))
	v, err := validator.New(provider.KeyFunc, validator.RS256, a.issuer(), []string{resource},
		validator.WithCustomClaims(func() validator.CustomClaims { return &scopeClaim{} }))
	if err != nil {
		return nil, err
	}
	return jwtmiddleware.New(v.ValidateToken).CheckJWT, nil
}
