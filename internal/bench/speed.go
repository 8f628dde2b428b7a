package main

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// visit is a request that can be sent again and again, by a client that has no
// network.
type visit struct {
	handler http.Handler
	request *http.Request
	writer  *sink
	bearer  []string
	body    string
}

type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Flush()                      {}

func newVisit(ctx context.Context, h http.Handler, token string) (*visit, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.RequestURI = path
	r.Header.Set("Content-Type", "application/json")
	return &visit{body: call, handler: h, request: r, writer: &sink{header: make(http.Header)}, bearer: []string{"Bearer " + token}}, nil
}

// send sends the request and returns the status.
func (v *visit) send() int {
	v.writer.status = http.StatusOK
	clear(v.writer.header)
	v.prepare()
	v.handler.ServeHTTP(v.writer, v.request)
	return v.writer.status
}

// speed is P1 to P4.
func speed(ctx context.Context, a *authority, s scale, t *table) error {
	rs, list, err := everything(ctx, a)
	if err != nil {
		return err
	}
	if err := sameToken(ctx, a, s, t, list); err != nil {
		return err
	}
	if err := bridge(ctx, a, s, t, rs); err != nil {
		return err
	}
	return newTokens(ctx, a, s, t, rs, list)
}

// key names an app in a result.
func (x app) key() string { return x.router + ": " + x.name }

// sameToken is P1 to P3: a token that comes again.
func sameToken(ctx context.Context, a *authority, s scale, t *table, list []app) error {
	token := a.token()
	subjects, allocations, err := visits(ctx, list, token, http.StatusOK, func(*visit) {})
	if err != nil {
		return err
	}
	hashed := []byte(token)
	subjects = append(subjects, subject{name: "SHA-256", work: func() { sha256.Sum256(hashed) }})
	r := compare(s, subjects)

	for _, goal := range []struct {
		router      string
		faster      float64
		allocations float64
	}{{"net/http", 30, 2}, {"gin", 30, 2}, {"echo", 30, 3}, {"chi", 25, 2}} {
		own, base, peer := goal.router+": "+ours, goal.router+": "+bare, goal.router+": "+sdkBearer
		t.atLeast("P1", "same token again, "+goal.router, goal.faster, r.ratio(peer, "", own, ""), " × faster",
			fmt.Sprintf("%.0f ns, %s %.0f ns, bare %.0f ns", r.time(own), sdkBearer, r.time(peer), r.time(base)))
		gate := goal.router + ": " + endpoint
		t.atMost("P2", "allocations of the endpoint over bare "+goal.router, goal.allocations, allocations[gate]-allocations[base], "",
			fmt.Sprintf("%s %.0f, mcpbearer's route %.0f", sdkBearer, allocations[peer]-allocations[base], allocations[own]-allocations[base]))
		t.note("same token again, %s: %.0f ns, with the message read and scanned, which no peer does; %.1f × faster than %s", gate, r.time(gate), r.ratio(peer, "", gate, ""), sdkBearer)
	}
	t.atMost("P3", "overhead of a kept verdict, net/http", 2, r.ratio("net/http: "+ours, "net/http: "+bare, "SHA-256", ""), " × SHA-256 of the token",
		fmt.Sprintf("SHA-256 of %d bytes %.0f ns", len(token), r.time("SHA-256")))
	for _, x := range list {
		if x.name != ours && x.name != endpoint && x.name != bare && x.name != sdkBearer {
			t.note("same token again, %s: %.0f ns, %.0f allocations over the bare router; mcpbearer is %.0f × faster", x.key(),
				r.time(x.key()), allocations[x.key()]-allocations[x.router+": "+bare], r.ratio(x.key(), "", x.router+": "+ours, ""))
		}
	}
	return nil
}

// visits returns a visit to each app, which must answer with that status, and
// how many allocations each takes.
func visits(ctx context.Context, list []app, token string, want int, alter func(*visit)) ([]subject, map[string]float64, error) {
	var subjects []subject
	allocations := make(map[string]float64)
	for _, x := range list {
		v, err := newVisit(ctx, x.handler, token)
		if err != nil {
			return nil, nil, err
		}
		alter(v)
		if status := v.send(); status != want {
			return nil, nil, fmt.Errorf("%s answers %d, not %d", x.key(), status, want)
		}
		subjects = append(subjects, subject{name: x.key(), work: func() { v.send() }})
		allocations[x.key()] = testing.AllocsPerRun(200, func() { v.send() })
	}
	return subjects, allocations, nil
}

// bridge is P1 and P2 where the SDK is behind the gate. Its part is kept small
// by an Accept that it refuses at once, and is not counted.
func bridge(ctx context.Context, a *authority, s scale, t *table, rs *core.ResourceServer) error {
	list, err := bridged(ctx, a, rs)
	if err != nil {
		return err
	}
	subjects, allocations, err := visits(ctx, list, a.token(), http.StatusBadRequest, func(v *visit) {
		v.request.Header.Set("Accept", "text/plain")
	})
	if err != nil {
		return err
	}
	r := compare(s, subjects)
	own, base, peer := "SDK: "+ours, "SDK: "+bare, "SDK: "+sdkBearer
	t.atLeast("P1", "same token again, go-sdk bridge", 12, r.ratio(peer, base, own, base), " × faster",
		fmt.Sprintf("%.0f ns, %s %.0f ns, bare %.0f ns", r.time(own), sdkBearer, r.time(peer), r.time(base)))
	t.atMost("P2", "allocations through the go-sdk bridge", 4, allocations[own]-allocations[base], "",
		fmt.Sprintf("%s %.0f", sdkBearer, allocations[peer]-allocations[base]))
	return nil
}

// newTokens is P4: tokens that nobody has seen. The kit forgets between rounds.
func newTokens(ctx context.Context, a *authority, s scale, t *table, rs *core.ResourceServer, list []app) error {
	const many = 300
	tokens := make([][]string, many)
	for i := range tokens {
		tokens[i] = []string{"Bearer " + a.token()}
	}
	var subjects []subject
	for _, x := range list {
		if x.name == bare || x.name == endpoint || x.router != "net/http" && x.name != "gin + keyfunc by hand" && x.name != "echo-jwt + keyfunc" {
			continue
		}
		v, err := newVisit(ctx, x.handler, "")
		if err != nil {
			return err
		}
		next := 0
		subjects = append(subjects, subject{
			name: x.key(), most: many,
			before: func() {
				next = 0
				rs.Forget(func(core.Principal) bool { return true })
			},
			work: func() {
				v.bearer = tokens[next]
				next++
				v.send()
			},
		})
	}
	raw, err := rawVerification(a, strings.TrimPrefix(tokens[0][0], "Bearer "))
	if err != nil {
		return err
	}
	r := compare(s, append(subjects, subject{name: "signature", work: raw}))
	own, sdk := "net/http: "+ours, "net/http: "+sdkBearer
	t.atMost("P4", "a new token", 1.05, r.ratio(own, "", sdk, ""), " × "+sdkBearer,
		fmt.Sprintf("%.2f × the signature alone, which takes %.1f µs; the peer %.2f ×", r.ratio(own, "", "signature", ""), r.time("signature")/1e3, r.ratio(sdk, "", "signature", "")))
	for _, x := range subjects {
		if x.name != own && x.name != sdk {
			got := r.ratio(own, "", x.name, "")
			t.add(row{
				id: "P4", about: "a new token, beside " + x.name, goal: "< 1 ×", measured: fmt.Sprintf("%.3g ×", got),
				peer: fmt.Sprintf("%.2f × the signature alone", r.ratio(x.name, "", "signature", "")), met: got < 1,
			})
		}
	}
	return nil
}

// rawVerification is the signature alone, hashed anew each time.
func rawVerification(a *authority, token string) (func(), error) {
	end := strings.LastIndexByte(token, '.')
	signature, err := decode(token[end+1:])
	if err != nil {
		return nil, err
	}
	signed := []byte(token[:end])
	return func() {
		sum := sha256.Sum256(signed)
		if err := rsa.VerifyPKCS1v15(&a.key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
			panic(err) // it is the authority's own
		}
	}, nil
}
